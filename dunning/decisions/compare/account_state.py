"""State of the accounts of a bucket on one night, as far as nights are compared.

Stage, lists, and the facts that led to them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dunning.core.frames import Bucket, Frame
from dunning.core.ladder import RUNG_NAMES
from dunning.core.money import convert_to_cents
from dunning.decisions.account.assessment import Assessment
from dunning.decisions.frames import Decision
from dunning.decisions.lists.proposals import Proposed
from dunning.decisions.segments import sum_by


@dataclass(frozen=True)
class ComparedNight:
    """One of two compared nights, of one bucket.

    accounts: one row per account: premise_no, payer_code (text), stage (words.STAGES), open_cents,
        overdue_cents, reasons, why_not, rule (text), invoiced_cents, credited_cents, paid_cents
        (all dated up to the night, leva converted one by one), way_cents and way_days (a column per
        rung of the ladder: sum and age of the items that count for it).
    proposed: the tables of the lists.
    """

    accounts: Frame
    proposed: Proposed


def summarize_accounts(
    bucket: Bucket, decision: Decision, assessment: Assessment, proposed: Proposed
) -> ComparedNight:
    """Return the state of each account that exists on the day of the decision."""
    own = decision.accounts
    # Facts below are per account of the bucket; `place` selects those that exist on the night.
    place = own["account"]
    named = bucket.accounts.take(place)
    rung_cents, rung_days = _sum_counting_items(assessment, len(bucket.accounts))
    facts: dict[str, Any] = {
        "premise_no": named.text("premise_no"),
        "payer_code": named.text("payer_code"),
        **{
            name: own.columns[name]
            for name in ("stage", "open_cents", "overdue_cents", "reasons", "why_not", "rule")
        },
        **{name: cents[place] for name, cents in _turnover(bucket, decision.as_of).items()},
        "way_cents": rung_cents[place],
        "way_days": rung_days[place],
    }
    return ComparedNight(Frame(facts), proposed)


def _sum_counting_items(
    assessment: Assessment, accounts: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return per account and rung the sum and the age in days of the items that count.

    On the day of the assessment.
    """
    as_of, rows = assessment.as_of, len(assessment.items.account)
    # accounts x rungs: what is left at 0 has no item that counts.
    cents = np.zeros((accounts, len(RUNG_NAMES)), np.int64)
    days = np.zeros((accounts, len(RUNG_NAMES)), np.int64)
    for column, rung in enumerate(RUNG_NAMES):
        counting = assessment.ladder[rung].on(as_of, rows)
        account = assessment.items.account[counting]
        cents[:, column] = sum_by(account, assessment.items.open_cents[counting], accounts)
        # The oldest item gives the age.
        np.maximum.at(
            days[:, column], account, as_of - assessment.items.due_on[counting].astype(np.int64)
        )
    return cents, days


def _turnover(bucket: Bucket, as_of: int) -> dict[str, npt.NDArray[np.int64]]:
    """Return per account what was invoiced, credited and paid up to a day.

    A payment reversed by then was not paid.
    """
    items = bucket.items
    payments = bucket.payments
    accounts = len(bucket.accounts)
    counts = (payments["paid_on"] <= as_of) & (payments["reversed_on"] > as_of)
    return {
        "invoiced_cents": _sum_euro(items.take(items["issued_on"] <= as_of), accounts),
        "credited_cents": _sum_euro(payments.take(counts & payments["is_note"]), accounts),
        "paid_cents": _sum_euro(payments.take(counts & ~payments["is_note"]), accounts),
    }


def _sum_euro(rows: Frame, accounts: int) -> npt.NDArray[np.int64]:
    minor = rows["amount_minor"]
    return sum_by(
        rows["account"], np.where(rows["is_bgn"], convert_to_cents(minor), minor), accounts
    )
