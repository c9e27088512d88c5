"""The ladder is in order: each step above the first waits for the notice of the stage below it."""

from itertools import pairwise

from dunning.core.ladder import (
    DISCONNECTION,
    LAST_WARNING,
    MESSAGES,
    NAMED_RUNGS,
    NOTICE_STAGES,
    REMINDER,
    RUNGS,
    STAGES,
    STEPS,
    Sight,
    level_of,
)


def test_rungs_rise_and_lead_to_every_stage() -> None:
    levels = [level_of(rung) for rung in RUNGS]

    assert levels == sorted(levels)
    assert {0, *levels} == set(range(len(STAGES)))


def test_the_lowest_step_needs_no_notice_and_each_other_that_of_the_stage_below() -> None:
    assert (STEPS[0].sight, STEPS[0].notice_below) == (Sight.OVERDUE, "")
    for below, above in pairwise(STEPS):
        assert (above.sight, above.notice_below) == (Sight.NAMED, below.stage)


def test_only_near_limitation_leads_past_a_notice() -> None:
    past = [rung.name for rung in RUNGS if not rung.notice_below and rung is not STEPS[0]]

    assert past == ["limitation_near"]


def test_the_messages_are_the_notices_below_the_steps() -> None:
    assert MESSAGES == tuple(rung.notice_below for rung in NAMED_RUNGS)
    assert (REMINDER, LAST_WARNING) == (STAGES[1], STEPS[-1].notice_below)


def test_every_notice_has_a_code_and_a_letter_of_its_own_in_references() -> None:
    assert {*MESSAGES, DISCONNECTION} == set(NOTICE_STAGES)
    assert len({notice[0] for notice in NOTICE_STAGES}) == len(NOTICE_STAGES)
