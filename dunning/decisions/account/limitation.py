"""Limitation: from when an item can no longer be claimed in court: contract, section 3, rule 5."""

import numpy as np

from dunning.core.arrays import Days, Places
from dunning.core.days import NEVER, add_years, to_day
from dunning.core.frames import Bucket
from dunning.core.words import CASE_OUTCOMES, CASE_STAGES, ITEM_KINDS, code
from dunning.decisions.segments import index_rows, running_sum
from dunning.policy.rules import Limitation

_CLOSED = code(CASE_STAGES, "closed")
_UNDONE = [code(CASE_OUTCOMES, outcome) for outcome in ("rejected", "withdrawn")]


def expire_after(start_on: Days, years: Days, rule: Limitation) -> Days:
    """Return the day `years` after `start_on`, moved by every suspended day in between.

    All suspended days from the start to the moved end count.

    Once an end is after the first suspended day, it moves with each further one, so the whole
    suspension (from the start on) is added.

    Args:
        start_on: first day of the term. years: whole years, aligned; only the rule's two values
            occur.

    Source: ЗЗД art. 110, 111 b, 114, 116; suspensions from `policy/files/limitation.toml`.
    """
    ends = np.where(
        years == rule.years_long,
        add_years(start_on, rule.years_long),
        add_years(start_on, rule.years),
    )
    # In order of time: an end moved by one suspension may reach the next one.
    #
    # term         |------------------|
    # suspended             |=====|
    # moved        |--------.......----------|
    for from_on, until_on in sorted(rule.suspensions):
        begins = np.maximum(start_on, to_day(from_on))
        inside = (begins < to_day(until_on)) & (ends > begins)
        ends = np.where(inside, ends + to_day(until_on) - begins, ends)
    return ends.astype(np.int32)


def limit_items(bucket: Bucket, items: Places, rule: Limitation, as_of: int) -> Days:
    """Return the first day on which each item has expired.

    Args:
        items: places of items, ascending.

    A signed agreement and a filed case (unless it ended rejected or withdrawn) start the term again
    while it still runs. For natural persons it ends ten years after the day after `due_on` unless
    an agreement was signed before that.
    """
    kind = bucket.items["kind"][items]
    first = bucket.items["due_on"][items] + 1
    is_long = np.isin(kind, [code(ITEM_KINDS, name) for name in rule.kinds_long])
    years = np.where(is_long, rule.years_long, rule.years)
    ends = expire_after(first, years, rule)
    row, restart, by_agreement = _restarts(bucket, items, as_of)
    order = np.lexsort((restart, row))
    row = row[order]
    restart = restart[order]
    by_agreement = by_agreement[order]
    # Restart by restart, in order of time: each counts only if it comes before the end that the
    # ones before it have given. Round n handles the n-th restart of every item at once.
    turn = running_sum(row, np.ones(len(row), np.int64)) - 1
    for n in range(int(turn.max(initial=-1)) + 1):
        now = turn == n
        at, again = row[now], np.maximum(restart[now], first[row[now]])
        in_time = restart[now] < ends[at]
        ends[at[in_time]] = expire_after(again[in_time], years[at][in_time], rule)
    ten_years = add_years(first, rule.years_absolute)
    is_rescheduled = np.zeros(len(items), np.bool_)
    is_rescheduled[row[by_agreement & (restart < ten_years[row])]] = True
    owner = bucket.accounts["payer"][bucket.items["account"][items]]
    is_capped = bucket.payers["is_person"][owner] & ~is_rescheduled
    return np.where(is_capped, np.minimum(ends, ten_years), ends).astype(np.int32)


def _restarts(bucket: Bucket, items: Places, as_of: int) -> tuple[Places, Days, np.ndarray]:
    """Return every restart up to `as_of` as (row of `items`, day, whether by an agreement)."""
    row_of = index_rows(items, len(bucket.items))
    agreements, agreed = bucket.agreements, bucket.agreement_items
    signed_on = np.where(agreements["applied_on"] <= as_of, agreements["signed_on"], NEVER)[
        agreed["agreement"]
    ]
    by_agreement = np.flatnonzero((signed_on <= as_of) & (row_of[agreed["item"]] >= 0))
    cases, sued = bucket.cases, bucket.case_items
    is_undone = (
        (cases["stage"] == _CLOSED)
        & (cases["stage_on"] <= as_of)
        & np.isin(cases["outcome"], _UNDONE)
    )
    filed_on = np.where(is_undone, NEVER, cases["filed_on"])[sued["case"]]
    by_case = np.flatnonzero((filed_on <= as_of) & (row_of[sued["item"]] >= 0))
    return (
        np.r_[row_of[agreed["item"][by_agreement]], row_of[sued["item"][by_case]]],
        np.r_[signed_on[by_agreement], filed_on[by_case]].astype(np.int32),
        np.r_[np.ones(len(by_agreement), np.bool_), np.zeros(len(by_case), np.bool_)],
    )
