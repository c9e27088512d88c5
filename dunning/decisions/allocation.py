"""Which money settles which invoice: contract, section 3, rules 1 and 2.

Columnar. Within an account money and debts are two rows of intervals laid along the same line; where they overlap, a
piece
is settled. One account in eight owes anything, so sums per account are taken first and the line is drawn for those
only.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dunning.core.days import Days
from dunning.core.frames import Bucket, Frame
from dunning.core.money import Cents, convert_to_cents
from dunning.core.words import RULES, code
from dunning.decisions.segments import Places, index_rows, running_sum, sum_by

NAMED, OLDEST, CARRIED = (code(RULES, rule) for rule in ("named", "oldest", "carried"))
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Pieces:
    """Settled amounts: debt and money as rows of what was passed in, minor units, the rule that joined them."""

    debt: Places
    money: Places
    amount: Cents
    rule: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Allocation:
    """What is open and what was settled on `as_of`, for accounts that owe; sums for all.

    Attributes:
        items: open items of the bucket (places, ascending).
        open_cents: what is left of each, euro cents.
        carried_minor: what was open of a BGN item at the changeover, stotinki; its amount in cents for a EUR item.
        pieces: item, payment (places), settled_on, amount_minor, is_bgn, rule; of accounts that owe and those asked
            for; ordered by item, settled_on, payment.
        credit_cents: money left over, per account of the bucket.
        books: minor units per line and currency, all accounts.
    """

    items: Places
    open_cents: Cents
    carried_minor: Cents
    pieces: Frame
    credit_cents: Cents
    books: dict[str, int]


def settle(debt_account: Places, debt: Cents, money_account: Places, money: Cents, named: Places) -> Pieces:
    """Settle debts by money within accounts: named debts first, then oldest first in the order given.

    Args:
        debt_account, debt: one row per debt, ascending by account, oldest first within it; minor units, >= 0.
        money_account, money: one row per payment, ascending by account, in the order in which money counts.
        named: row of the debt that a payment names, or -1.
    """
    by_name = _settle_named(debt, money, named)
    debt_left = debt - sum_by(by_name.debt, by_name.amount, len(debt))
    money_left = money - sum_by(by_name.money, by_name.amount, len(money))
    rest = _settle_oldest(debt_account, debt_left, money_account, money_left)
    return Pieces(
        np.r_[by_name.debt, rest.debt],
        np.r_[by_name.money, rest.money],
        np.r_[by_name.amount, rest.amount],
        np.r_[by_name.rule, rest.rule],
    )


def _settle_named(debt: Cents, money: Cents, named: Places) -> Pieces:
    naming = np.flatnonzero(named >= 0)
    naming = naming[np.argsort(named[naming], kind="stable")]
    target = named[naming]
    reached = running_sum(target, money[naming])
    amount = np.minimum(reached, debt[target]) - np.minimum(reached - money[naming], debt[target])
    some = amount > 0
    return Pieces(target[some], naming[some], amount[some], np.full(int(some.sum()), NAMED, np.int8))


def _settle_oldest(debt_account: Places, debt: Cents, money_account: Places, money: Cents) -> Pieces:
    """Overlap the two rows of intervals of each account on one line of its own."""
    accounts = int(max(debt_account[-1:].max(initial=-1), money_account[-1:].max(initial=-1))) + 1
    owed = sum_by(debt_account, debt, accounts)
    paid = sum_by(money_account, money, accounts)
    width = np.maximum(owed, paid)
    origin = np.cumsum(width) - width
    limit = origin + np.minimum(owed, paid)
    debt_end = origin[debt_account] + running_sum(debt_account, debt)
    money_end = origin[money_account] + running_sum(money_account, money)
    ends = np.unique(
        np.r_[np.minimum(debt_end, limit[debt_account]), np.minimum(money_end, limit[money_account])]
    )
    debt_row = np.searchsorted(debt_end, ends)
    money_row = np.searchsorted(money_end, ends)
    inside = (debt_row < len(debt)) & (money_row < len(money))
    ends, debt_row, money_row = ends[inside], debt_row[inside], money_row[inside]
    account = debt_account[debt_row]
    amount = ends - np.maximum(np.r_[np.int64(-1), ends[:-1]], origin[account])
    some = (ends > origin[account]) & (account == money_account[money_row]) & (ends <= limit[account]) & (amount > 0)
    return Pieces(debt_row[some], money_row[some], amount[some], np.full(int(some.sum()), OLDEST, np.int8))


def allocate(bucket: Bucket, as_of: int, euro_from: int, tells: Flags | None = None) -> Allocation:
    """Return what is open, settled and left over in each account of a bucket at the end of `as_of`.

    BGN items and BGN payments dated before `euro_from` settle each other in BGN; then each item's open amount and each
    account's credit is converted once and the same rule goes on in euro. Before `euro_from` the conversion is made at
    `as_of`. What is dated after `as_of`, and a payment with its reversal, do not count.

    Args:
        tells: accounts whose pieces are given even if they owe nothing.

    Source: contract, section 3, rules 1 and 2; ЗЗД art. 76; Закон за въвеждане на еврото.
    """
    return _Ledger(bucket, as_of, euro_from).allocate(tells)


class _Ledger:
    """The live rows of a bucket, split into the two phases."""

    def __init__(self, bucket: Bucket, as_of: int, euro_from: int) -> None:
        items, payments = bucket.items, bucket.payments
        self.bucket, self.accounts = bucket, len(bucket.accounts)
        self.items = np.flatnonzero(items["issued_on"] <= as_of)
        self.item_account = items["account"][self.items]
        self.item_amount = items["amount_minor"][self.items]
        self.item_is_bgn = items["is_bgn"][self.items]
        dated = payments["paid_on"] <= as_of
        self.payments = np.flatnonzero(dated & (payments["reversed_on"] > as_of))
        self.payment_account = payments["account"][self.payments]
        self.payment_amount = payments["amount_minor"][self.payments]
        is_bgn = payments["is_bgn"][self.payments]
        self.is_early = is_bgn & (payments["paid_on"][self.payments] < euro_from)
        self.is_late_bgn = is_bgn & ~self.is_early
        self.named = index_rows(self.items, len(items))[payments["item"][self.payments]]
        reversals = bucket.reversals["paid_on"] <= as_of
        is_undone = dated & (payments["reversed_on"] <= as_of)
        self.reversed = {
            currency: int(
                payments["amount_minor"][is_undone & (payments["is_bgn"] == flag)].sum()
                + bucket.reversals["amount_minor"][reversals & (bucket.reversals["is_bgn"] == flag)].sum()
            )
            for currency, flag in (("BGN", True), ("EUR", False))
        }

    def _sum(self, keys: Places, values: Cents) -> Cents:
        return sum_by(keys, values, self.accounts)

    def _settle_bgn(self, chosen: Flags) -> tuple[Pieces, Places, Places]:
        """Settle the BGN phase of the chosen accounts; pieces speak of rows of the returned debts and moneys."""
        debts = np.flatnonzero(self.item_is_bgn & chosen[self.item_account])
        moneys = np.flatnonzero(self.is_early & chosen[self.payment_account])
        named = index_rows(debts, len(self.items))[self.named[moneys]]
        pieces = settle(
            self.item_account[debts], self.item_amount[debts], self.payment_account[moneys],
            self.payment_amount[moneys], named,
        )
        return pieces, debts, moneys

    def allocate(self, tells: Flags | None) -> Allocation:
        early = np.where(self.is_early, self.payment_amount, 0)
        bgn_owed = self._sum(self.item_account, np.where(self.item_is_bgn, self.item_amount, 0))
        bgn_paid = self._sum(self.payment_account, early)
        owing_bgn = bgn_owed > bgn_paid
        first = self._settle_bgn(owing_bgn)
        carried_minor = np.where(self.item_is_bgn, 0, self.item_amount)
        carried_minor[first[1]] = self.item_amount[first[1]] - sum_by(first[0].debt, first[0].amount, len(first[1]))
        euro_debt = np.where(self.item_is_bgn, convert_to_cents(carried_minor), carried_minor)
        late = np.where(self.is_late_bgn, convert_to_cents(self.payment_amount), self.payment_amount)
        euro_money = np.where(self.is_early, 0, late)
        carried_credit = convert_to_cents(np.maximum(bgn_paid - bgn_owed, 0))
        owed = self._sum(self.item_account, euro_debt)
        paid = self._sum(self.payment_account, euro_money) + carried_credit
        owing = owed > paid
        if tells is not None:
            owing |= tells
        second = self._settle_bgn(owing & ~owing_bgn)
        bgn = [self._as_places(phase, is_bgn=True) for phase in (first, second)]
        euro, open_rows, open_cents = self._settle_euro(owing, euro_debt, euro_money, [first, second])
        pieces = self._frame([part for part in (*bgn, euro)], owing)
        return Allocation(
            items=self.items[open_rows],
            open_cents=open_cents,
            carried_minor=carried_minor[open_rows],
            pieces=pieces,
            credit_cents=np.maximum(paid - owed, 0),
            books=self._books(bgn_owed, bgn_paid, owed, paid, carried_minor, euro_debt, euro_money, carried_credit),
        )

    def _settle_euro(
        self, owing: Flags, euro_debt: Cents, euro_money: Cents, bgn: list[tuple[Pieces, Places, Places]]
    ) -> tuple[dict[str, npt.NDArray], Places, Cents]:
        """Settle the euro phase of accounts that owe; give its pieces, the open rows of `items` and what is open."""
        debts = np.flatnonzero(owing[self.item_account] & (euro_debt > 0))
        moneys = np.flatnonzero(owing[self.payment_account] & ~self.is_early)
        carried, carried_cents = self._carry(owing, bgn)
        rows = np.r_[carried, moneys]
        amounts = np.r_[carried_cents, euro_money[moneys]]
        named = np.r_[
            np.full(len(carried), -1, np.int64), index_rows(debts, len(self.items))[self.named[moneys]]
        ]
        is_carried = np.r_[np.ones(len(carried), np.bool_), np.zeros(len(moneys), np.bool_)]
        order = np.argsort(self.payment_account[rows], kind="stable")
        rows, amounts, named, is_carried = rows[order], amounts[order], named[order], is_carried[order]
        pieces = settle(self.item_account[debts], euro_debt[debts], self.payment_account[rows], amounts, named)
        left = euro_debt[debts] - sum_by(pieces.debt, pieces.amount, len(debts))
        rule = np.where(is_carried[pieces.money], CARRIED, pieces.rule).astype(np.int8)
        settled = Pieces(pieces.debt, pieces.money, pieces.amount, rule)
        is_open = left > 0
        return self._as_places((settled, debts, rows), is_bgn=False), debts[is_open], left[is_open]

    def _carry(self, owing: Flags, bgn: list[tuple[Pieces, Places, Places]]) -> tuple[Places, Cents]:
        """Return what is left of BGN payments of accounts that owe, in order, each with what it adds in cents."""
        rows, left = [], []
        for pieces, _, moneys in bgn:
            remains = self.payment_amount[moneys] - sum_by(pieces.money, pieces.amount, len(moneys))
            kept = (remains > 0) & owing[self.payment_account[moneys]]
            rows.append(moneys[kept])
            left.append(remains[kept])
        row, remains = np.concatenate(rows), np.concatenate(left)
        order = np.argsort(row, kind="stable")
        row, remains = row[order], remains[order]
        reached = running_sum(self.payment_account[row], remains)
        return row, convert_to_cents(reached) - convert_to_cents(reached - remains)

    def _as_places(self, phase: tuple[Pieces, Places, Places], *, is_bgn: bool) -> dict[str, npt.NDArray]:
        pieces, debts, moneys = phase
        return {
            "item": self.items[debts[pieces.debt]],
            "payment": self.payments[moneys[pieces.money]],
            "amount_minor": pieces.amount,
            "is_bgn": np.full(len(pieces.amount), is_bgn),
            "rule": pieces.rule,
        }

    def _frame(self, parts: list[dict[str, npt.NDArray]], owing: Flags) -> Frame:
        joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        items, payments = self.bucket.items, self.bucket.payments
        settled_on: Days = np.maximum(payments["paid_on"][joined["payment"]], items["issued_on"][joined["item"]])
        pieces = Frame({**joined, "settled_on": settled_on})
        kept = np.flatnonzero(owing[items["account"][joined["item"]]])
        order = np.lexsort((joined["payment"][kept], settled_on[kept], joined["item"][kept]))
        return pieces.take(kept[order])

    def _books(
        self, bgn_owed: Cents, bgn_paid: Cents, owed: Cents, paid: Cents, carried_minor: Cents, euro_debt: Cents,
        euro_money: Cents, carried_credit: Cents,
    ) -> dict[str, int]:
        """Return both sides of section 5's balance; the caller compares them."""
        bgn_items = self.item_is_bgn
        late_bgn = int(self.payment_amount[self.is_late_bgn].sum())
        late_cents = int(euro_money[self.is_late_bgn].sum())
        return {
            "BGN.invoiced": int(bgn_owed.sum()),
            "BGN.settled": int(np.minimum(bgn_owed, bgn_paid).sum()),
            "BGN.items_carried_out": int(carried_minor[bgn_items].sum()),
            "BGN.paid": int(bgn_paid.sum()) + late_bgn + self.reversed["BGN"],
            "BGN.reversed": self.reversed["BGN"],
            "BGN.money_carried_out": int(np.maximum(bgn_paid - bgn_owed, 0).sum()) + late_bgn,
            "EUR.invoiced": int(self.item_amount[~bgn_items].sum()),
            "EUR.items_carried_in": int(euro_debt[bgn_items].sum()),
            "EUR.settled": int(np.minimum(owed, paid).sum()),
            "EUR.open": int(np.maximum(owed - paid, 0).sum()),
            "EUR.paid": int(euro_money.sum()) - late_cents + self.reversed["EUR"],
            "EUR.reversed": self.reversed["EUR"],
            "EUR.money_carried_in": int(carried_credit.sum()) + late_cents,
            "EUR.credit": int(np.maximum(paid - owed, 0).sum()),
        }


def amounts_in_euro(bucket: Bucket, items: Places) -> Cents:
    """Return the invoiced amount of each item in euro cents, a BGN amount converted."""
    amount = bucket.items["amount_minor"][items]
    return np.where(bucket.items["is_bgn"][items], convert_to_cents(amount), amount)
