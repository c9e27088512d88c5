"""Allocate payments to invoices within each account: contract, section 3, rules 1 and 2.

Sums per account come first: an account with enough money for its debts needs no more work. For the
others the open amounts are computed. The settlement pieces are built only for accounts with an open
item past its due day, one account in eight.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dunning.core.arrays import Cents, Days, Flags, Places
from dunning.core.frames import Bucket, Frame
from dunning.core.money import convert_to_cents
from dunning.decisions.account.payment_matching import CARRIED, Pieces, leave_open, settle
from dunning.decisions.segments import (
    any_by,
    bounds_of,
    index_rows,
    order_by,
    running_sum,
    sum_by,
    sum_runs,
)


@dataclass(frozen=True)
class Allocation:
    """Open and settled amounts of accounts that owe, at the end of a day; sums for all accounts.

    Attributes:
        as_of: that day (number).
        items: open items of the bucket (places, ascending).
        open_cents: what is left of each, euro cents.
        carried_minor: what was open of a BGN item at the changeover, stotinki; its amount in cents
            for a EUR item.
        pieces: item, payment (places), settled_on, amount_minor, is_bgn, rule; of accounts with an
            open item due before `as_of` and those asked for; ordered by item, settled_on, payment.
        credit_cents: money left over, per account of the bucket.
        books: minor units per line and currency, all accounts.
    """

    as_of: int
    items: Places
    open_cents: Cents
    carried_minor: Cents
    pieces: Frame
    credit_cents: Cents
    books: dict[str, int]


def allocate(
    bucket: Bucket, as_of: int, euro_from: int, also_pieces_of: Flags | None = None
) -> Allocation:
    """Return what is open, settled and left over in each account of a bucket on `as_of`.

    BGN items and BGN payments dated before `euro_from` settle each other in BGN; then each item's
    open amount and each account's credit is converted once and the same rule goes on in euro.
    Before `euro_from` the conversion is made at `as_of`. Rows dated after `as_of`, and a payment
    with its reversal, do not count. All of this is the state at the end of `as_of`.

    Args:
        also_pieces_of: accounts that get their pieces even if they owe nothing.

    Source: contract, section 3, rules 1 and 2; ЗЗД art. 76; Закон за въвеждане на еврото.
    """
    ledger = _Ledger(bucket, as_of, euro_from)
    #    BGN items   <- BGN money dated before `euro_from`       in stotinki
    #        | open amount, once an item     | credit, once an account
    #        v                               v
    #    all items   <- all later money and the converted credit  in cents
    bgn_owed = ledger.sum_items(np.where(ledger.item_is_bgn, ledger.item_amount, 0))
    bgn_paid = ledger.sum_payments(ledger.early)
    carried_minor = ledger.leave_open(
        np.where(ledger.item_is_bgn, ledger.item_amount, 0),
        ledger.early,
        bgn_paid,
        bgn_owed > bgn_paid,
    )
    euro_debt = np.where(ledger.item_is_bgn, convert_some(carried_minor), ledger.item_amount)
    carried_minor = np.where(ledger.item_is_bgn, carried_minor, ledger.item_amount)
    carried_credit = convert_to_cents(np.maximum(bgn_paid - bgn_owed, 0))
    owed = ledger.sum_items(euro_debt)
    paid = ledger.sum_payments(ledger.euro_money) + carried_credit
    left = ledger.leave_open(euro_debt, ledger.euro_money, paid, owed > paid)
    items = np.flatnonzero(left)
    # Pieces cost most, so they are built only for accounts that have something overdue.
    shown = any_by(
        ledger.item_account[items], bucket.items["due_on"][items] < as_of, ledger.accounts
    )
    if also_pieces_of is not None:
        shown |= also_pieces_of
    return Allocation(
        as_of=as_of,
        items=items,
        open_cents=left[items],
        carried_minor=carried_minor[items],
        pieces=ledger.draw_pieces(shown, euro_debt),
        credit_cents=np.maximum(paid - owed, 0),
        books=ledger.books(
            bgn_owed, bgn_paid, owed, paid, carried_minor, euro_debt, carried_credit
        ),
    )


class _Ledger:
    """The rows of a bucket; a row that does not count on `as_of` has the amount 0."""

    def __init__(self, bucket: Bucket, as_of: int, euro_from: int) -> None:
        items, payments = bucket.items, bucket.payments
        self.bucket, self.accounts = bucket, len(bucket.accounts)
        self.item_account, self.item_is_bgn = items["account"], items["is_bgn"]
        self.item_bounds = bounds_of(self.item_account, self.accounts)
        self.payment_bounds = bounds_of(payments["account"], self.accounts)
        self.item_amount = np.where(items["issued_on"] <= as_of, items["amount_minor"], 0)
        dated = payments["paid_on"] <= as_of
        counts = dated & (payments["reversed_on"] > as_of)
        self.payment_account, self.named = payments["account"], payments["item"]
        self.payment_amount = np.where(counts, payments["amount_minor"], 0)
        # Early BGN money settles BGN items in stotinki. BGN money dated on or after the changeover
        # counts as euro, converted payment by payment.
        is_early = payments["is_bgn"] & (payments["paid_on"] < euro_from)
        self.is_late_bgn = payments["is_bgn"] & ~is_early
        self.early = np.where(is_early, self.payment_amount, 0)
        self.euro_money = self.payment_amount - self.early
        self.euro_money[self.is_late_bgn] = convert_to_cents(self.payment_amount[self.is_late_bgn])
        self.reversed = _reversed(bucket, as_of, np.flatnonzero(dated & ~counts))

    def sum_items(self, values: Cents) -> Cents:
        """Return the sum per account of a value of each item."""
        return sum_runs(self.item_bounds, values)

    def sum_payments(self, values: Cents) -> Cents:
        """Return the sum per account of a value of each payment."""
        return sum_runs(self.payment_bounds, values)

    def leave_open(self, debt: Cents, money: Cents, paid: Cents, chosen: Flags) -> Cents:
        """Return what is left of each item of the chosen accounts, 0 for the others."""
        debts = np.flatnonzero(chosen[self.item_account] & (debt > 0))
        moneys = np.flatnonzero(chosen[self.payment_account] & (money > 0))
        # A payment that names no item, or one that is not chosen, gets -1 (index_rows).
        named = index_rows(debts, len(debt))[self.named[moneys]]
        left = np.zeros(len(debt), np.int64)
        left[debts] = leave_open(self.item_account[debts], debt[debts], paid, named, money[moneys])
        return left

    def draw_pieces(self, chosen: Flags, euro_debt: Cents) -> Frame:
        """Return the settlement pieces of the chosen accounts, in both currencies."""
        items = np.flatnonzero(chosen[self.item_account])
        moneys = np.flatnonzero(chosen[self.payment_account])
        bgn_items = items[self.item_is_bgn[items]]
        early = moneys[self.early[moneys] > 0]
        bgn = self._settle(bgn_items, self.item_amount[bgn_items], early, self.early[early])
        carried, carried_cents = self._carry(bgn, early)
        debts = items[euro_debt[items] > 0]
        later = moneys[self.euro_money[moneys] > 0]
        rows = np.r_[carried, later]
        amounts = np.r_[carried_cents, self.euro_money[later]]
        # The sort is stable: within an account the carried credit stays before later money.
        order = np.argsort(self.payment_account[rows], kind="stable")
        is_carried = (np.arange(len(rows)) < len(carried))[order]
        # Carried credit goes to the oldest items; only later money may name one.
        euro = self._settle(debts, euro_debt[debts], rows[order], amounts[order], ~is_carried)
        euro = replace(
            euro, rule=np.where(is_carried[euro.money], CARRIED, euro.rule).astype(np.int8)
        )
        return self._frame(
            [_places(bgn, bgn_items, early, True), _places(euro, debts, rows[order], False)]
        )

    def _settle(
        self,
        debts: Places,
        debt: Cents,
        moneys: Places,
        money: Cents,
        may_name: Flags | bool = True,
    ) -> Pieces:
        named = np.where(
            may_name, index_rows(debts, len(self.item_account))[self.named[moneys]], -1
        )
        return settle(self.item_account[debts], debt, self.payment_account[moneys], money, named)

    def _carry(self, bgn: Pieces, moneys: Places) -> tuple[Places, Cents]:
        """Return the rest of each BGN payment, in order, and the cents that it adds."""
        remains = self.early[moneys] - sum_by(bgn.money, bgn.amount, len(moneys))
        row, remains = moneys[remains > 0], remains[remains > 0]
        # Differences of converted running sums: the parts add up to the credit converted once.
        reached = running_sum(self.payment_account[row], remains)
        return row, convert_to_cents(reached) - convert_to_cents(reached - remains)

    def _frame(self, parts: list[dict[str, npt.NDArray]]) -> Frame:
        joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        items, payments = self.bucket.items, self.bucket.payments
        # Money paid in advance settles an item on the day of its issue.
        settled_on: Days = np.maximum(
            payments["paid_on"][joined["payment"]], items["issued_on"][joined["item"]]
        )
        pieces = Frame({**joined, "settled_on": settled_on})
        return pieces.take(order_by(joined["item"], settled_on, joined["payment"]))

    def books(
        self,
        bgn_owed: Cents,
        bgn_paid: Cents,
        owed: Cents,
        paid: Cents,
        carried_minor: Cents,
        euro_debt: Cents,
        carried_credit: Cents,
    ) -> dict[str, int]:
        """Return both sides of section 5's balance; the caller compares them."""
        late_bgn = int(self.payment_amount[self.is_late_bgn].sum())
        late_cents = int(self.euro_money[self.is_late_bgn].sum())
        euro_invoiced = int(self.item_amount.sum()) - int(bgn_owed.sum())
        return {
            "BGN.invoiced": int(bgn_owed.sum()),
            "BGN.settled": int(np.minimum(bgn_owed, bgn_paid).sum()),
            "BGN.items_carried_out": int(carried_minor.sum()) - euro_invoiced,
            "BGN.paid": int(bgn_paid.sum()) + late_bgn + self.reversed["BGN"],
            "BGN.reversed": self.reversed["BGN"],
            "BGN.money_carried_out": int(np.maximum(bgn_paid - bgn_owed, 0).sum()) + late_bgn,
            "EUR.invoiced": euro_invoiced,
            "EUR.items_carried_in": int(euro_debt.sum()) - euro_invoiced,
            "EUR.settled": int(np.minimum(owed, paid).sum()),
            "EUR.open": int(np.maximum(owed - paid, 0).sum()),
            "EUR.paid": int(self.euro_money.sum()) - late_cents + self.reversed["EUR"],
            "EUR.reversed": self.reversed["EUR"],
            "EUR.money_carried_in": int(carried_credit.sum()) + late_cents,
            "EUR.credit": int(np.maximum(paid - owed, 0).sum()),
        }


def _places(pieces: Pieces, debts: Places, moneys: Places, is_bgn: bool) -> dict[str, npt.NDArray]:
    return {
        "item": debts[pieces.debt],
        "payment": moneys[pieces.money],
        "amount_minor": pieces.amount,
        "is_bgn": np.full(len(pieces.amount), is_bgn),
        "rule": pieces.rule,
    }


def _reversed(bucket: Bucket, as_of: int, undone: Places) -> dict[str, int]:
    """Return per currency the sum of reversed payments and reversals; 0 where all fit."""
    reversals = bucket.reversals
    is_dated = reversals["paid_on"] <= as_of
    sums = {}
    for currency, flag in (("BGN", True), ("EUR", False)):
        of_payments = undone[bucket.payments["is_bgn"][undone] == flag]
        of_reversals = is_dated & (reversals["is_bgn"] == flag)
        sums[currency] = int(
            bucket.payments["amount_minor"][of_payments].sum()
            + reversals["amount_minor"][of_reversals].sum()
        )
    return sums


def convert_some(stotinki: Cents) -> Cents:
    """Return euro cents for a column of stotinki, most of which are 0."""
    cents = np.zeros(len(stotinki), np.int64)
    some = np.flatnonzero(stotinki)
    cents[some] = convert_to_cents(stotinki[some])
    return cents


def amounts_in_euro(bucket: Bucket, items: Places) -> Cents:
    """Return the invoiced amount of each item in euro cents; BGN amounts are converted."""
    amount = bucket.items["amount_minor"][items]
    return np.where(bucket.items["is_bgn"][items], convert_to_cents(amount), amount)
