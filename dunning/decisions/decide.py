"""Every account of a bucket, classified: the rules of sections 3 and 4 joined in their order."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.days import NEVER, Days, to_day
from dunning.core.errors import DunningError
from dunning.core.frames import Bucket, Frame
from dunning.core.money import Cents, convert_to_cents
from dunning.core.words import HOLD_REASONS, IDENTIFIERS, ITEM_KINDS, SHIELDS, STAGES, code
from dunning.decisions.allocation import Allocation, allocate
from dunning.decisions.frames import Decision
from dunning.decisions.history import merge_notices
from dunning.decisions.interest import accrue_interest
from dunning.decisions.limitation import limit_items
from dunning.decisions.reasons import WHY_NOT, join_codes
from dunning.decisions.segments import Places, any_by, bounds_of, pair_up, sum_by
from dunning.decisions.shields import Shields, shield_items
from dunning.decisions.stages import (
    COURT_BOUND,
    FINAL_WARNING,
    OVERDUE,
    Ladder,
    OpenItems,
    claimable_kinds,
    climb,
    stage_days,
)
from dunning.policy.rules import Rules

Flags = npt.NDArray[np.bool_]
_LEVELS = {
    "overdue": OVERDUE, "final_warning": FINAL_WARNING, "court_bound": COURT_BOUND, "limitation_near": COURT_BOUND
}


@dataclass(frozen=True)
class Findings:
    """Everything found out on the way to a decision; what `explain` tells and the lists look up.

    equalised_on: due day of the season's equalisation bill per open item; `NEVER` where there is none or none is
    needed.
    days_now, days_next: per way up, the first day reached from tonight, from tomorrow.
    """

    allocation: Allocation
    interest_cents: Cents
    equalised_on: Days
    shields: Shields
    items: OpenItems
    ladder: Ladder
    days_now: dict[str, Days]
    days_next: dict[str, Days]
    history: Frame


def decide(bucket: Bucket, rules: Rules, history: Frame) -> Decision:
    """Return the decision on every account of a bucket that exists on `rules.as_of`.

    Args:
        history: all notices, see `merge_notices`.

    Raises:
        DunningError: the bucket does not balance to the cent.
    """
    return conclude(bucket, rules, find_out(bucket, rules, history))


def decide_with_deeds(bucket: Bucket, rules: Rules, deeds: Frame) -> tuple[Decision, Findings]:
    """Return the decision and its findings, the history made of the ledger's notices and our deeds."""
    findings = find_out(bucket, rules, merge_notices(bucket, deeds, rules))
    return conclude(bucket, rules, findings), findings


def find_out(bucket: Bucket, rules: Rules, history: Frame) -> Findings:
    """Return what is open and bears interest, what shields it and which stages it reaches, when."""
    as_of = to_day(rules.as_of)
    allocation = allocate(bucket, as_of, to_day(rules.changeover.euro_from))
    check_books(allocation.books)
    equalised_on = find_equalisations(bucket, allocation.items, as_of)
    interest = accrue_interest(bucket, allocation, rules, equalised_on)
    limitation_on = limit_items(bucket, allocation.items, rules.limitation, as_of)
    shields = shield_items(bucket, allocation, rules)
    due_on = bucket.items["due_on"][allocation.items]
    items = OpenItems(
        account=bucket.items["account"][allocation.items],
        due_on=due_on,
        open_cents=allocation.open_cents,
        overdue_from=np.maximum(due_on + 1, shields.free_on).astype(np.int32),
        limitation_on=limitation_on,
        is_claimable_kind=claimable_kinds(
            bucket.items["kind"][allocation.items], equalised_on, rules.stages
        ),
    )
    ladder = climb(bucket, items, history, rules)
    count = len(bucket.accounts)
    now, later = (stage_days(items, ladder, rules.stages, count, as_of + wait) for wait in (0, 1))
    return Findings(allocation, interest, equalised_on, shields, items, ladder, now, later, history)


def find_equalisations(bucket: Bucket, items: Places, as_of: int) -> Days:
    """Return the due day of the earliest due equalisation bill of each item's account and season; `NEVER` if none."""
    known = bucket.equalisations.take(bucket.equalisations["issued_on"] <= as_of)
    season = bucket.items["season"][items].astype(np.int64)
    key = bucket.items["account"][items].astype(np.int64) << 16 | np.where(season < 0, 0xFFFF, season)
    bills = known["account"].astype(np.int64) << 16 | known["season"].astype(np.int64)
    order = np.lexsort((known["due_on"], bills))
    bills, due_on = bills[order], known["due_on"][order]
    at = np.searchsorted(bills, key)
    if len(bills) == 0:
        return np.full(len(items), NEVER, np.int32)
    found = np.minimum(at, len(bills) - 1)
    return np.where((at < len(bills)) & (bills[found] == key), due_on[found], NEVER).astype(np.int32)


def check_books(books: dict[str, int]) -> None:
    """Refuse a bucket whose two sides differ by a cent."""
    balances = (
        ("BGN invoiced", books["BGN.invoiced"], books["BGN.settled"] + books["BGN.items_carried_out"]),
        (
            "EUR invoiced",
            books["EUR.invoiced"] + books["EUR.items_carried_in"],
            books["EUR.settled"] + books["EUR.open"],
        ),
        ("BGN paid", books["BGN.paid"], books["BGN.settled"] + books["BGN.money_carried_out"] + books["BGN.reversed"]),
        (
            "EUR paid",
            books["EUR.paid"] + books["EUR.money_carried_in"],
            books["EUR.settled"] + books["EUR.credit"] + books["EUR.reversed"],
        ),
    )
    for name, left, right in balances:
        if left != right:
            raise DunningError(
                f"The books do not balance: {name} {left} differs from {right} (minor units). Nothing was decided; "
                "report this with the ledger's fingerprint."
            )


def conclude(bucket: Bucket, rules: Rules, found: Findings) -> Decision:
    """Return the three frames of a decision from its findings."""
    as_of = to_day(rules.as_of)
    items, allocation, count = found.items, found.allocation, len(bucket.accounts)
    rows = len(items.account)
    is_overdue = found.ladder.overdue.on(as_of, rows)
    is_expired = items.limitation_on <= as_of
    exists = np.flatnonzero(bucket.accounts["began_on"] <= as_of)
    stage = _reached(found.days_now, as_of, count)
    is_near = found.days_now["limitation_near"] == as_of
    is_warned, is_last_warned, is_soon = (
        spells.on(as_of, rows)
        for spells in (found.ladder.final_warning, found.ladder.court_bound, found.ladder.limitation_near)
    )
    own = stage[items.account]
    by_warning = found.days_now["court_bound"][items.account] == as_of
    in_stage = np.select(
        [own == OVERDUE, own == FINAL_WARNING, own == COURT_BOUND],
        [is_overdue, is_warned, (is_last_warned & by_warning) | (is_soon & is_near[items.account])],
        False,
    )
    open_items = Frame(
        {
            "item": allocation.items,
            "account": items.account,
            "amount_cents": _in_euro(bucket, allocation.items),
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
    overdue_somehow = any_by(items.account, items.due_on < as_of, count)
    pieces = allocation.pieces
    pieces = pieces.take(overdue_somehow[bucket.items["account"][pieces["item"]]])
    return Decision(accounts.take(exists), open_items, pieces)


def _reached(days: dict[str, Days], day: int, accounts: int) -> npt.NDArray[np.int8]:
    stage = np.zeros(accounts, np.int8)
    for way, level in _LEVELS.items():
        stage = np.where(days[way] == day, np.maximum(stage, level), stage).astype(np.int8)
    return stage


def _next(days: dict[str, Days], stage: npt.NDArray[np.int8]) -> tuple[npt.NDArray[np.int8], Days]:
    """Return the first day with a higher stage and the highest stage of that day."""
    next_on = np.full(len(stage), NEVER, np.int32)
    for way, level in _LEVELS.items():
        next_on = np.where(level > stage, np.minimum(next_on, days[way]), next_on).astype(np.int32)
    next_stage = np.full(len(stage), -1, np.int8)
    for way, level in _LEVELS.items():
        there = (next_on < NEVER) & (days[way] == next_on) & (level > stage)
        next_stage = np.where(there, np.maximum(next_stage, level), next_stage).astype(np.int8)
    return next_stage, next_on


def _in_euro(bucket: Bucket, items: Places) -> Cents:
    amount = bucket.items["amount_minor"][items]
    return np.where(bucket.items["is_bgn"][items], convert_to_cents(amount), amount)


def _accounts(
    bucket: Bucket, rules: Rules, found: Findings, open_items: Frame, stage: npt.NDArray[np.int8], is_near: Flags
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
    rule = np.array([f"stages.{way}" if way != "current" else "stages" for way in STAGES], dtype=object)[stage]
    rule[is_near & (found.days_now["court_bound"] != as_of)] = "stages.limitation_near"
    return Frame(
        {
            "account": np.arange(count, dtype=np.int32),
            "stage": stage,
            "open_cents": sum_by(account, open_items["open_cents"], count),
            "overdue_cents": sum_by(overdue_account, open_items["open_cents"][is_overdue], count),
            "interest_cents": sum_by(account, open_items["interest_cents"], count),
            "credit_cents": found.allocation.credit_cents,
            "shielded_cents": sum_by(account[is_shielded], open_items["open_cents"][is_shielded], count),
            "overdue_items": np.bincount(overdue_account, minlength=count).astype(np.int32),
            "oldest_due_on": oldest,
            "days_overdue": np.where(oldest < NEVER, as_of - oldest, 0).astype(np.int32),
            "limitation_on": earliest,
            "reasons": join_codes(_reasons(bucket, rules, found, open_items, stage, is_near)),
            "why_not": _why_not(rules, found, open_items, stage),
            "rule": pa.array(rule, pa.string()),
            "next_stage": next_stage,
            "next_on": next_on,
            "is_limitation_near": is_near,
            "has_kept_agreement": any_by(account, found.shields.is_planned, count),
        }
    )


def _reasons(
    bucket: Bucket, rules: Rules, found: Findings, open_items: Frame, stage: npt.NDArray[np.int8], is_near: Flags
) -> dict[str, Flags]:
    as_of, count = to_day(rules.as_of), len(bucket.accounts)
    account, is_overdue = open_items["account"], open_items["is_overdue"]
    kind = bucket.items["kind"][open_items["item"]]
    enforced = np.isin(kind, [code(ITEM_KINDS, name) for name in rules.stages.kinds_enforced])
    waits = ~found.items.is_claimable_kind & ~enforced
    identifier = bucket.payers["identifier"][bucket.accounts["payer"]]
    agreements = found.shields.agreements
    owns_agreement = bucket.agreements["account"]
    owes = any_by(account, np.ones(len(account), np.bool_), count)
    has_overdue = any_by(account, is_overdue, count)

    def among(flags: Flags) -> Flags:
        return any_by(account, flags, count)

    return {
        "adjudged": among(is_overdue & enforced),
        "agreement_broken": owes & any_by(owns_agreement, agreements.is_broken, count),
        "agreement_kept": among(found.shields.is_planned),
        "bad_identifier": identifier == code(IDENTIFIERS, "wrong"),
        "below_minimum": has_overdue & (stage == 0),
        "credit": found.allocation.credit_cents > 0,
        "expired": among(is_overdue & open_items["is_expired"]),
        "forecast_unequalised": among(is_overdue & waits),
        **_hold_reasons(bucket, account, found, as_of, count),
        "in_court": among(open_items["shield"] == code(SHIELDS, "court")),
        "instalments_differ": owes & any_by(owns_agreement, _differs(bucket, found), count),
        "limitation_near": is_near,
        "missing_identifier": identifier == code(IDENTIFIERS, "missing"),
        "not_due": among(found.items.due_on >= as_of),
        "nothing_open": ~owes,
        "overdue": has_overdue,
        "refused_evidence": bucket.accounts["has_refused_evidence"],
    }


def _hold_reasons(bucket: Bucket, account: Places, found: Findings, as_of: int, count: int) -> dict[str, Flags]:
    holds = bucket.holds
    is_open = np.zeros(len(bucket.items) + 1, np.bool_)
    is_open[found.allocation.items] = True
    owes = any_by(account, np.ones(len(account), np.bool_), count)
    active = (holds["valid_from"] <= as_of) & (holds["valid_until"] > as_of)
    reaches = active & np.where(holds["item"] < 0, owes[holds["account"]], is_open[holds["item"]])
    return {
        f"hold_{reason}": any_by(holds["account"], reaches & (holds["reason"] == n), count)
        for n, reason in enumerate(HOLD_REASONS)
    }


def _differs(bucket: Bucket, found: Findings) -> Flags:
    """Return which signed agreements of accounts that owe have instalments unlike their items' open sum when signed.

    Open as the day of signing began, an invoice issued later not included. Each side is converted row by row, so a
    difference of up to a cent a row is the conversion's, not a clerk's.
    """
    agreements, agreed, instalments = bucket.agreements, bucket.agreement_items, bucket.instalments
    count, pieces = len(agreements), found.allocation.pieces
    signed_on = agreements["signed_on"]
    item, agreement = agreed["item"], agreed["agreement"]
    there = bucket.items["issued_on"][item] <= signed_on[agreement]
    owed = sum_by(agreement[there], _in_euro(bucket, item[there]), count)
    pair, piece = pair_up(item, bounds_of(pieces["item"], len(bucket.items)))
    before = pieces["settled_on"][piece] < signed_on[agreement[pair]]
    amount = pieces["amount_minor"][piece]
    cents = np.where(pieces["is_bgn"][piece], convert_to_cents(amount), amount)
    settled = sum_by(agreement[pair[before]], cents[before], count)
    planned = sum_by(instalments["agreement"], instalments["amount_cents"], count)
    bgn = bucket.items["is_bgn"][item]
    tolerance = (
        np.bincount(instalments["agreement"][instalments["is_bgn"]], minlength=count)
        + np.bincount(agreement[bgn], minlength=count)
        + np.bincount(agreement[pair[pieces["is_bgn"][piece]]], minlength=count)
    )
    return found.shields.agreements.is_signed & (np.abs(owed - settled - planned) > tolerance)


def _why_not(rules: Rules, found: Findings, open_items: Frame, stage: npt.NDArray[np.int8]) -> pa.Array:
    """Return per account which conditions of the next stage are not met; empty at the top."""
    as_of, count = to_day(rules.as_of), len(stage)
    account, cents = open_items["account"], open_items["open_cents"]
    age = as_of - found.items.due_on
    looked_at = (
        (open_items["is_overdue"], rules.stages.overdue, "nothing_overdue"),
        (open_items["is_warned"], rules.stages.final_warning, "no_notice"),
        (open_items["is_last_warned"], rules.stages.court_bound, "no_notice"),
    )
    claimable = any_by(account, open_items["may_be_claimed"], count)
    flags = {name: np.zeros(count, np.bool_) for name in WHY_NOT}
    for level, (rows, rule, missing) in enumerate(looked_at):
        here = stage == level
        some = any_by(account, rows, count)
        amount = sum_by(account[rows], cents[rows], count)
        flags[missing] |= here & ~some & (claimable | (level == 0))
        flags["nothing_claimable"] |= here & ~claimable & (level > 0)
        flags["amount"] |= here & some & (amount < rule.amount_cents_min)
        flags["days"] |= here & some & ~any_by(account, rows & (age >= rule.days_overdue_min), count)
    return join_codes(flags)
