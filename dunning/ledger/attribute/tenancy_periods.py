"""Merge tenancies into tenures, and find the payer responsible for a premise on a day.

A tenure is what tenancies of one payer make together where they adjoin or overlap.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dunning.core.arrays import Days, Places
from dunning.ledger.ordering import order_rows

NONE, SEVERAL = -1, -2
# More than the distance between any two days.
_BEYOND = 2**32


@dataclass(frozen=True)
class Tenures:
    """Merged tenancies by premise; half-open days.

    `first[p]:first[p + 1]` are the rows of premise p.
    """

    first: Places
    payer: Places
    valid_from: Days
    valid_until: Days


def merge_tenancies(
    premise: npt.NDArray, payer: npt.NDArray, valid_from: Days, valid_until: Days, *, premises: int
) -> Tenures:
    """Return the tenures of all premises.

    An empty interval (`valid_until <= valid_from`) covers nothing.

    Args:
        premise, payer: places, one a tenancy.
        valid_from, valid_until: half-open; `NEVER` is open.
        premises: how many premises there are.
    """
    rows = np.flatnonzero(valid_until > valid_from)
    rows = rows[order_rows((premise[rows], payer[rows], valid_from[rows]))]
    premise, payer = premise[rows].astype(np.int64), payer[rows].astype(np.int64)
    start, end = valid_from[rows].astype(np.int64), valid_until[rows].astype(np.int64)
    is_other = np.ones(len(rows), bool)
    is_other[1:] = (premise[1:] != premise[:-1]) | (payer[1:] != payer[:-1])
    # The furthest end so far within a (premise, payer), by one running maximum over all rows: each
    # group is shifted above all days of the groups before it, so that no end reaches into the next
    # one.
    # tenancies   |---- a ----|                    reach:  a
    #                |-- b --|                             a   (b lies within a)
    #                         |--- c ---|                  c   adjoins: same tenure
    #                                       |- d -|        d   begins after reach: a new tenure
    # tenures     |---------------------|   |-----|
    shift = np.cumsum(is_other) * _BEYOND
    reach = np.maximum.accumulate(end + shift) - shift if len(rows) else end
    begins = is_other.copy()
    begins[1:] |= start[1:] > reach[:-1]
    firsts = np.flatnonzero(begins)
    lasts = np.append(firsts[1:], len(rows)) - 1 if len(rows) else firsts
    return Tenures(
        first=np.searchsorted(premise[firsts], np.arange(premises + 1)),
        payer=payer[firsts].astype(np.int32),
        valid_from=start[firsts].astype(np.int32),
        valid_until=reach[lasts].astype(np.int32),
    )


def find_single_payers(tenures: Tenures, premise: npt.NDArray, first: Days, last: Days) -> Places:
    """Return the one payer with a tenure that covers `first` through `last`, both included.

    One row per given premise and period.

    Returns:
        Payer numbers; NONE where no tenure covers it all, SEVERAL where more than one payer's does.
    """
    start, counts = tenures.first[premise], np.diff(tenures.first)[premise]
    found = np.full(len(premise), NONE, np.int32)
    # Turn n looks at the n-th tenure of every premise that has one: as many turns as the most
    # tenures of a premise, each over all rows at once.
    rows, turn = np.flatnonzero(counts > 0), 0
    while rows.size:
        at = start[rows] + turn
        # `last` is included in the period, `valid_until` not in the tenure: hence `<`.
        covers = (tenures.valid_from[at] <= first[rows]) & (last[rows] < tenures.valid_until[at])
        hit = rows[covers]
        found[hit] = np.where(found[hit] == NONE, tenures.payer[at[covers]], SEVERAL)
        turn += 1
        rows = rows[counts[rows] > turn]
    return found
