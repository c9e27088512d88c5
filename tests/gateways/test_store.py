"""The store: books closed once and in one step, deeds kept for ever, an interrupted close finished
or given up.
"""

import datetime
import threading

import psycopg
import pyarrow as pa
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dunning.core.errors import DunningError
from dunning.gateways.store import open_store
from dunning.gateways.store.actions import append_actions, count_actions, fetch_actions
from dunning.gateways.store.closing import CLOSE, ClosingRows, begin_close
from dunning.gateways.store.decisions import fetch_decisions, replace_decisions
from dunning.gateways.store.inputs import (
    fetch_policy_files,
    fetch_table_sizes,
    store_policy_files,
    store_table_sizes,
)
from dunning.gateways.store.outbox import end, fetch_intents
from dunning.gateways.store.proposals import fetch_proposals, replace_proposals
from dunning.gateways.store.rows import ACTIONS, DECISIONS, PAST_ACTIONS, PROPOSALS
from dunning.gateways.store.runs import (
    Facts,
    fail_run,
    fetch_run,
    fetch_run_by_id,
    finish_run,
    last_closed_on,
    start_run,
)

MONDAY, TUESDAY, WEDNESDAY = (datetime.date(2026, 11, day) for day in (23, 24, 25))


def decisions_of(*accounts, open_cents=12_345):
    row = {
        "stage": "overdue",
        "open_cents": open_cents,
        "overdue_cents": 10_000,
        "interest_cents": 55,
        "credit_cents": 0,
        "shielded_cents": 0,
        "overdue_items": 2,
        "oldest_due_on": datetime.date(2026, 9, 1),
        "days_overdue": 83,
        "limitation_on": datetime.date(2029, 9, 2),
        "reasons": "overdue_notice_missing",
        "why_not": "not_warned",
        "rule": "stages.overdue",
        "next_stage": None,
        "next_on": None,
        "policy_version": "2026-01-01-abcdef12",
    }
    rows = [row | {"premise_no": premise, "payer_code": "0007"} for premise in accounts]
    return pa.Table.from_pylist(
        rows, pa.schema([field for field in DECISIONS if field.name != "as_of"])
    )


def proposals_of(*accounts):
    rows = [
        {
            "list": "reminders",
            "premise_no": premise,
            "payer_code": "0007",
            "stage": "overdue",
            "channel": "sms",
            "principal_cents": 10_000,
            "total_cents": 10_000,
            "state": "released",
            "reason": None,
            "reference": f"R-{premise}",
        }
        for premise in accounts
    ]
    return pa.Table.from_pylist(
        rows, pa.schema([field for field in PROPOSALS if field.name != "as_of"])
    )


def deeds_of(*references, principal_cents=10_000):
    rows = [
        {
            "premise_no": reference.split("-")[1],
            "payer_code": "0007",
            "stage": "overdue",
            "channel": "sms",
            "reference": reference,
            "principal_cents": principal_cents,
        }
        for reference in references
    ]
    return pa.Table.from_pylist(
        rows, pa.schema([field for field in ACTIONS if field.name != "as_of"])
    )


def books_of(day, *accounts):
    return ClosingRows(
        decisions_of(*accounts),
        proposals_of(*accounts),
        deeds_of(*(f"R{day.day}-{a}" for a in accounts)),
    )


def begin(engine, day, *accounts):
    run_id = start_run(engine, day, is_recording=True)
    begin_close(engine, run_id, f"manifest of {day}", books_of(day, *accounts))
    return run_id


def close(engine, day, *accounts):
    run_id = begin(engine, day, *accounts)
    finish(engine)
    return run_id


def finish(engine):
    (intent,) = fetch_intents(engine, CLOSE)
    end(engine, intent, is_out=True)


def withdraw(engine):
    (intent,) = fetch_intents(engine, CLOSE)
    end(engine, intent, is_out=False)


def accounts_of(table):
    return table["premise_no"].to_pylist()


# Closing


def test_a_closed_date_has_its_decisions_proposals_and_deeds(engine):
    run_id = start_run(engine, MONDAY, is_recording=True)
    counts = begin_close(engine, run_id, "sha", books_of(MONDAY, "0001", "0002"))
    assert {"decisions": 2, "proposals": 2, "deeds": 2} == counts
    finish(engine)
    assert {"done": 2} == count_actions(engine, MONDAY)
    assert MONDAY == last_closed_on(engine)
    assert ("closed", "sha") == (
        fetch_run(engine, MONDAY).state,
        fetch_run(engine, MONDAY).manifest_sha256,
    )
    assert (
        ["0001", "0002"]
        == accounts_of(fetch_decisions(engine, MONDAY))
        == accounts_of(fetch_proposals(engine, MONDAY))
    )
    expected = {
        "premise_no": ["0001", "0002"],
        "payer_code": ["0007"] * 2,
        "stage": ["overdue"] * 2,
        "as_of": [MONDAY] * 2,
        "channel": ["sms"] * 2,
        "reference": ["R23-0001", "R23-0002"],
        "written_to": [None] * 2,
    }
    assert pa.table(expected, PAST_ACTIONS) == fetch_actions(engine, TUESDAY)


def test_nothing_is_closed_at_first(engine):
    assert last_closed_on(engine) is None
    assert [] == fetch_intents(engine, CLOSE)
    assert fetch_run(engine, MONDAY) is None
    assert PAST_ACTIONS.empty_table() == fetch_actions(engine, TUESDAY)


def test_decisions_of_a_date_see_only_done_deeds_of_earlier_dates(engine):
    close(engine, MONDAY, "1")
    begin(engine, TUESDAY, "2")
    assert 0 == fetch_actions(engine, MONDAY).num_rows
    assert ["R23-1"] == fetch_actions(engine, WEDNESDAY)["reference"].to_pylist()
    finish(engine)
    assert ["R23-1", "R24-2"] == fetch_actions(engine, WEDNESDAY)["reference"].to_pylist()


def test_a_close_that_is_begun_is_found_with_its_manifest(engine):
    run_id = begin(engine, MONDAY, "1")
    (intent,) = fetch_intents(engine, CLOSE)
    found = [intent.row[name] for name in ("run_id", "as_of", "manifest_sha256")]
    assert [run_id, MONDAY, "manifest of 2026-11-23"] == found
    assert "closing" == fetch_run_by_id(engine, run_id).state
    assert last_closed_on(engine) is None
    assert {"intended": 1} == count_actions(engine, MONDAY)


def test_an_interrupted_close_can_be_finished_later(engine):
    begin(engine, MONDAY, "1")
    finish(engine)
    assert {"done": 1} == count_actions(engine, MONDAY)
    assert [] == fetch_intents(engine, CLOSE)


def test_a_discarded_close_leaves_nothing_and_can_be_run_again(engine):
    run_id = begin(engine, MONDAY, "1", "2")
    withdraw(engine)
    assert ("running", None) == (
        fetch_run_by_id(engine, run_id).state,
        fetch_run_by_id(engine, run_id).manifest_sha256,
    )
    assert (0, 0, {}) == (
        fetch_decisions(engine, MONDAY).num_rows,
        fetch_proposals(engine, MONDAY).num_rows,
        count_actions(engine, MONDAY),
    )
    close(engine, MONDAY, "2", "3")
    assert "failed" == fetch_run_by_id(engine, run_id).state
    assert ["R23-2", "R23-3"] == fetch_actions(engine, TUESDAY)["reference"].to_pylist()


def test_a_discarded_close_can_be_tried_again_by_the_same_run(engine):
    run_id = begin(engine, MONDAY, "1", "2")
    withdraw(engine)
    begin_close(engine, run_id, "other", books_of(MONDAY, "1"))
    finish(engine)
    assert {"done": 1} == count_actions(engine, MONDAY)
    assert ("closed", "other") == (
        fetch_run(engine, MONDAY).state,
        fetch_run(engine, MONDAY).manifest_sha256,
    )


@pytest.mark.parametrize("is_out", [True, False])
def test_only_a_close_under_way_can_be_ended(engine, is_out):
    begin(engine, MONDAY, "1")
    (intent,) = fetch_intents(engine, CLOSE)
    finish(engine)
    with pytest.raises(DunningError, match="2026-11-23 is not under way any more"):
        end(engine, intent, is_out=is_out)
    assert {"done": 1} == count_actions(engine, MONDAY)
    assert ["1"] == accounts_of(fetch_decisions(engine, MONDAY))


@pytest.mark.parametrize("day", [MONDAY, TUESDAY])
def test_the_same_or_a_past_date_is_not_closed_again(engine, day):
    close(engine, TUESDAY, "1")
    run_id = start_run(engine, day, is_recording=True)
    with pytest.raises(DunningError, match="those of 2026-11-24 are closed already"):
        begin_close(engine, run_id, "sha", books_of(day, "2"))
    assert ("running", ["1"]) == (
        fetch_run_by_id(engine, run_id).state,
        accounts_of(fetch_decisions(engine, TUESDAY)),
    )


def test_another_date_waits_for_an_interrupted_close(engine):
    begin(engine, MONDAY, "1")
    run_id = start_run(engine, TUESDAY, is_recording=True)
    with pytest.raises(DunningError, match=r"^The close of 2026-11-23 \(run 1\) was interrupted"):
        begin_close(engine, run_id, "sha", books_of(TUESDAY, "1"))


def test_a_run_that_records_nothing_closes_nothing(engine):
    run_id = start_run(engine, MONDAY, is_recording=False)
    with pytest.raises(DunningError, match="may not close books"):
        begin_close(engine, run_id, "sha", books_of(MONDAY, "1"))


def test_a_close_that_fails_half_way_writes_nothing(engine):
    run_id = start_run(engine, MONDAY, is_recording=True)
    twice = ClosingRows(
        decisions_of("1"), proposals_of("1"), pa.concat_tables([deeds_of("R1-1"), deeds_of("R1-1")])
    )
    with pytest.raises(DunningError, match="wants to record one deed twice"):
        begin_close(engine, run_id, "sha", twice)
    assert ("running", 0) == (
        fetch_run_by_id(engine, run_id).state,
        fetch_decisions(engine, MONDAY).num_rows,
    )


def test_readers_see_the_old_rows_while_a_date_is_replaced(engine):
    replace_decisions(engine, MONDAY, decisions_of("1"))
    with engine.connect() as writer, writer.begin():
        replace_decisions(writer, MONDAY, decisions_of("2", "3"))
        replace_decisions(writer, TUESDAY, decisions_of("4"))
        with engine.begin() as reader:
            reader.execute(text("SET LOCAL lock_timeout = '2s'"))
            assert ["1"] == accounts_of(fetch_decisions(reader, MONDAY))
            assert [] == accounts_of(fetch_decisions(reader, TUESDAY))
    assert ["2", "3"] == accounts_of(fetch_decisions(engine, MONDAY))


def test_only_accounts_that_owe_are_kept(engine):
    rows = pa.concat_tables([decisions_of("1"), decisions_of("2", open_cents=0)])
    assert 1 == replace_decisions(engine, MONDAY, rows)
    assert ["1"] == accounts_of(fetch_decisions(engine, MONDAY))


def test_decisions_come_back_as_they_went(engine):
    rows = decisions_of("0001", "0010")
    replace_decisions(engine, MONDAY, rows)
    assert rows == fetch_decisions(engine, MONDAY).drop_columns(["as_of"])


def test_a_date_replaced_with_the_same_rows_is_the_same(engine):
    for _ in range(3):
        replace_proposals(engine, MONDAY, proposals_of("2", "1"))
    assert ["1", "2"] == accounts_of(fetch_proposals(engine, MONDAY))


def test_a_withheld_row_needs_its_reason(engine):
    rows = proposals_of("1").drop_columns(["state"]).append_column("state", pa.array(["withheld"]))
    with pytest.raises(psycopg.errors.CheckViolation):
        replace_proposals(engine, MONDAY, rows)


# Deeds


def test_the_same_deed_again_is_no_new_one(engine):
    run_id = start_run(engine, MONDAY, is_recording=True)
    assert 2 == append_actions(engine, run_id, MONDAY, deeds_of("R-1", "R-2"))
    assert 1 == append_actions(engine, run_id, MONDAY, deeds_of("R-2", "R-3"))
    assert {"intended": 3} == count_actions(engine, MONDAY)


def test_no_deeds_are_fine(engine):
    run_id = start_run(engine, MONDAY, is_recording=True)
    assert 0 == append_actions(engine, run_id, MONDAY, deeds_of())


@pytest.mark.parametrize(
    "other",
    [
        deeds_of("R-1", principal_cents=9_999),
        deeds_of("S-1"),
        deeds_of("R-1").set_column(3, "channel", [["post"]]),
    ],
    ids=["another sum", "another reference", "another channel under the same reference"],
)
def test_a_deed_that_is_there_with_other_content_is_an_error(engine, other):
    run_id = start_run(engine, MONDAY, is_recording=True)
    append_actions(engine, run_id, MONDAY, deeds_of("R-1"))
    with pytest.raises(DunningError, match="is recorded already as R-1 with other content"):
        append_actions(engine, run_id, MONDAY, pa.concat_tables([deeds_of("R-2"), other]))
    assert {"intended": 1} == count_actions(engine, MONDAY)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM dunning.deeds",
        "TRUNCATE dunning.deeds",
        "UPDATE dunning.deeds SET state = 'intended'",
        "UPDATE dunning.deeds SET principal_cents = 1",
        "UPDATE dunning.deeds SET as_of = as_of - 1",
    ],
)
def test_the_database_itself_keeps_deeds_that_are_done(engine, change):
    close(engine, MONDAY, "1")
    with (
        pytest.raises(DBAPIError, match="deeds are recorded once and stay"),
        engine.begin() as connection,
    ):
        connection.execute(text(change))
    assert {"done": 1} == count_actions(engine, MONDAY)


@pytest.mark.parametrize("other", ["reference = 'other'", "written_to = 'other'", "event_no = 7"])
def test_an_intended_deed_may_be_done_or_go_and_nothing_else(engine, other):
    begin(engine, MONDAY, "1")
    change = f"UPDATE dunning.deeds SET state = 'done', {other}"
    with (
        pytest.raises(DBAPIError, match="deeds are recorded once and stay"),
        engine.begin() as connection,
    ):
        connection.execute(text(change))


# Runs, policy files, table sizes


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


def test_opening_the_store_makes_its_schema(empty_settings):
    engine = open_store(empty_settings)
    assert last_closed_on(engine) is None
    engine.dispose()


def test_two_closes_at_once_end_with_one(engine):
    runs = [start_run(engine, day, is_recording=True) for day in (MONDAY, TUESDAY)]
    outcomes = []

    def attempt(run_id, day):
        try:
            begin_close(engine, run_id, "sha", books_of(day, "1"))
            outcomes.append("begun")
        except (DunningError, DBAPIError):
            outcomes.append("refused")

    threads = [
        threading.Thread(target=attempt, args=pair)
        for pair in zip(runs, (MONDAY, TUESDAY), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ["begun", "refused"] == sorted(outcomes)
    assert 1 == len(fetch_intents(engine, CLOSE))
