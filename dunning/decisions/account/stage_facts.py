"""Facts for the reason codes: why an account has its stage, and not the next one."""

import numpy as np
import pyarrow as pa

from dunning.core.arrays import Cents, Codes, Flags, Places
from dunning.core.days import to_day
from dunning.core.frames import Bucket, Frame
from dunning.core.ladder import STEPS
from dunning.core.money import convert_to_cents
from dunning.core.words import HOLD_REASONS, IDENTIFIERS, ITEM_KINDS, PROTECTIONS, code
from dunning.decisions.account.assessment import Assessment
from dunning.decisions.account.stage_reasons import WHY_NOT, join_codes
from dunning.decisions.segments import any_by, pair_up, sum_by
from dunning.policy.rules import Rules


def find_reasons(
    bucket: Bucket,
    rules: Rules,
    assessment: Assessment,
    open_items: Frame,
    stage: Codes,
    is_near: Flags,
) -> dict[str, Flags]:
    """Return a mask of the accounts per code of `stage_reasons.REASONS`, in their order."""
    as_of, count = assessment.as_of, len(bucket.accounts)
    account, is_overdue = open_items["account"], open_items["is_overdue"]
    kind = bucket.items["kind"][open_items["item"]]
    enforced = np.isin(kind, [code(ITEM_KINDS, name) for name in rules.stages.kinds_enforced])
    # Adjudged items are not claimable either, but they wait for no equalisation.
    waits = ~assessment.items.is_claimable_kind & ~enforced
    identifier = bucket.payers["identifier"][bucket.accounts["payer"]]
    agreements = assessment.protections.agreements
    owns_agreement = bucket.agreements["account"]
    owes = any_by(account, np.ones(len(account), np.bool_), count)
    has_overdue = any_by(account, is_overdue, count)

    def among(flags: Flags) -> Flags:
        return any_by(account, flags, count)

    return {
        "adjudged": among(is_overdue & enforced),
        "agreement_broken": owes & any_by(owns_agreement, agreements.is_broken, count),
        "agreement_kept": among(assessment.protections.is_planned),
        "bad_identifier": identifier == code(IDENTIFIERS, "wrong"),
        "below_minimum": has_overdue & (stage == 0),
        "credit": assessment.allocation.credit_cents > 0,
        "expired": among(is_overdue & open_items["is_expired"]),
        "forecast_unequalised": among(is_overdue & waits),
        **_hold_reasons(bucket, account, assessment, as_of, count),
        "in_court": among(open_items["shield"] == code(PROTECTIONS, "court")),
        "instalments_differ": any_by(owns_agreement, _differs(bucket, rules, assessment), count),
        "limitation_near": is_near,
        "missing_identifier": identifier == code(IDENTIFIERS, "missing"),
        "not_due": among(assessment.items.due_on >= as_of),
        "nothing_open": ~owes,
        "overdue": has_overdue,
        "refused_evidence": bucket.accounts["has_refused_evidence"],
    }


def _hold_reasons(
    bucket: Bucket, account: Places, assessment: Assessment, as_of: int, count: int
) -> dict[str, Flags]:
    holds = bucket.holds
    # One entry more than items: the place -1 (a hold on a whole account) must index something.
    is_open = np.zeros(len(bucket.items) + 1, np.bool_)
    is_open[assessment.allocation.items] = True
    owes = any_by(account, np.ones(len(account), np.bool_), count)
    active = (holds["valid_from"] <= as_of) & (holds["valid_until"] > as_of)
    reaches = active & np.where(holds["item"] < 0, owes[holds["account"]], is_open[holds["item"]])
    return {
        f"hold_{reason}": any_by(holds["account"], reaches & (holds["reason"] == n), count)
        for n, reason in enumerate(HOLD_REASONS)
    }


def _differs(bucket: Bucket, rules: Rules, assessment: Assessment) -> Flags:
    """Return which signed agreements have instalments unlike their items' open sum at signing.

    Only those of accounts that owe.

    Open as the day of signing began, an invoice issued later not included. Leva are compared with
    leva, to the stotinka; where one side is in euro, or was by that day, each item's open amount is
    converted once, as at the changeover, and the leva of the instalments as one sum.
    """
    agreements, instalments = bucket.agreements, bucket.instalments
    count = len(agreements)
    owner = instalments["agreement"]
    is_bgn = instalments["is_bgn"]
    planned_bgn = sum_by(owner[is_bgn], instalments["amount_minor"][is_bgn], count)
    planned_eur = sum_by(owner[~is_bgn], instalments["amount_minor"][~is_bgn], count)
    # planned    instalments       leva | euro
    # owed       items at signing  leva | euro
    #
    # Leva are compared with leva where the euro sides agree; else both sides as one sum in euro.
    agreement, bgn, eur = _open_when_signed(bucket, assessment)
    owed_bgn, owed_eur = sum_by(agreement, bgn, count), sum_by(agreement, eur, count)
    converted = sum_by(agreement, convert_to_cents(bgn) + eur, count)
    in_levs = (agreements["signed_on"] < to_day(rules.changeover.euro_from)) & (
        owed_eur == planned_eur
    )
    differs = np.where(
        in_levs, owed_bgn != planned_bgn, converted != convert_to_cents(planned_bgn) + planned_eur
    )
    return assessment.protections.agreements.is_signed & differs


def _open_when_signed(bucket: Bucket, assessment: Assessment) -> tuple[Places, Cents, Cents]:
    """Return per item of an agreement the agreement and its open sums at signing.

    In stotinki and in euro cents, one row per agreed item.

    An amount settled in euro of an item in leva is taken from its converted amount.
    """
    agreed = bucket.agreement_items
    pieces = assessment.allocation.pieces
    items = bucket.items
    signed_on = bucket.agreements["signed_on"]
    there = np.flatnonzero(items["issued_on"][agreed["item"]] <= signed_on[agreed["agreement"]])
    agreement, item = agreed["agreement"][there], agreed["item"][there]
    # Every settled piece of each agreed item; those before the day of signing lessen what was open.
    pair, piece = pair_up(item, pieces["item"])
    before = pieces["settled_on"][piece] < signed_on[agreement[pair]]
    pair, piece = pair[before], piece[before]
    amount, in_bgn = pieces["amount_minor"][piece], pieces["is_bgn"][piece]
    is_bgn, minor = items["is_bgn"][item], items["amount_minor"][item]
    bgn = np.where(is_bgn, minor, 0) - sum_by(pair[in_bgn], amount[in_bgn], len(item))
    eur = np.where(is_bgn, 0, minor) - sum_by(pair[~in_bgn], amount[~in_bgn], len(item))
    return agreement, bgn, eur


def find_obstacles(
    rules: Rules, assessment: Assessment, open_items: Frame, stage: Codes
) -> pa.Array:
    """Return per account which conditions of the next stage fail; empty at the top stage."""
    as_of, count = assessment.as_of, len(stage)
    account, cents = open_items["account"], open_items["open_cents"]
    age = as_of - assessment.items.due_on
    claimable = any_by(account, open_items["may_be_claimed"], count)
    # One set of masks for all stages: every account is at one stage, so each step fills its own.
    flags = {name: np.zeros(count, np.bool_) for name in WHY_NOT}
    for level, rung in enumerate(STEPS):  # from the stage below each to its own
        here, rule = stage == level, rules.stages.of(rung.name)
        rows = assessment.ladder[rung.name].on(as_of, len(account))
        # What makes an item count for the rung: a served notice, or just being overdue.
        missing = "no_notice" if rung.notice_below else "nothing_overdue"
        some = any_by(account, rows, count)
        amount = sum_by(account[rows], cents[rows], count)
        flags[missing] |= here & ~some & (claimable | (level == 0))
        flags["nothing_claimable"] |= here & ~claimable & (level > 0)
        flags["amount"] |= here & some & (amount < rule.amount_cents_min)
        flags["days"] |= (
            here & some & ~any_by(account, rows & (age >= rule.days_overdue_min), count)
        )
    return join_codes(flags)
