"""The store: books closed once and in one step, an interrupted close finished or given up."""

import threading

import psycopg
import pyarrow as pa
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dunning.core.errors import DunningError
from dunning.gateways.store import open_store
from dunning.gateways.store.actions import count_actions, fetch_actions
from dunning.gateways.store.closing import CLOSE, ClosingRows, begin_close
from dunning.gateways.store.decisions import fetch_decisions, replace_decisions
from dunning.gateways.store.outbox import end, fetch_intents
from dunning.gateways.store.proposals import fetch_proposals, replace_proposals
from dunning.gateways.store.rows import PAST_ACTIONS
from dunning.gateways.store.runs import (
    fetch_run,
    fetch_run_by_id,
    last_closed_on,
    start_run,
)
from tests.gateways.store_rows import (
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    accounts_of,
    begin,
    books_of,
    close,
    decisions_of,
    deeds_of,
    finish,
    proposals_of,
    withdraw,
)


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
