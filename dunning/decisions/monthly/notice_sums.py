"""Sums and days of a notice: new, owed, paid, agreed, and those of the last warning."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Cents, Days, Flags, Places
from dunning.core.days import NEVER
from dunning.core.frames import Bucket, Frame
from dunning.core.ladder import LAST_WARNING
from dunning.core.words import NOTICE_STAGES, PROTECTIONS, code
from dunning.decisions.account.allocation import convert_some
from dunning.decisions.account.assessment import Assessment
from dunning.decisions.frames import Decision
from dunning.decisions.segments import (
    any_by,
    earliest_by,
    index_rows,
    latest_by,
    or_never,
    running_sum,
    sum_by,
)
from dunning.policy.rules import Rules

_LAST_WARNING = code(NOTICE_STAGES, LAST_WARNING)
_AGREEMENT = code(PROTECTIONS, "agreement")


def sum_documents(documents: Frame, accounts: Places, size: int) -> Frame:
    """Return per account the number, period and due day of its new documents.

    Columns: new_items, period_from, period_to and due_on; `NEVER` where unknown.

    due_on is the first day by which one of them is to be paid. A document that was shown late,
    after its day had passed, is overdue and gets no new day; one that is held, agreed upon, expired
    or settled has none either.

    Args:
        documents: as `find_document_states` gives them. size: accounts of the bucket.
    """
    row, count = index_rows(accounts, size)[documents["account"]], len(accounts)
    ends = np.where(documents["period_to"] == NEVER, -NEVER, documents["period_to"]).astype(
        np.int32
    )
    return Frame(
        {
            "new_items": np.bincount(row, minlength=count).astype(np.int32),
            "period_from": earliest_by(row, documents["period_from"], count),
            "period_to": or_never(latest_by(row, ends, count)),
            "due_on": earliest_by(row, documents["pay_on"], count),
        }
    )


def sum_debts(bucket: Bucket, decision: Decision, accounts: Places) -> Frame:
    """Return per account the sums of its open items by what is asked of them.

    To pay, overdue, expired, held, or under a kept agreement.

    Columns: total_cents, overdue_cents, overdue_items, oldest_due_on, interest_cents,
    expired_cents, expired_items, held_cents, plan_cents. Interest is that of the overdue items
    which have not expired; total, expired, held and plan make up all that is open.
    """
    items, count = decision.open_items, len(accounts)
    row = index_rows(accounts, len(bucket.accounts))[items["account"]]
    is_asked, protection = row >= 0, items["shield"]
    is_free = is_asked & (protection == 0)
    demanded = is_asked & items["is_overdue"] & ~items["is_expired"]
    gone = is_free & items["is_expired"]

    def cents(chosen: Flags, name: str = "open_cents") -> Cents:
        return sum_by(row[chosen], items[name][chosen], count)

    def items_of(chosen: Flags) -> npt.NDArray[np.int32]:
        return np.bincount(row[chosen], minlength=count).astype(np.int32)

    return Frame(
        {
            "total_cents": cents(is_free & ~items["is_expired"]),
            "overdue_cents": cents(demanded),
            "overdue_items": items_of(demanded),
            "oldest_due_on": earliest_by(
                row[demanded], bucket.items["due_on"][items["item"][demanded]], count
            ),
            "interest_cents": cents(demanded, "interest_cents"),
            "expired_cents": cents(gone),
            "expired_items": items_of(gone),
            "held_cents": cents(is_asked & (protection != 0) & (protection != _AGREEMENT)),
            "plan_cents": cents(is_asked & (protection == _AGREEMENT)),
        }
    )


def sum_payments(bucket: Bucket, accounts: Places, since: int, as_of: int) -> Cents:
    """Return what each account paid after `since` and up to `as_of`, in euro cents.

    BGN payments are converted one by one.

    Credit notes are no payments, and neither is a payment that was reversed.
    """
    money = bucket.payments
    row = index_rows(accounts, len(bucket.accounts))[money["account"]]
    counts = (
        (row >= 0) & ~money["is_note"] & (money["paid_on"] > since) & (money["paid_on"] <= as_of)
    )
    counts &= money["reversed_on"] > as_of
    paid, of = money.take(counts), row[counts]
    in_bgn = convert_some(np.where(paid["is_bgn"], paid["amount_minor"], 0))
    return sum_by(of, np.where(paid["is_bgn"], in_bgn, paid["amount_minor"]), len(accounts))


def next_instalments(bucket: Bucket, assessment: Assessment, accounts: Places) -> Frame:
    """Return the next instalment of each account's kept agreements.

    Columns: instalment_cents, instalment_on, agreement_no.

    The first (by due_on, seq) with a running sum above what was settled on the agreement, and what
    of it is missing. Of several agreements the one that is due first, of those the one that was
    applied for first. An agreement under which nothing is open has no next instalment. 0, `NEVER`
    and null without.
    """
    state, instalments = assessment.protections.agreements, bucket.instalments
    agreement = instalments["agreement"]
    reached = running_sum(agreement, instalments["amount_cents"])
    runs = state.is_kept & _has_open_items(bucket, assessment)
    # running sum   |-- 1 --|-- 2 --|-- 3 --|
    # settled       |==========|                 next: 2, less what of it is settled
    wanted = np.flatnonzero(runs[agreement] & (reached > state.settled_cents[agreement]))
    row = index_rows(accounts, len(bucket.accounts))[
        bucket.agreements["account"][agreement[wanted]]
    ]
    wanted, row = wanted[row >= 0], row[row >= 0]
    # By account, due day, then place: agreements are in order of applied_on.
    first = np.lexsort((wanted, instalments["due_on"][wanted], row))
    # The first of each account; the slice keeps the mask empty where there is none.
    first = first[np.r_[True, row[first[1:]] != row[first[:-1]]][: len(first)]]
    place = np.full(len(accounts), -1, np.int64)
    place[row[first]] = wanted[first]
    # The appended values are what place -1 (no instalment) reads.
    missing = np.r_[reached - state.settled_cents[agreement], np.int64(0)]
    signed = np.r_[agreement, np.int32(-1)][place]
    return Frame(
        {
            "instalment_cents": missing[place],
            "instalment_on": np.r_[instalments["due_on"], np.int32(NEVER)][place],
            "agreement_no": bucket.agreements.text("agreement_no").take(
                pa.array(signed, mask=signed < 0)
            ),
        }
    )


def _has_open_items(bucket: Bucket, assessment: Assessment) -> Flags:
    agreed = bucket.agreement_items
    is_open = index_rows(assessment.allocation.items, len(bucket.items))[agreed["item"]] >= 0
    return any_by(agreed["agreement"], is_open, len(bucket.agreements))


def last_warnings(
    bucket: Bucket,
    decision: Decision,
    history: Frame,
    rules: Rules,
    warned: Places,
    accounts: Places,
) -> Frame:
    """Return the last warning on record of each account.

    Columns: warned_on, answer_until, warned_cents.

    The newest `final_warning` notice of the history, sent up to `as_of`, not failed and not too
    old; of several of one day the one that leaves most time to answer. It names the items that were
    overdue when it was sent; the sum is that of those that may be claimed still. `NEVER`, `NEVER`
    and 0 without, and where the sum is too small for the court that the warning announces.

    Args:
        warned: the accounts (of `accounts`) with a notice that may mention it.
    """
    size, as_of = len(bucket.accounts), decision.as_of
    may_mention = index_rows(warned, size)[history["account"]] >= 0
    sent = history.take(may_mention & _is_valid_warning(history, rules, as_of))
    warned_on = latest_by(sent["account"], sent["sent_on"], size)
    newest = sent.take(sent["sent_on"] == warned_on[sent["account"]])
    until = latest_by(newest["account"], _answer_until(newest, rules, as_of), size)
    items = decision.open_items
    named = items.take(
        items["may_be_claimed"]
        & (bucket.items["due_on"][items["item"]] < warned_on[items["account"]])
    )
    cents = sum_by(named["account"], named["open_cents"], size)
    is_warned = cents[accounts] >= rules.stages.court_bound.amount_cents_min
    return Frame(
        {
            "warned_on": np.where(is_warned, warned_on[accounts], NEVER).astype(np.int32),
            "answer_until": np.where(is_warned, until[accounts], NEVER).astype(np.int32),
            "warned_cents": np.where(is_warned, cents[accounts], 0),
        }
    )


def _is_valid_warning(history: Frame, rules: Rules, as_of: int) -> Flags:
    """Return which notices are last warnings sent up to a day, not failed and not too old."""
    return (
        (history["stage"] == _LAST_WARNING)
        & (history["sent_on"] <= as_of)
        & (history["failed_on"] > as_of)
        & (as_of - history["sent_on"] <= rules.stages.notice_valid_days)
    )


def _answer_until(sent: Frame, rules: Rules, as_of: int) -> Days:
    """Return until when each last warning may be answered.

    The court stage's days after it counts as served.
    """
    wait = rules.service.served_after_days
    place = pc.index_in(sent.text("channel"), value_set=pa.array(list(wait), pa.string()))
    place = pc.fill_null(place, -1).to_numpy(zero_copy_only=False)
    # The appended 0 is what an unknown channel (-1) reads.
    by_rule = sent["sent_on"] + np.array([*wait.values(), 0], np.int32)[place]
    served_on = np.where(
        sent["served_on"] <= as_of, sent["served_on"], by_rule
    )  # after `as_of`: not served yet
    return (served_on + rules.stages.court_bound.served_days_min).astype(np.int32)
