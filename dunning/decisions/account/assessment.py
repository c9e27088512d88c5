"""Assessment: all facts of the accounts of a bucket before a decision, by sections 3 and 4."""

from dataclasses import dataclass

import numpy as np

from dunning.core.arrays import Cents, Days, Flags, Places
from dunning.core.days import NEVER, to_day
from dunning.core.errors import DunningError
from dunning.core.frames import Bucket, Frame
from dunning.core.words import ITEM_KINDS, PAYOUT, code
from dunning.decisions.account.allocation import Allocation, allocate
from dunning.decisions.account.interest import accrue_interest
from dunning.decisions.account.limitation import limit_items
from dunning.decisions.account.protections import ItemProtections, protect_items
from dunning.decisions.account.stages import (
    Ladder,
    OpenItems,
    claimable_kinds,
    climb,
    find_reached,
    stage_days,
)
from dunning.policy.rules import Rules


@dataclass(frozen=True)
class Assessment:
    """All facts behind a decision; read by `explain` and by the lists.

    allocation: with the day of the assessment.
    equalised_on: due day of the season's equalisation bill per open item; `NEVER` where there is
    none.
    reached: per rung, which accounts reach it on `as_of`. days_next: per rung, the first later day
    on which they do.
    """

    allocation: Allocation
    interest_cents: Cents
    equalised_on: Days
    protections: ItemProtections
    items: OpenItems
    ladder: Ladder
    reached: dict[str, Flags]
    days_next: dict[str, Days]
    history: Frame

    @property
    def as_of(self) -> int:
        """The day (number); the facts hold at its end."""
        return self.allocation.as_of


def assess(bucket: Bucket, as_of: int, rules: Rules, history: Frame) -> Assessment:
    """Return the assessment of a bucket: open items, interest, protections, stages reached."""
    # Agreements need settlement pieces even where their account owes nothing.
    has_agreement = np.zeros(len(bucket.accounts), np.bool_)
    has_agreement[bucket.agreements["account"]] = True
    allocation = allocate(bucket, as_of, to_day(rules.changeover.euro_from), has_agreement)
    check_books(allocation.books)
    equalised_on = find_equalisations(bucket, allocation.items, as_of)
    interest = accrue_interest(bucket, allocation, rules, equalised_on)
    limitation_on = limit_items(bucket, allocation.items, rules.limitation, as_of)
    protections = protect_items(bucket, allocation, rules)
    due_on = bucket.items["due_on"][allocation.items]
    kind = bucket.items["kind"][allocation.items]
    overdue_from = np.where(
        kind == code(ITEM_KINDS, PAYOUT), NEVER, np.maximum(due_on + 1, protections.free_on)
    )
    items = OpenItems(
        account=bucket.items["account"][allocation.items],
        due_on=due_on,
        open_cents=allocation.open_cents,
        overdue_from=overdue_from.astype(np.int32),
        limitation_on=limitation_on,
        is_claimable_kind=claimable_kinds(kind, equalised_on, rules.stages),
    )
    ladder = climb(bucket, items, history, rules, as_of)
    count = len(bucket.accounts)
    reached = find_reached(items, ladder, rules.stages, count, as_of)
    # From tomorrow on: the stage of `as_of` itself is `reached`.
    later = stage_days(items, ladder, rules.stages, count, as_of + 1)
    return Assessment(
        allocation, interest, equalised_on, protections, items, ladder, reached, later, history
    )


def find_equalisations(bucket: Bucket, items: Places, as_of: int) -> Days:
    """Return the due day of the earliest due equalisation bill of each item's season.

    Of the item's account; `NEVER` if there is none.
    """
    known = bucket.equalisations.take(bucket.equalisations["issued_on"] <= as_of)
    season = bucket.items["season"][items].astype(np.int64)
    # Account and season in one int64. 0xFFFF is the season of no bill.
    key = bucket.items["account"][items].astype(np.int64) << 16 | np.where(
        season < 0, 0xFFFF, season
    )
    bills = known["account"].astype(np.int64) << 16 | known["season"].astype(np.int64)
    order = np.lexsort((known["due_on"], bills))
    bills, due_on = bills[order], known["due_on"][order]
    # Sorted by due day within a key, so the first match is the earliest due.
    at = np.searchsorted(bills, key)
    if len(bills) == 0:
        return np.full(len(items), NEVER, np.int32)
    found = np.minimum(at, len(bills) - 1)
    return np.where((at < len(bills)) & (bills[found] == key), due_on[found], NEVER).astype(
        np.int32
    )


def check_books(books: dict[str, int]) -> None:
    """Raise DunningError if the two sides of a bucket differ by a cent."""
    balances = (
        (
            "BGN invoiced",
            books["BGN.invoiced"],
            books["BGN.settled"] + books["BGN.items_carried_out"],
        ),
        (
            "EUR invoiced",
            books["EUR.invoiced"] + books["EUR.items_carried_in"],
            books["EUR.settled"] + books["EUR.open"],
        ),
        (
            "BGN paid",
            books["BGN.paid"],
            books["BGN.settled"] + books["BGN.money_carried_out"] + books["BGN.reversed"],
        ),
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
