"""The least payment: paid by the contract's own order, what counts is below the threshold, and a cent less is not."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dunning.decisions.least_payment import least_payment

DAY = date(2026, 1, 1)
ITEMS = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 900), st.booleans()), max_size=8)


def rows_of(items: list[tuple[int, int, bool]]) -> list[dict[str, Any]]:
    return [
        {
            "invoice_no": f"{n}", "due_on": DAY + timedelta(days=due), "issued_on": DAY, "open_cents": cents,
            "counts": counts,
        }
        for n, (due, cents, counts) in enumerate(items)
    ]  # fmt: skip


def counted_after(rows: list[dict[str, Any]], paid: int) -> int:
    """What still counts after a payment that names nothing."""
    left = 0
    for row in sorted(rows, key=lambda row: (row["due_on"], row["issued_on"], row["invoice_no"])):
        settled = min(paid, row["open_cents"])
        paid -= settled
        left += (row["open_cents"] - settled) * row["counts"]
    return left


@given(items=ITEMS, threshold=st.integers(1, 1500))
def test_it_is_enough_and_a_cent_less_is_not(items: list[tuple[int, int, bool]], threshold: int) -> None:
    rows = rows_of(items)
    paid = least_payment(rows, lambda row: row["counts"], threshold)
    assert counted_after(rows, paid) < threshold
    assert paid == 0 or counted_after(rows, paid - 1) >= threshold
