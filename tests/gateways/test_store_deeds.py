"""The store keeps deeds for ever, each once."""

import pyarrow as pa
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dunning.core.errors import DunningError
from dunning.gateways.store.actions import append_actions, count_actions
from dunning.gateways.store.runs import (
    start_run,
)
from tests.gateways.store_rows import MONDAY, begin, close, deeds_of


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
