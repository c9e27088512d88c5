"""Why an account stands where it stands, and why not one stage higher: the facts behind each code."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.days import to_day
from dunning.core.frames import Bucket, Frame
from dunning.core.money import convert_to_cents
from dunning.core.words import HOLD_REASONS, IDENTIFIERS, ITEM_KINDS, SHIELDS, code
from dunning.decisions.allocation import amounts_in_euro
from dunning.decisions.findings import Findings
from dunning.decisions.reasons import WHY_NOT, join_codes
from dunning.decisions.segments import Places, any_by, pair_up, sum_by
from dunning.policy.rules import Rules

Flags = npt.NDArray[np.bool_]


def find_reasons(
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
        "instalments_differ": any_by(owns_agreement, _differs(bucket, found), count),
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
    owed = sum_by(agreement[there], amounts_in_euro(bucket, item[there]), count)
    pair, piece = pair_up(item, pieces["item"])
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


def find_obstacles(rules: Rules, found: Findings, open_items: Frame, stage: npt.NDArray[np.int8]) -> pa.Array:
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
