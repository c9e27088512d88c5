"""Protections of open items on `as_of` and until when they last: contract, section 3, rule 4."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dunning.core.arrays import Codes, Days, Flags, Places
from dunning.core.days import NEVER
from dunning.core.frames import Bucket
from dunning.core.money import convert_to_cents
from dunning.core.words import CASE_STAGES, PROTECTIONS, code
from dunning.decisions.account.allocation import Allocation
from dunning.decisions.segments import any_by, earliest_by, index_rows, pair_up, running_sum, sum_by
from dunning.policy.rules import Rules

_CLOSED = code(CASE_STAGES, "closed")
_NONE, _COURT, _AGREEMENT, _HOLD = range(len(PROTECTIONS))


@dataclass(frozen=True)
class ItemProtections:
    """Protections of open items, aligned with `allocation.items`.

    Attributes:
        kind: words.PROTECTIONS, the first of court, agreement, hold that applies on `as_of`.
        free_on: first day without any of these protections if nothing is paid and no row arrives;
            `NEVER` for a case; a day not after `as_of` where there is none.
        is_planned: the item is part of a kept agreement (whatever else protects it).
        agreements: state per agreement of the bucket.
    """

    kind: Codes
    free_on: Days
    is_planned: Flags
    agreements: "AgreementStates"


@dataclass(frozen=True)
class AgreementStates:
    """State of each agreement of a bucket on `as_of`.

    Attributes:
        is_signed: signed on or before `as_of`.
        is_kept, is_broken: signed, not cancelled, with an instalment; covered or not.
        breaks_on: first day on which it is broken if nothing more is paid; `NEVER` if it never is.
        settled_cents: settled on its items from `signed_on` on, BGN pieces converted one by one.
        due_cents: instalments that must be paid by `as_of`, after the grace days.
    """

    is_signed: Flags
    is_kept: Flags
    is_broken: Flags
    breaks_on: Days
    settled_cents: npt.NDArray[np.int64]
    due_cents: npt.NDArray[np.int64]


def protect_items(bucket: Bucket, allocation: Allocation, rules: Rules) -> ItemProtections:
    """Return the protections of each open item on `as_of`."""
    as_of, items = allocation.as_of, allocation.items
    row_of = index_rows(items, len(bucket.items))
    agreements = keep_agreements(bucket, allocation, rules)
    in_court = _sue(bucket, row_of, len(items), as_of)
    planned_until = _plan(bucket, row_of, len(items), agreements, as_of)
    held_until = _hold(bucket, allocation, row_of, as_of)
    is_planned = planned_until > as_of
    # `select` takes the first that applies: court before agreement before hold.
    kind = np.select(
        [in_court, is_planned, held_until > as_of], [_COURT, _AGREEMENT, _HOLD], _NONE
    ).astype(np.int8)
    free_on = np.where(in_court, NEVER, np.maximum(planned_until, held_until)).astype(np.int32)
    return ItemProtections(kind, free_on, is_planned, agreements)


def keep_agreements(bucket: Bucket, allocation: Allocation, rules: Rules) -> AgreementStates:
    """Return the state of each agreement: kept, broken, and what is settled and due.

    Kept if what was settled on its items since signing covers the instalments that fell due.

    An instalment must be paid `grace_days` after its due day.
    """
    as_of, grace = allocation.as_of, rules.agreements.grace_days
    agreements = bucket.agreements
    agreed = bucket.agreement_items
    instalments = bucket.instalments
    count = len(agreements)
    pieces = allocation.pieces
    # Agreed items and settled pieces, joined by the item: one pair per piece of an agreed item.
    pair, piece = pair_up(agreed["item"], pieces["item"])
    agreement = agreed["agreement"][pair]
    since = pieces["settled_on"][piece] >= agreements["signed_on"][agreement]
    amount = pieces["amount_minor"][piece]
    cents = np.where(pieces["is_bgn"][piece], convert_to_cents(amount), amount)
    settled = sum_by(agreement[since], cents[since], count)
    due_by = instalments["due_on"] + grace
    owner = instalments["agreement"]
    # instalments, by due day   |-- 1 --|-- 2 --|-- 3 --|
    # settled since signing     |============|              the first one not covered (2) breaks it
    is_short = running_sum(owner, instalments["amount_cents"]) > settled[owner]
    breaks_on = earliest_by(owner[is_short], due_by[is_short], count)
    is_signed = (agreements["signed_on"] <= as_of) & (agreements["applied_on"] <= as_of)
    has_plan = np.zeros(count, np.bool_)
    has_plan[owner] = True
    runs = is_signed & has_plan & (agreements["cancelled_on"] > as_of)
    due_cents = sum_by(owner, np.where(due_by <= as_of, instalments["amount_cents"], 0), count)
    return AgreementStates(
        is_signed,
        runs & (breaks_on > as_of),
        runs & (breaks_on <= as_of),
        breaks_on,
        settled,
        due_cents,
    )


def _sue(bucket: Bucket, row_of: Places, count: int, as_of: int) -> Flags:
    cases, sued = bucket.cases, bucket.case_items
    is_closed = (cases["stage"] == _CLOSED) & (cases["stage_on"] <= as_of)
    runs = (cases["filed_on"] <= as_of) & ~is_closed
    # A settled item of a case has no row among the open ones.
    row = row_of[sued["item"]]
    return any_by(row[row >= 0], runs[sued["case"]][row >= 0], count)


def _plan(
    bucket: Bucket, row_of: Places, count: int, agreements: AgreementStates, as_of: int
) -> Days:
    """Return until when a kept agreement protects each open item; `as_of` where none does."""
    agreed = bucket.agreement_items
    row, agreement = row_of[agreed["item"]], agreed["agreement"]
    kept = (row >= 0) & agreements.is_kept[agreement]
    until = np.full(count, as_of, np.int32)
    np.maximum.at(until, row[kept], agreements.breaks_on[agreement[kept]])
    return until


def _hold(bucket: Bucket, allocation: Allocation, row_of: Places, as_of: int) -> Days:
    """Return until when a hold protects each open item; `as_of` where none does."""
    holds = bucket.holds
    active = holds.take((holds["valid_from"] <= as_of) & (holds["valid_until"] > as_of))
    on_account = active["item"] < 0
    # A hold on a whole account reaches every item of it; the later of both ends counts.
    account_until = np.full(len(bucket.accounts), as_of, np.int32)
    np.maximum.at(account_until, active["account"][on_account], active["valid_until"][on_account])
    until = account_until[bucket.items["account"][allocation.items]]
    row = np.where(on_account, -1, row_of[active["item"]])
    np.maximum.at(until, row[row >= 0], active["valid_until"][row >= 0])
    return until
