"""Statutory default interest of open items: contract, section 3, rule 3.

Simple, actual/360, by the rate of each day, in exact integers, rounded half-up once per item. A
piece of principal bears from one day to another at rates that change on fixed days, so the sum of
rates over all days up to d, R(d), is enough: interest = principal x (R(to) - R(from - 1)). An
amount paid on day d still bears interest for day d.
"""

from dataclasses import dataclass
from decimal import Decimal
from math import gcd

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.arrays import Cents, Days, Flags, Ints, Places
from dunning.core.days import NEVER, to_date, to_day
from dunning.core.errors import DunningError
from dunning.core.frames import Bucket, Frame
from dunning.core.money import BGN_PER_EUR, convert_to_cents
from dunning.core.words import ITEM_KINDS, code
from dunning.decisions.account.allocation import Allocation
from dunning.decisions.segments import index_rows, pair_up, sum_by
from dunning.policy.rules import Interest, Rules

_DECIMALS = 2  # of a yearly rate in percent


@dataclass(frozen=True)
class RateSums:
    """R(d): the sum of daily rates from the first rate through day d.

    A daily rate is the yearly percent x 100. One row per rate: its first day, the rate, and the sum
    of all days before it.
    """

    first_days: npt.NDArray[np.int64]
    rates: npt.NDArray[np.int64]
    before: npt.NDArray[np.int64]

    @classmethod
    def of(cls, rule: Interest) -> "RateSums":
        """Return the sums of a policy's rates.

        Raises DunningError for a rate with more than two decimals.
        """
        first_days = np.array([to_day(first) for first, _ in rule.rates], np.int64)
        scaled = [rate * 10**_DECIMALS for _, rate in rule.rates]
        if any(rate != int(rate) for rate in scaled):
            raise DunningError(
                "interest.toml: a rate has more than two decimals. Give at most two."
            )
        rates = np.array([int(rate) for rate in scaled], np.int64)
        # rates    |---- r0 ----|------ r1 ------|--- r2 ...
        # before   0            r0 x days        + r1 x days
        before = np.r_[0, np.cumsum(rates[:-1] * np.diff(first_days))]
        return cls(first_days, rates, before)

    def through(self, days: Places | int) -> Cents:
        """Return R(d) for each day; 0 before the first rate."""
        days = np.asarray(days, np.int64)
        version = np.searchsorted(self.first_days, days, side="right") - 1
        at = np.maximum(version, 0)
        return np.where(
            version < 0, 0, self.before[at] + self.rates[at] * (days - self.first_days[at] + 1)
        )

    def between(self, from_on: Places, to_on: Places | int) -> Cents:
        """Return the sum of rates from `from_on` through `to_on`; 0 where the interval is empty."""
        sums = self.through(to_on) - self.through(np.asarray(from_on, np.int64) - 1)
        return np.where(np.asarray(from_on) <= np.asarray(to_on), sums, 0)


def accrue_from(bucket: Bucket, items: Places, rule: Interest, equalised_on: Days) -> Days:
    """Return the first day on which each item bears interest; `NEVER` if it bears none.

    Args:
        items: places of items.
        equalised_on: due day of the equalisation bill of each item's season; `NEVER` where there is
            none.
    """
    kind, due_on = bucket.items["kind"][items], bucket.items["due_on"][items]
    bears = np.isin(kind, [code(ITEM_KINDS, name) for name in rule.kinds])
    late = np.isin(kind, [code(ITEM_KINDS, name) for name in rule.kinds_after_equalisation])
    after_equalisation = np.where(
        equalised_on == NEVER, NEVER, np.maximum(due_on, equalised_on) + 1
    )
    return np.where(bears, due_on + 1, np.where(late, after_equalisation, NEVER)).astype(np.int32)


def accrue_interest(
    bucket: Bucket, allocation: Allocation, rules: Rules, equalised_on: Days
) -> Cents:
    """Return the interest of each open item through `allocation.as_of`, in euro cents.

    Aligned with `allocation.items`.

    Days before the changeover of a BGN item bear on its open BGN amount / 1.95583, unrounded; later
    days on its converted cents. Raises DunningError for a day before the first rate.

    Source: ЗЗД art. 86; ПМС 426/2014 and 347/2025.
    """
    rule, items = rules.interest, allocation.items
    as_of, euro_from = allocation.as_of, to_day(rules.changeover.euro_from)
    sums = RateSums.of(rule)
    first = accrue_from(bucket, items, rule, equalised_on)
    _require_rates(first[first <= as_of], sums)
    is_bgn = bucket.items["is_bgn"][items]
    # The whole amount bears from `first` on; each settled piece is taken off from the day after:
    #
    # amount          |=====================================|   first .. as_of
    # - piece                     |=========================|   settled_on + 1 .. as_of
    # BGN | EUR       |------ stotinki ------|--- cents ----|   split at `euro_from`
    #
    # For an item in euro `last_bgn` is day 0, before any item: the BGN interval is empty.
    last_bgn = np.where(is_bgn, min(as_of, euro_from - 1), 0)
    first_euro = np.where(is_bgn, np.maximum(first, euro_from), first)
    amount = bucket.items["amount_minor"][items]
    # `carried` is what BGN money left open, so BGN pieces relieve the BGN days alone.
    carried = np.where(is_bgn, convert_to_cents(allocation.carried_minor), amount)
    bgn = np.where(is_bgn, amount * sums.between(first, last_bgn), 0)
    euro = carried * sums.between(first_euro, as_of)
    piece_bgn, piece_euro = _relief(bucket, allocation, sums, first, first_euro, last_bgn, as_of)
    return _round_once(euro - piece_euro, bgn - piece_bgn, rule.day_count)


def _relief(
    bucket: Bucket,
    allocation: Allocation,
    sums: RateSums,
    first: Days,
    first_euro: Days,
    last_bgn: Days,
    as_of: int,
) -> tuple[Cents, Cents]:
    """Return what the settled pieces of each open item no longer bear, BGN and EUR apart.

    As amount x rate sums.
    """
    row = index_rows(allocation.items, len(bucket.items))
    at = row[allocation.pieces["item"]]
    pieces = allocation.pieces.take(at >= 0)
    at = at[at >= 0]
    after = pieces["settled_on"] + 1
    is_bgn, amount = pieces["is_bgn"], pieces["amount_minor"]
    bgn = np.where(is_bgn, amount * sums.between(np.maximum(first[at], after), last_bgn[at]), 0)
    euro = np.where(is_bgn, 0, amount * sums.between(np.maximum(first_euro[at], after), as_of))
    return sum_by(at, bgn, len(first)), sum_by(at, euro, len(first))


def _require_rates(first: Days, sums: RateSums) -> None:
    if len(first) and int(first.min()) < sums.first_days[0]:
        raise DunningError(
            f"interest.toml: no rate for {to_date(int(first.min()))}; the first holds from "
            f"{to_date(int(sums.first_days[0]))}. Add a version for the earlier days."
        )


def _round_once(euro: Cents, bgn: Cents, day_count: int) -> Cents:
    """Return cents for cent-rate-days and stotinki-rate-days, rounded half-up once."""
    # Rate x 100, percent, and days a year.
    divisor = 10**_DECIMALS * 100 * day_count
    rate = BGN_PER_EUR.as_integer_ratio()
    shared = gcd(rate[1], divisor * rate[0])
    times, bgn_divisor = rate[1] // shared, divisor * rate[0] // shared
    bgn = bgn * times
    # Whole cents apart from the rests over a common denominator: the products fit into int64.
    whole = euro // divisor + bgn // bgn_divisor
    rest = (euro % divisor) * bgn_divisor + (bgn % bgn_divisor) * divisor
    both = divisor * bgn_divisor
    return whole + (2 * rest + both) // (2 * both)


def interest_segments(
    bucket: Bucket, allocation: Allocation, rules: Rules, chosen: Places, equalised_on: Days
) -> Frame:
    """Return the segments of equal principal and rate of chosen open items.

    Args:
        chosen: rows of `allocation.items`.
        equalised_on: aligned with `allocation.items`.

    Returns:
        One row per item and segment, ordered: item (place), from_on, to_on (inclusive), days,
        rate_percent (text), principal_minor, is_bgn. The changeover begins a new segment. Days
        without principal give no row.
    """
    as_of, euro_from = allocation.as_of, to_day(rules.changeover.euro_from)
    items = allocation.items[chosen]
    first = accrue_from(bucket, items, rules.interest, equalised_on[chosen])
    sums = RateSums.of(rules.interest)
    row_of = index_rows(items, len(bucket.items))
    owner = row_of[allocation.pieces["item"]]
    own = allocation.pieces.take(owner >= 0)
    owner = owner[owner >= 0]
    marks = np.r_[sums.first_days, euro_from]
    row, from_on = _start_segments(first, marks, owner, own["settled_on"], as_of)
    # The last segment of an item ends on `as_of`, any other on the day before the next.
    ends_here = np.r_[row[1:] != row[:-1], True] if len(row) else np.zeros(0, np.bool_)
    to_on = np.where(ends_here, as_of, np.r_[from_on[1:], 0][: len(from_on)] - 1)
    principal, is_bgn = _principal(bucket, allocation, chosen, own, owner, row, from_on, euro_from)
    version = np.searchsorted(sums.first_days, from_on, side="right") - 1
    percents = [_percent(rate) for _, rate in rules.interest.rates]
    kept = principal > 0
    return Frame(
        {
            "item": items[row][kept],
            "from_on": from_on[kept].astype(np.int32),
            "to_on": to_on[kept].astype(np.int32),
            "days": (to_on - from_on + 1)[kept].astype(np.int32),
            "rate_percent": pa.array(percents, pa.string()).take(pa.array(version[kept])),
            "principal_minor": principal[kept],
            "is_bgn": is_bgn[kept],
        }
    )


def _start_segments(
    first: Days, marks: Ints, owner: Places, settled_on: Days, as_of: int
) -> tuple[Ints, Ints]:
    """Return item (row of `first`) and first day of each segment, by item, then day.

    Args:
        first: first day of interest of each item.
        marks: days on which a segment begins for every item.
        owner, settled_on: of each settled piece, its item (row of `first`) and its day.
    """
    # A new segment starts on each day on which rate, currency or principal changes:
    #
    # rates, changeover   |          |        |
    # settled pieces           |                  |     (the day after)
    # segments            |----|-----|--------|---|--| as_of
    items = np.arange(len(first))
    rows = np.r_[np.repeat(items, len(marks)), owner, items]
    days = np.r_[
        np.tile(marks, len(first)), settled_on.astype(np.int64) + 1, first.astype(np.int64)
    ]
    inside = (days >= first[rows]) & (days <= as_of)
    # Item and day in one int64: `unique` sorts by item, then day, and drops equal starts.
    starts = np.unique(rows[inside].astype(np.int64) << 32 | days[inside])
    return starts >> 32, starts & (2**32 - 1)


def _principal(
    bucket: Bucket,
    allocation: Allocation,
    chosen: Places,
    own: Frame,
    owner: Places,
    row: Places,
    from_on: Places,
    euro_from: int,
) -> tuple[Cents, Flags]:
    """Return what was open at the start of each segment and whether it is in stotinki."""
    items = allocation.items[chosen]
    is_bgn = bucket.items["is_bgn"][items][row] & (from_on < euro_from)
    amount = bucket.items["amount_minor"][items]
    carried = np.where(
        bucket.items["is_bgn"][items], convert_to_cents(allocation.carried_minor[chosen]), amount
    )
    base = np.where(is_bgn, amount[row], carried[row])
    left, piece = pair_up(row, owner)
    counts = (own["settled_on"][piece] < from_on[left]) & (own["is_bgn"][piece] == is_bgn[left])
    return base - sum_by(left[counts], own["amount_minor"][piece[counts]], len(row)), is_bgn


def _percent(rate: Decimal) -> str:
    return f"{rate.normalize():f}".replace(".", ",")
