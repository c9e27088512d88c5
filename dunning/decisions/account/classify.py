"""Classify every account of a bucket: the rules of sections 3 and 4 joined in their order."""

from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.arrays import Codes, Days, Flags
from dunning.core.days import NEVER, to_day
from dunning.core.frames import Bucket, Frame
from dunning.core.ladder import NAMED_RUNGS, RUNG_NAMES, RUNGS, level_of
from dunning.core.words import ITEM_KINDS, PAYOUT, code
from dunning.decisions.account.allocation import amounts_in_euro
from dunning.decisions.account.assessment import Assessment, assess
from dunning.decisions.account.history import merge_notices
from dunning.decisions.account.stage_facts import find_obstacles, find_reasons
from dunning.decisions.account.stage_reasons import join_codes
from dunning.decisions.frames import Decision
from dunning.decisions.segments import any_by, earliest_by, sum_by
from dunning.decisions.tables import word_column
from dunning.policy.rules import Rules

# Names of the deciding rule by code: the rung that was reached, or `stages` where none was.
_RULES = ("stages", *(f"stages.{name}" for name in RUNG_NAMES))


def decide(bucket: Bucket, as_of: date, rules: Rules, history: Frame) -> Decision:
    """Return the decision on every account of a bucket that exists on `as_of`.

    Args:
        history: all notices, ascending by account, as `merge_notices` gives them.

    Raises:
        DunningError: the bucket does not balance to the cent.
    """
    return conclude(bucket, rules, assess(bucket, to_day(as_of), rules, history))


def decide_with_actions(
    bucket: Bucket, as_of: date, rules: Rules, actions: Frame
) -> tuple[Decision, Assessment]:
    """Return the decision and its assessment, from the ledger's notices and our actions."""
    # A decision's date becomes a day number here: columns hold numbers.
    day = to_day(as_of)
    assessment = assess(bucket, day, rules, merge_notices(bucket, actions, rules, day))
    return conclude(bucket, rules, assessment), assessment


def conclude(bucket: Bucket, rules: Rules, assessment: Assessment) -> Decision:
    """Return the three frames of a decision from the assessment of a bucket."""
    stage = _stages(assessment.reached, len(bucket.accounts))
    open_items = _open_items(bucket, assessment, stage)
    accounts = _accounts(bucket, rules, assessment, open_items, stage)
    # All accounts of the bucket are computed; those that do not exist yet are dropped at the end.
    exists = np.flatnonzero(bucket.accounts["began_on"] <= assessment.as_of)
    pieces = _shown_pieces(bucket, assessment)
    return Decision(assessment.as_of, accounts.take(exists), open_items, pieces)


def _open_items(bucket: Bucket, assessment: Assessment, stage: Codes) -> Frame:
    """Return one row per open item: what it is, and what it counts for."""
    as_of = assessment.as_of
    items = assessment.items
    places = assessment.allocation.items
    sights = {
        name: spells.on(as_of, len(items.account)) for name, spells in assessment.ladder.items()
    }
    is_overdue = items.overdue_from <= as_of
    is_expired = items.limitation_on <= as_of
    return Frame(
        {
            "item": places,
            "account": items.account,
            "amount_cents": amounts_in_euro(bucket, places),
            "open_cents": items.open_cents,
            "interest_cents": assessment.interest_cents,
            "days_overdue": np.maximum(as_of - items.due_on, 0),
            "shield": assessment.protections.kind,
            "limitation_on": items.limitation_on,
            "is_overdue": is_overdue,
            "is_expired": is_expired,
            "may_be_claimed": is_overdue & items.is_claimable_kind & ~is_expired,
            **{f"is_named_by_{rung.notice_below}": sights[rung.name] for rung in NAMED_RUNGS},
            "is_in_stage": _in_stage(stage, assessment, sights),
        }
    )


def _shown_pieces(bucket: Bucket, assessment: Assessment) -> Frame:
    """Return the settlement pieces of the accounts with an item past its due day."""
    items = assessment.items
    pieces = assessment.allocation.pieces
    is_debt = bucket.items["kind"][assessment.allocation.items] != code(ITEM_KINDS, PAYOUT)
    # Protected items count here too: settlements are shown for every account past a due day.
    is_late = any_by(
        items.account, is_debt & (items.due_on < assessment.as_of), len(bucket.accounts)
    )
    return pieces.take(is_late[bucket.items["account"][pieces["item"]]])


def _stages(reached: dict[str, Flags], accounts: int) -> Codes:
    """Return the stage of each account: the highest to which a rung that it reaches leads."""
    stage = np.zeros(accounts, np.int8)
    for rung in RUNGS:
        here = reached[rung.name]
        stage[here] = np.maximum(stage[here], level_of(rung))
    return stage


def _in_stage(stage: Codes, assessment: Assessment, sights: dict[str, Flags]) -> Flags:
    """Return which open items count for a rung by which their account reached its stage."""
    account = assessment.items.account
    in_stage = np.zeros(len(account), np.bool_)
    for rung in RUNGS:
        decides = assessment.reached[rung.name] & (stage == level_of(rung))
        in_stage |= sights[rung.name] & decides[account]
    return in_stage


def _rules(stage: Codes, reached: dict[str, Flags]) -> pa.Array:
    """Return the rule that decided on each account.

    That is the first rung, of those that the account reached, that leads to its stage.
    """
    rule = np.zeros(len(stage), np.int8)
    # Backwards, so that the first of several rungs is written last and wins.
    for number, rung in reversed(list(enumerate(RUNGS, 1))):
        rule[reached[rung.name] & (stage == level_of(rung))] = number
    return word_column(_RULES, rule)


def _next(days: dict[str, Days], stage: Codes) -> tuple[Codes, Days]:
    """Return the first day with a higher stage and the highest stage of that day."""
    next_on = np.full(len(stage), NEVER, np.int32)
    for rung in RUNGS:
        earlier = np.minimum(next_on, days[rung.name])
        next_on = np.where(level_of(rung) > stage, earlier, next_on).astype(np.int32)
    next_stage = np.full(len(stage), -1, np.int8)
    for rung in RUNGS:
        level = level_of(rung)
        there = (next_on < NEVER) & (days[rung.name] == next_on) & (level > stage)
        next_stage = np.where(there, np.maximum(next_stage, level), next_stage).astype(np.int8)
    return next_stage, next_on


def _accounts(
    bucket: Bucket,
    rules: Rules,
    assessment: Assessment,
    open_items: Frame,
    stage: Codes,
) -> Frame:
    """Return one row per account of the bucket, also for those that do not exist yet."""
    account, count = open_items["account"], len(bucket.accounts)
    is_protected = open_items["shield"] > 0
    is_near = assessment.reached["limitation_near"]
    next_stage, next_on = _next(assessment.days_next, stage)
    return Frame(
        {
            "account": np.arange(count, dtype=np.int32),
            "stage": stage,
            "open_cents": sum_by(account, open_items["open_cents"], count),
            **_sum_overdue(assessment, open_items, count),
            "interest_cents": sum_by(account, open_items["interest_cents"], count),
            "credit_cents": assessment.allocation.credit_cents,
            "shielded_cents": sum_by(
                account[is_protected], open_items["open_cents"][is_protected], count
            ),
            "reasons": join_codes(
                find_reasons(bucket, rules, assessment, open_items, stage, is_near)
            ),
            "why_not": find_obstacles(rules, assessment, open_items, stage),
            "rule": _rules(stage, assessment.reached),
            "next_stage": next_stage,
            "next_on": next_on,
            "is_limitation_near": is_near,
            "has_kept_agreement": any_by(account, assessment.protections.is_planned, count),
        }
    )


def _sum_overdue(
    assessment: Assessment, open_items: Frame, accounts: int
) -> dict[str, npt.NDArray[np.integer]]:
    """Return per account sum, number and days of its overdue, unprotected items."""
    overdue = np.flatnonzero(open_items["is_overdue"])
    account = open_items["account"][overdue]
    oldest = earliest_by(account, assessment.items.due_on[overdue], accounts)
    return {
        "overdue_cents": sum_by(account, open_items["open_cents"][overdue], accounts),
        "overdue_items": np.bincount(account, minlength=accounts).astype(np.int32),
        "oldest_due_on": oldest,
        "days_overdue": np.where(oldest < NEVER, assessment.as_of - oldest, 0).astype(np.int32),
        "limitation_on": earliest_by(account, assessment.items.limitation_on[overdue], accounts),
    }
