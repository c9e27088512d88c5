"""Disconnections: premises that may be cut off for unpaid supply, and between which days."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Days, Flags, Places
from dunning.core.days import NEVER, to_date, to_day
from dunning.core.frames import Bucket, Frame
from dunning.core.words import ITEM_KINDS, NOTICE_STAGES, STAGES, code
from dunning.decisions.frames import Decision
from dunning.decisions.lists.dwellings import covers_all, find_protected
from dunning.decisions.lists.letters import premise_addresses
from dunning.decisions.lists.proposals import Proposed, build_table, first_reason
from dunning.decisions.lists.withheld import withhold_accounts
from dunning.decisions.lists.working_days import Window, disconnection_window
from dunning.decisions.segments import any_by, earliest_by, sum_by
from dunning.decisions.tables import word_column
from dunning.policy.rules import Rules


def propose_disconnections(
    bucket: Bucket, decision: Decision, rules: Rules, history: Frame, newest_paid_on: date | None
) -> Proposed:
    """Return the tables `disconnections` and `withheld` of one bucket.

    Considered are accounts of disconnectable premises if their unexpired, unprotected, overdue
    items (never those of `kinds_never`) named by a served disconnection warning reach the sum and
    the days of the policy. Of these, a row is withheld, for the first reason that applies:
    `refused_evidence`, `no_tenancy` (the payer's own does not cover every day from `as_of` through
    `not_after`), `life_support` and `vulnerable` (on any of these days the premise, or a payer with
    a tenancy of it, is known to be so or to become so), `kept_agreement` (of any account of the
    premise), `same_premise` (another account of the premise owes more), `no_lawful_day`.

    Args:
        history: notices of the bucket: account, stage, sent_on, served_on, failed_on.
        newest_paid_on: newest payment of the whole ledger up to `as_of`; None without one.

    Source: issue 2, point 6; ЗЕ чл. 123; `policy/files/disconnections.toml`.
    """
    claims = warned_claims(bucket, decision, rules, history)
    window = disconnection_window(
        to_date(decision.as_of), newest_paid_on, rules.disconnections, rules.calendar
    )
    reasons = _withhold_for(bucket, decision, claims, rules, window)
    stops = pc.is_valid(reasons).to_numpy(zero_copy_only=False)
    stage = np.zeros(len(bucket.accounts), np.int8)
    stage[decision.accounts["account"]] = decision.accounts["stage"]
    stages = word_column(STAGES, stage[claims.accounts])
    held = withhold_accounts(
        bucket,
        "disconnections",
        claims.accounts[stops],
        stages.filter(pa.array(stops)),
        claims.principal_cents[stops],
        reasons.filter(pa.array(stops)),
    )
    listed = _list(bucket, claims.take(~stops), stages.filter(pa.array(~stops)), window)
    return {"disconnections": listed, "withheld": held}


@dataclass(frozen=True)
class Claims:
    """Accounts with a warned debt that is large and old enough, and that debt.

    accounts: places, ascending. The other columns are aligned: sum, items and oldest due day of the
    debt, and the day on which the warning was served.
    """

    accounts: Places
    principal_cents: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    oldest_due_on: Days
    warned_on: Days

    def take(self, rows: Flags) -> "Claims":
        """Return the claims under a mask."""
        return Claims(
            self.accounts[rows],
            self.principal_cents[rows],
            self.items[rows],
            self.oldest_due_on[rows],
            self.warned_on[rows],
        )


def warned_claims(bucket: Bucket, decision: Decision, rules: Rules, history: Frame) -> Claims:
    """Return the debts named by a served warning that reach the thresholds.

    Only those of disconnectable premises.
    """
    rule = rules.disconnections
    as_of = decision.as_of
    size = len(bucket.accounts)
    items = decision.open_items
    due_on = bucket.items["due_on"][items["item"]]
    sent_on, served_on = _newest_warnings(bucket, rules, history, decision.as_of)
    # item      | due, before the warning was sent: the warning names it
    # warning       | sent   | served ..served_days_min..|== counts ==| notice_valid_days
    counts = warnable_items(bucket, decision, rules) & (due_on < sent_on[items["account"]])
    of = items["account"][counts]
    cents = sum_by(of, items["open_cents"][counts], size)
    oldest = earliest_by(of, due_on[counts], size)
    # What was never owed has `NEVER` as its oldest day, which is not old enough.
    cuttable = bucket.premises["is_disconnectable"][bucket.accounts["premise"]]
    old_enough = as_of - oldest.astype(np.int64) >= rule.days_overdue_min
    accounts = np.flatnonzero(cuttable & (cents >= rule.amount_cents_min) & old_enough)
    number = np.bincount(of, minlength=size).astype(np.int32)
    return Claims(
        accounts, cents[accounts], number[accounts], oldest[accounts], served_on[accounts]
    )


def warnable_items(bucket: Bucket, decision: Decision, rules: Rules) -> Flags:
    """Return which open items a disconnection warning may name.

    Those that are overdue, unprotected, unexpired, and not of `kinds_never`.
    """
    items = decision.open_items
    never = [code(ITEM_KINDS, kind) for kind in rules.disconnections.kinds_never]
    return (
        items["is_overdue"]
        & ~items["is_expired"]
        & ~np.isin(bucket.items["kind"][items["item"]], never)
    )


def warned_items(bucket: Bucket, decision: Decision, rules: Rules, history: Frame) -> Flags:
    """Return which open items are named by a served disconnection warning that counts."""
    items = decision.open_items
    sent_on, _ = _newest_warnings(bucket, rules, history, decision.as_of)
    return bucket.items["due_on"][items["item"]] < sent_on[items["account"]]


def _newest_warnings(bucket: Bucket, rules: Rules, history: Frame, as_of: int) -> tuple[Days, Days]:
    """Return per account when its newest counting disconnection warning was sent and served.

    See newest_notices.
    """
    rule = rules.disconnections
    warnings = counting_notices(
        history,
        code(NOTICE_STAGES, "disconnection"),
        as_of,
        rule.served_days_min,
        rule.notice_valid_days,
    )
    sent_on, served_on, _ = newest_notices(warnings, len(bucket.accounts))
    return sent_on, served_on


def counting_notices(
    history: Frame, stage: int, as_of: int, served_days_min: int, valid_days: int
) -> Frame:
    """Return the notices of a stage served long enough, but not too long, before `as_of`.

    At least `served_days_min` and at most `valid_days` days before, by any channel.
    """
    served_for = as_of - history["served_on"].astype(np.int64)
    counts = (history["stage"] == stage) & (history["sent_on"] <= as_of)
    return history.take(counts & (served_for >= served_days_min) & (served_for <= valid_days))


def newest_notices(notices: Frame, size: int) -> tuple[Days, Days, Places]:
    """Return per account sent_on, served_on and row of its newest notice.

    Newest by sent_on, then the one served earliest.

    It names every item that any older one names. Without a notice: `-NEVER`, `NEVER`, -1.
    """
    order = np.lexsort((-notices["served_on"].astype(np.int64), notices["sent_on"]))
    row = np.full(size, -1, np.int64)
    # The last write per account wins: the newest, of these the one served earliest.
    row[notices["account"][order]] = order
    # The appended value is what row -1 (no notice) reads.
    sent_on = np.r_[notices["sent_on"], np.int32(-NEVER)].astype(np.int32)[row]
    served_on = np.r_[notices["served_on"], np.int32(NEVER)].astype(np.int32)[row]
    return sent_on, served_on, row


def _withhold_for(
    bucket: Bucket, decision: Decision, claims: Claims, rules: Rules, window: Window | None
) -> pa.Array:
    accounts, size = claims.accounts, len(bucket.accounts)
    premise = bucket.accounts["premise"]
    # A premise proposed today may be cut on any day of its window: nothing may bar any of them.
    days = _days_without_supply(decision.as_of, rules, window)
    is_kept = any_by(decision.accounts["account"], decision.accounts["has_kept_agreement"], size)
    # A kept agreement of any account of a premise bars the whole premise: one supply.
    is_kept_there = any_by(premise, is_kept, len(bucket.premises))
    bars = {
        "refused_evidence": _lacks_evidence(bucket)[accounts],
        "no_tenancy": ~covers_all(bucket, days)[accounts],
        "life_support": find_protected(bucket, "life_support", days)[premise[accounts]],
        "vulnerable": find_protected(bucket, "vulnerable", days)[premise[accounts]],
        "kept_agreement": is_kept_there[premise[accounts]],
    }
    # Only claims without another bar compete for their premise.
    free = ~np.logical_or.reduce(list(bars.values()))
    beside = {
        "same_premise": free & ~_largest_of_premise(claims, premise[accounts], free),
        "no_lawful_day": np.full(len(accounts), window is None),
    }
    return first_reason({**bars, **beside}, len(accounts))


def _lacks_evidence(bucket: Bucket) -> Flags:
    """Return per account whether a refused row could concern it or its premise.

    A row about the account, or about a tenancy or a protection of its premise.
    """
    of_premise = bucket.premises["has_refused_evidence"][bucket.accounts["premise"]]
    return np.asarray(bucket.accounts["has_refused_evidence"] | of_premise, np.bool_)


def _days_without_supply(as_of: int, rules: Rules, window: Window | None) -> range:
    """Return the days on which no reason may bar a premise proposed on `as_of`.

    Through the end of the window; of the longest window where there is none.
    """
    last = to_day(window.not_after) if window else as_of + rules.disconnections.window_days
    return range(as_of, last + 1)


def _largest_of_premise(claims: Claims, premises: Places, free: Flags) -> Flags:
    """Return the free claim with the largest sum of each premise.

    Of equal ones the one with the first payer code.
    """
    rows = np.flatnonzero(free)
    # By premise, then the largest sum, then the account: accounts are in order of payer code.
    order = rows[np.lexsort((claims.accounts[rows], -claims.principal_cents[rows], premises[rows]))]
    first = (
        np.r_[True, premises[order][1:] != premises[order][:-1]]
        if len(order)
        else np.zeros(0, np.bool_)
    )
    chosen = np.zeros(len(free), np.bool_)
    chosen[order[first]] = True
    return chosen


def _list(bucket: Bucket, claims: Claims, stages: pa.Array, window: Window | None) -> pa.Table:
    of = bucket.accounts.take(claims.accounts)
    premises, count = bucket.premises.take(of["premise"]), len(claims.accounts)
    first, last = (
        (to_day(window.not_before), to_day(window.not_after)) if window else (NEVER, NEVER)
    )
    return build_table(
        "disconnections",
        {
            "district": premises.text("district"),
            "route": premises.text("route"),
            "premise_no": of.text("premise_no"),
            "payer_code": of.text("payer_code"),
            "stage": stages,
            "meter_no": premises.text("meter_no"),
            "address": premise_addresses(bucket, claims.accounts),
            "principal_cents": claims.principal_cents,
            "items": claims.items,
            "oldest_due_on": claims.oldest_due_on,
            "warned_on": claims.warned_on,
            "not_before": np.full(count, first, np.int32),
            "not_after": np.full(count, last, np.int32),
        },
    )
