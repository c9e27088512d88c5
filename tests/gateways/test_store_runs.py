"""The store: runs, the policy files that they used, the sizes of their tables."""

import datetime

import pytest
from sqlalchemy import text

from dunning.core.errors import DunningError
from dunning.gateways.store.closing import begin_close
from dunning.gateways.store.inputs import (
    fetch_policy_files,
    fetch_table_sizes,
    store_policy_files,
    store_table_sizes,
)
from dunning.gateways.store.runs import (
    Facts,
    fail_run,
    fetch_run,
    fetch_run_by_id,
    finish_run,
    last_closed_on,
    start_run,
)
from tests.gateways.store_rows import (
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    begin,
    books_of,
    close,
    finish,
)


def test_the_closed_run_speaks_for_its_date(engine):
    closed = close(engine, MONDAY, "1")
    again = start_run(engine, MONDAY, is_recording=False, facts=Facts(snapshot_name="other"))
    finish_run(engine, again, "sha")
    assert closed == fetch_run(engine, MONDAY).run_id


def test_the_latest_run_that_wrote_its_files_speaks_for_a_date_that_was_never_closed(engine):
    for name in ("first", "second"):
        finish_run(
            engine,
            start_run(engine, MONDAY, is_recording=False, facts=Facts(snapshot_name=name)),
            "sha",
        )
    fail_run(
        engine, start_run(engine, MONDAY, is_recording=False, facts=Facts(snapshot_name="third"))
    )
    assert ("second", "written") == (
        fetch_run(engine, MONDAY).snapshot_name,
        fetch_run(engine, MONDAY).state,
    )
    assert last_closed_on(engine) is None


def test_a_run_keeps_the_facts_that_it_began_with(engine):
    known = Facts(
        out="lists",
        ledger_fingerprint="abc",
        newest_payment_on=MONDAY,
        policy_version="2026-01-01-abcdef12",
    )
    run = fetch_run_by_id(engine, start_run(engine, MONDAY, is_recording=True, facts=known))
    assert ("lists", "abc", MONDAY, "2026-01-01-abcdef12") == (
        run.out,
        run.ledger_fingerprint,
        run.newest_payment_on,
        run.policy_version,
    )


def test_a_new_attempt_ends_what_an_earlier_one_left_running(engine):
    first = start_run(engine, MONDAY, is_recording=True)
    other_kind = start_run(engine, MONDAY, is_recording=False)
    second = start_run(engine, MONDAY, is_recording=True)
    states = [fetch_run_by_id(engine, run_id).state for run_id in (first, other_kind, second)]
    assert ["failed", "running", "running"] == states
    with pytest.raises(DunningError, match="Run 1 is not running any more"):
        finish_run(engine, first, "sha")


def test_a_closing_run_does_not_fail(engine):
    run_id = begin(engine, MONDAY, "1")
    fail_run(engine, run_id)
    assert "closing" == fetch_run_by_id(engine, run_id).state


def test_policy_files_are_kept_by_content(engine):
    first, second = (start_run(engine, day, is_recording=True) for day in (MONDAY, TUESDAY))
    files = {"stages.toml": "# етапи\n".encode(), "court.toml": b"\x00"}
    hashes = store_policy_files(engine, first, files)
    store_policy_files(engine, second, files)
    assert files == fetch_policy_files(engine, first) == fetch_policy_files(engine, second)
    with engine.connect() as connection:
        kept = (
            connection.execute(text("SELECT sha256 FROM dunning.policy_files ORDER BY sha256"))
            .scalars()
            .all()
        )
    assert sorted(hashes.values()) == kept


def test_table_sizes_are_those_of_the_last_close_before_a_day(engine):
    for day, holds in ((MONDAY, 5), (TUESDAY, 6)):
        run_id = start_run(engine, day, is_recording=True)
        store_table_sizes(engine, run_id, {"holds": holds, "invoices": 100})
        begin_close(engine, run_id, "sha", books_of(day, "1"))
        finish(engine)
    store_table_sizes(engine, start_run(engine, WEDNESDAY, is_recording=True), {"holds": 0})
    assert {} == fetch_table_sizes(engine, MONDAY)
    assert {"holds": 5, "invoices": 100} == fetch_table_sizes(engine, TUESDAY)
    assert {"holds": 6, "invoices": 100} == fetch_table_sizes(engine, datetime.date(2027, 1, 1))
