"""The outbox: intended, published, recorded, each in its turn; what could not be published is
withdrawn, and nothing but what was intended leaves.
"""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import Engine, text

from dunning.core.errors import DunningError
from dunning.gateways.files.publishing import hash_files, manifest_bytes, write_private
from dunning.gateways.snapshots.snapshot import sha256_of
from dunning.gateways.store.closing import CLOSE, ClosingRows, begin_close
from dunning.gateways.store.decisions import fetch_decisions
from dunning.gateways.store.notices import NOTICES, NoticeRun, begin_notices, fetch_notice_run
from dunning.gateways.store.outbox import OutboxKind, fetch_intents, publish_once, recover
from dunning.gateways.store.recalls import RECALL
from dunning.gateways.store.releases import RELEASE
from dunning.gateways.store.rows import ACTIONS, DECISIONS, PROPOSALS
from dunning.gateways.store.runs import fetch_run_by_id, start_run

DAY = date(2026, 11, 15)
WORDING = {"notice/notice.v1.bg.txt": "aa"}


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    folder = tmp_path / "prepared"
    write_private(folder / "notices.csv", b"one row\n")
    write_private(folder / "manifest.json", manifest_bytes({"files": hash_files(folder)}))
    return folder


def run_of(prepared: Path, out: Path) -> NoticeRun:
    sha256 = sha256_of(prepared / "manifest.json")
    return NoticeRun(DAY, "heat", date(2026, 10, 15), 1, 0, str(out), sha256, "c")


def publish(engine: Engine, prepared: Path, run: NoticeRun) -> int:
    """Publish notices; see `publish_once`."""
    return publish_once(
        engine, NOTICES, prepared, lambda within: begin_notices(within, run, [], WORDING)
    )


def published(out: Path) -> list[str]:
    return sorted(path.name for path in out.rglob("*") if path.is_file())


def test_what_is_intended_leaves_and_is_recorded(
    engine: Engine, prepared: Path, tmp_path: Path
) -> None:
    publish(engine, prepared, run_of(prepared, tmp_path / "out"))

    known = fetch_notice_run(engine, DAY, "heat")
    assert known is not None and known.state == "done"
    assert published(tmp_path / "out" / "notices" / "2026-11-15" / "heat") == [
        "manifest.json",
        "notices.csv",
    ]
    assert fetch_intents(engine, NOTICES) == []


def test_other_files_than_those_intended_do_not_leave(
    engine: Engine, prepared: Path, tmp_path: Path
) -> None:
    run = replace(run_of(prepared, tmp_path / "out"), manifest_sha256="another")
    with pytest.raises(DunningError, match="are not those that were intended"):
        publish(engine, prepared, run)

    assert fetch_notice_run(engine, DAY, "heat") is None
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_published_is_withdrawn(
    engine: Engine, prepared: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("no folder")
    with pytest.raises(DunningError, match="cannot be written"):
        publish(engine, prepared, run_of(prepared, tmp_path / "out"))

    assert fetch_notice_run(engine, DAY, "heat") is None
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT count(*) FROM dunning.sent_templates"))
        assert kept.scalar_one() == 0


def test_a_place_that_cannot_be_looked_into_leaves_the_intent_as_it_is(
    engine: Engine, prepared: Path, tmp_path: Path
) -> None:
    """An unknown outcome is neither recorded nor withdrawn, however often it is asked for."""
    out = tmp_path / ("a name longer than any folder may have" * 10)
    with pytest.raises(DunningError, match="cannot be read"):
        publish(engine, prepared, run_of(prepared, out))
    with pytest.raises(DunningError, match="cannot be read"):
        recover(engine, NOTICES)

    assert [intent.row["out"] for intent in fetch_intents(engine, NOTICES)] == [str(out)]


def test_a_database_that_dies_after_the_files_are_out_leaves_the_record_to_the_next(
    engine: Engine, prepared: Path, tmp_path: Path
) -> None:
    """They left, and that is told; whoever works next under the lock records it."""
    run = run_of(prepared, tmp_path / "out")

    with engine.connect() as connection:

        def intend(within) -> None:
            begin_notices(within, run, [], WORDING)
            pid = within.execute(text("SELECT pg_backend_pid()")).scalar_one()
            killers.append(pid)

        killers: list[int] = []
        kind = replace(NOTICES, path=lambda row: _kill(engine, killers, NOTICES.path(row)))
        with pytest.raises(DunningError, match=r"The files are whole in .*; the next run records"):
            publish_once(connection, kind, prepared, intend)
    assert [intent.row["service"] for intent in fetch_intents(engine, NOTICES)] == ["heat"]

    recover(engine, NOTICES)
    known = fetch_notice_run(engine, DAY, "heat")
    assert known is not None and known.state == "done"


def _kill(engine: Engine, pids: list[int], path: str) -> str:
    """End the sessions of some processes of PostgreSQL."""
    with engine.begin() as connection:
        for pid in pids:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    return path


def test_only_the_named_kinds_are_settled(engine: Engine, prepared: Path, tmp_path: Path) -> None:
    """Whoever holds the lock of the nights leaves the notices alone, and the other way round."""
    begin_notices(engine, run_of(prepared, tmp_path / "out"), [], WORDING)
    run_id = start_run(engine, DAY, is_recording=True)
    empty = [
        pa.schema([field for field in schema if field.name != "as_of"]).empty_table()
        for schema in (DECISIONS, PROPOSALS, ACTIONS)
    ]
    begin_close(engine, run_id, "sha", ClosingRows(*empty))

    recover(engine, CLOSE, RELEASE, RECALL)
    closed = fetch_run_by_id(engine, run_id)
    assert closed is not None and (closed.state, len(fetch_decisions(engine, DAY))) == (
        "running",
        0,
    )
    assert len(fetch_intents(engine, NOTICES)) == 1
    recover(engine, NOTICES)
    assert fetch_intents(engine, NOTICES) == []


@pytest.mark.parametrize(
    ("kind", "row", "path"),
    [
        (CLOSE, {}, "2026-11-15"),
        (RELEASE, {"list_name": "court"}, "released/2026-11-15/court"),
        (NOTICES, {"service": "heat"}, "notices/2026-11-15/heat"),
        (RECALL, {"list_name": "court", "number": 1}, "recalled/2026-11-15/court"),
        (RECALL, {"list_name": "court", "number": 2}, "recalled/2026-11-15/court-2"),
    ],
)
def test_each_kind_has_its_place_below_out(kind: OutboxKind, row: dict, path: str) -> None:
    assert str(kind.target({"out": "out", "as_of": DAY, **row})) == f"out/{path}"
