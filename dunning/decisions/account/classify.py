"""Every account of a bucket, classified: the rules of sections 3 and 4 joined in their order."""

import numpy as np

from dunning.core.arrays import Codes, Days, Flags
from dunning.core.days import NEVER, to_day
from dunning.core.frames import Bucket, Frame
from dunning.core.words import ITEM_KINDS, PAYOUT, STAGES, code
from dunning.decisions.account.allocation import amounts_in_euro
from dunning.decisions.account.assessment import Findings, find_out
from dunning.decisions.account.history import merge_notices
from dunning.decisions.account.stage_facts import find_obstacles, find_reasons
from dunning.decisions.account.stage_reasons import join_codes
from dunning.decisions.account.stages import COURT_BOUND, FINAL_WARNING, OVERDUE
from dunning.decisions.frames import Decision
from dunning.decisions.segments import any_by, sum_by
from dunning.decisions.tables import word_column
from dunning.policy.rules import Rules

_LEVELS = {
    "overdue": OVERDUE,
    "final_warning": FINAL_WARNING,
    "court_bound": COURT_BOUND,
    "limitation_near": COURT_BOUND,
}

_RULES = ("stages", *(f"stages.{stage}" for stage in STAGES[1:]), "stages.limitation_near")


def decide(bucket: Bucket, rules: Rules, history: Frame) -> Decision:
    """Return the decision on every account of a bucket that exists on `rules.as_of`.

    Args:
        history: all notices, ascending by account, as `merge_notices` gives them.

    Raises:
        DunningError: the bucket does not balance to the cent.
    """
    return conclude(bucket, rules, find_out(bucket, rules, history))


def decide_with_deeds(bucket: Bucket, rules: Rules, deeds: Frame) -> tuple[Decision, Findings]:
    """Return the decision and its findings, the history made of the ledger's notices and our
    deeds.
    """
    findings = find_out(bucket, rules, merge_notices(bucket, deeds, rules))
    return conclude(bucket, rules, findings), findings


def conclude(bucket: Bucket, rules: Rules, found: Findings) -> Decision:
    """Return the three frames of a decision from its findings."""
    as_of = to_day(rules.as_of)
    items, allocation, count = found.items, found.allocation, len(bucket.accounts)
    rows = len(items.account)
    is_overdue = found.ladder.overdue.on(as_of, rows)
    is_expired = items.limitation_on <= as_of
    exists = np.flatnonzero(bucket.accounts["began_on"] <= as_of)
    stage = _reached(found.stands, count)
    is_near = found.stands["limitation_near"]
    is_warned, is_last_warned, is_soon = (
        spells.on(as_of, rows)
        for spells in (
            found.ladder.final_warning,
            found.ladder.court_bound,
            found.ladder.limitation_near,
        )
    )
    own = stage[items.account]
    by_warning = found.stands["court_bound"][items.account]
    in_stage = np.select(
        [own == OVERDUE, own == FINAL_WARNING, own == COURT_BOUND],
        [is_overdue, is_warned, (is_last_warned & by_warning) | (is_soon & is_near[items.account])],
        False,
    )
    open_items = Frame(
        {
            "item": allocation.items,
            "account": items.account,
            "amount_cents": amounts_in_euro(bucket, allocation.items),
            "open_cents": items.open_cents,
            "interest_cents": found.interest_cents,
            "days_overdue": np.maximum(as_of - items.due_on, 0),
            "shield": found.shields.shield,
            "limitation_on": items.limitation_on,
            "is_overdue": is_overdue,
            "is_expired": is_expired,
            "may_be_claimed": is_overdue & items.is_claimable_kind & ~is_expired,
            "is_warned": is_warned,
            "is_last_warned": is_last_warned,
            "is_in_stage": in_stage,
        }
    )
    accounts = _accounts(bucket, rules, found, open_items, stage, is_near)
    is_debt = bucket.items["kind"][allocation.items] != code(ITEM_KINDS, PAYOUT)
    overdue_somehow = any_by(items.account, is_debt & (items.due_on < as_of), count)
    pieces = allocation.pieces
    pieces = pieces.take(overdue_somehow[bucket.items["account"][pieces["item"]]])
    return Decision(accounts.take(exists), open_items, pieces)


def _reached(stands: dict[str, Flags], accounts: int) -> Codes:
    stage = np.zeros(accounts, np.int8)
    for way, level in _LEVELS.items():
        stage[stands[way]] = np.maximum(stage[stands[way]], level)
    return stage


def _next(days: dict[str, Days], stage: Codes) -> tuple[Codes, Days]:
    """Return the first day with a higher stage and the highest stage of that day."""
    next_on = np.full(len(stage), NEVER, np.int32)
    for way, level in _LEVELS.items():
        next_on = np.where(level > stage, np.minimum(next_on, days[way]), next_on).astype(np.int32)
    next_stage = np.full(len(stage), -1, np.int8)
    for way, level in _LEVELS.items():
        there = (next_on < NEVER) & (days[way] == next_on) & (level > stage)
        next_stage = np.where(there, np.maximum(next_stage, level), next_stage).astype(np.int8)
    return next_stage, next_on


def _accounts(
    bucket: Bucket,
    rules: Rules,
    found: Findings,
    open_items: Frame,
    stage: Codes,
    is_near: Flags,
) -> Frame:
    """Return one row per account of the bucket, those included that do not exist yet."""
    as_of, count = to_day(rules.as_of), len(bucket.accounts)
    account, is_overdue = open_items["account"], open_items["is_overdue"]
    overdue_account = account[is_overdue]
    oldest = np.full(count, NEVER, np.int32)
    np.minimum.at(oldest, overdue_account, found.items.due_on[is_overdue])
    earliest = np.full(count, NEVER, np.int32)
    np.minimum.at(earliest, overdue_account, found.items.limitation_on[is_overdue])
    is_shielded = open_items["shield"] > 0
    next_stage, next_on = _next(found.days_next, stage)
    rule = np.where(is_near & ~found.stands["court_bound"], len(STAGES), stage)
    return Frame(
        {
            "account": np.arange(count, dtype=np.int32),
            "stage": stage,
            "open_cents": sum_by(account, open_items["open_cents"], count),
            "overdue_cents": sum_by(overdue_account, open_items["open_cents"][is_overdue], count),
            "interest_cents": sum_by(account, open_items["interest_cents"], count),
            "credit_cents": found.allocation.credit_cents,
            "shielded_cents": sum_by(
                account[is_shielded], open_items["open_cents"][is_shielded], count
            ),
            "overdue_items": np.bincount(overdue_account, minlength=count).astype(np.int32),
            "oldest_due_on": oldest,
            "days_overdue": np.where(oldest < NEVER, as_of - oldest, 0).astype(np.int32),
            "limitation_on": earliest,
            "reasons": join_codes(find_reasons(bucket, rules, found, open_items, stage, is_near)),
            "why_not": find_obstacles(rules, found, open_items, stage),
            "rule": word_column(_RULES, rule),
            "next_stage": next_stage,
            "next_on": next_on,
            "is_limitation_near": is_near,
            "has_kept_agreement": any_by(account, found.shields.is_planned, count),
        }
    )
