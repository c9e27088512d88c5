"""The least that must be paid to stop what is coming: for whoever asks on the phone."""

from collections.abc import Callable, Iterable
from typing import Any

Row = dict[str, Any]


def least_payment(items: Iterable[Row], counts: Callable[[Row], bool], threshold_cents: int) -> int:
    """Return the smallest payment, naming no invoice, after which what counts is less than a threshold; 0: it is now.

    Such a payment settles the oldest item first (contract, section 3, rule 1), those that do not count, too; so what
    stands before must be paid as well.

    Args:
        items: one account's open items: open_cents, due_on, issued_on, invoice_no.
        counts: whether an item counts towards the threshold.

    >>> from datetime import date
    >>> day = date(2026, 1, 1)
    >>> both = {"due_on": day, "issued_on": day}
    >>> rows = [{"open_cents": c, "invoice_no": n, **both} for n, c in (("1", 500), ("2", 900))]
    >>> least_payment(rows, lambda row: row["invoice_no"] == "2", 600)
    801
    """
    ordered = sorted(items, key=lambda row: (row["due_on"], row["issued_on"], row["invoice_no"]))
    excess = sum(row["open_cents"] for row in ordered if counts(row)) - (threshold_cents - 1)
    paid = 0
    for row in ordered:
        if excess <= 0:
            break
        if counts(row):
            part = min(row["open_cents"], excess)
            excess -= part
            paid += part
        else:
            paid += row["open_cents"]
    return paid
