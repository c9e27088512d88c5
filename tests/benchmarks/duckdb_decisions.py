"""The yardstick of the decisions: a plain SQL version of allocation and staging, run by DuckDB on
one core.

What it does less than ours stands in `duckdb/decisions.sql`. It reads the snapshot's own rows from
Parquet, with one difference: accounts, items, payers, premises and cases bear numbers that hold for
the whole ledger, as a database would have them, and not for one of 64 parts. `flatten` writes that,
and it is not counted.
"""

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dunning.core.frames import BUCKETS
from dunning.gateways.snapshots.snapshot import Snapshot

SQL = Path(__file__).parent / "duckdb"
MEMORY = "6GB"

# The tables it reads: where a row's own number comes from, and which column of places points into
# which table.
_NUMBERED = {
    "accounts": "account_id",
    "items": "item_id",
    "payers": "payer_id",
    "premises": "premise_id",
    "cases": "case_id",
}
_POINTS = {
    "account": "accounts",
    "item": "items",
    "payer": "payers",
    "premise": "premises",
    "case": "cases",
}
TABLES = (
    "accounts",
    "items",
    "payments",
    "equalisations",
    "payers",
    "premises",
    "contacts",
    "notices",
    "holds",
    "cases",
    "case_items",
)


def flatten(snapshot: Snapshot, folder: Path) -> None:
    """Write the snapshot's tables with numbers of the whole ledger in the place of those within a
    bucket.
    """
    folder.mkdir(parents=True, exist_ok=True)
    starts = {
        name: np.cumsum([0, *snapshot.info["buckets"][name]]) for name in (*TABLES, *_NUMBERED)
    }
    for name in TABLES:
        with pq.ParquetFile(snapshot.folder / f"{name}.parquet") as file:
            groups = [_renumber(file.read_row_group(b), name, b, starts) for b in range(BUCKETS)]
            with pq.ParquetWriter(
                folder / f"{name}.parquet", groups[0].schema, compression="lz4"
            ) as writer:
                for group in groups:
                    if len(group):
                        writer.write_table(group)


def _renumber(rows: pa.Table, name: str, bucket: int, starts: dict[str, np.ndarray]) -> pa.Table:
    if name in _NUMBERED:
        first = int(starts[name][bucket])
        rows = rows.append_column(
            _NUMBERED[name], pa.array(np.arange(first, first + len(rows), dtype=np.int64))
        )
    for column, other in _POINTS.items():
        if column in rows.column_names:
            place = rows[column].cast(pa.int64())
            number = pc.if_else(pc.less(place, 0), None, pc.add(place, int(starts[other][bucket])))
            rows = rows.drop_columns([column]).append_column(_NUMBERED[other], number)
    return rows


def decide_by_sql(flat: Path, out: Path, as_of: date, way: str = "plain") -> None:
    """Write classification, open items and lists by SQL on one core.

    Args:
        flat: folder that `flatten` wrote. out: folder of the results.
        way: `plain` (every account through the window functions) or `pruned` (only those that owe).
    """
    out.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(
            f"SET threads = 1; SET memory_limit = '{MEMORY}'; SET temp_directory = '{out}/spilled'"
        )
        connection.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
        for name in (f"open_items_{way}", "decisions"):
            text = (SQL / f"{name}.sql").read_text(encoding="utf-8")
            for word, value in (("{flat}", flat), ("{out}", out), ("{as_of}", as_of)):
                text = text.replace(word, str(value))
            connection.execute(text)


def compare(ours: Path, theirs: Path) -> dict[str, int]:
    """Return how far the two classifications agree: accounts, same open sum, same credit, same
    stage.
    """
    query = """
        SELECT count(*), count(*) FILTER (WHERE a.open_cents = b.open_cents),
            count(*) FILTER (WHERE a.credit_cents = b.credit_cents), count(*) FILTER (WHERE a.stage = b.stage)
        FROM read_parquet(?) AS a JOIN read_parquet(?) AS b USING (premise_no, payer_code)
    """
    files = [str(folder / "classification.parquet") for folder in (ours, theirs)]
    with duckdb.connect() as connection:
        counts = connection.execute(query, files).fetchone()
    assert counts is not None
    return dict(zip(("accounts", "same_open", "same_credit", "same_stage"), counts, strict=True))
