"""The store under a night's decisions: how fast they go in, and that nobody who reads is kept
waiting.
"""

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Engine, text

from dunning.gateways.files.worktables import read_table
from dunning.gateways.postgres import database
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import open_store
from dunning.gateways.store.decisions import replace_decisions
from dunning.gateways.store.rows import DECISIONS, shape_rows

DAY = date(2000, 1, 1)  # a date that no run knows
_SUM = "SELECT count(*), coalesce(sum(open_cents), 0)::bigint FROM dunning.decisions WHERE as_of = :day"
_READ = f"DECLARE old NO SCROLL CURSOR FOR SELECT open_cents FROM dunning.decisions WHERE as_of = '{DAY}'"


def fill_store(classification: str) -> dict[str, float]:
    """Copy decisions into the real table, then replace them while a reader stands in the middle of
    the old ones.

    Returns:
        rows; wall and processor seconds (ours and the server's together) of COPY into a bare table
        without key or checks, into the empty date, and of the replacement; and what the readers
        saw: 1.0 for each thing that held.
    """
    owing = read_table(Path(classification))
    owing = owing.filter(pc.greater(owing["open_cents"], 0))
    engine = open_store(Settings.from_environment(), "bench")
    try:
        figures = {"rows": float(len(owing)), **_fill_bare(engine, owing), **_fill(engine, owing)}
        return figures | _replace_under_reader(engine, owing)
    finally:
        owner = database.connect(Settings.from_environment(), "bench")  # the runner owns no table
        with owner.begin() as connection:
            connection.execute(text(f"DROP TABLE IF EXISTS dunning.decisions_{DAY:%Y%m%d}"))
        owner.dispose()


def _fill_bare(engine: Engine, rows: pa.Table) -> dict[str, float]:
    with engine.begin() as connection:
        connection.execute(text("CREATE TEMP TABLE bare (LIKE dunning.decisions) ON COMMIT DROP"))

        def fill() -> None:
            driver = database._driver(connection)
            with (
                driver.cursor() as cursor,
                cursor.copy("COPY bare FROM STDIN (FORMAT csv)") as copy,
            ):
                for batch in shape_rows(rows, DECISIONS, DAY).to_batches(
                    max_chunksize=database.COPY_ROWS
                ):
                    copy.write(database._to_csv(batch))

        return _timed("copy_bare", connection, fill)


def _fill(engine: Engine, rows: pa.Table) -> dict[str, float]:
    with engine.begin() as connection:
        return _timed("copy", connection, lambda: replace_decisions(connection, DAY, rows))


def _timed(name: str, connection: Connection, work: Callable[[], object]) -> dict[str, float]:
    pid = database._driver(connection).info.backend_pid
    wall, cpu = time.perf_counter(), time.process_time() + _server_cpu(pid)
    work()
    return {
        f"{name}_wall": time.perf_counter() - wall,
        f"{name}_cpu": time.process_time() + _server_cpu(pid) - cpu,
    }


def _server_cpu(pid: int) -> float:
    """Return the processor seconds of a PostgreSQL process of this machine; 0 where the system does
    not tell.
    """
    path = Path(f"/proc/{pid}/stat")
    if not path.exists():
        return 0.0
    fields = path.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _replace_under_reader(engine: Engine, owing: pa.Table) -> dict[str, float]:
    """Replace a date by one row less, in one transaction, while a cursor is open on it and others
    look.
    """
    changed = owing.slice(0, max(len(owing) - 1, 0))
    with engine.connect() as reader:
        reader.execute(text(_READ))
        seen = [row[0] for row in reader.execute(text("FETCH 10 FROM old"))]
        with engine.begin() as writer:
            writer.execute(text("SET LOCAL lock_timeout = '30s'"))
            figures = _timed("replace", writer, lambda: replace_decisions(writer, DAY, changed))
            meanwhile = _look(engine)
        seen += [row[0] for row in reader.execute(text("FETCH ALL FROM old"))]
    old, new = ((len(rows), pc.sum(rows["open_cents"]).as_py() or 0) for rows in (owing, changed))
    return figures | {
        "reader_kept_old": float((len(seen), sum(seen)) == old),
        "others_saw_old": float(meanwhile == old),
        "then_new": float(_look(engine) == new),
    }


def _look(engine: Engine) -> tuple[int, int]:
    with engine.connect() as other:
        other.execute(text("SET lock_timeout = '30s'"))
        count, cents = other.execute(text(_SUM), {"day": DAY}).one()
    return count, cents
