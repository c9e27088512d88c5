"""What is in force on a day, value by value."""

from datetime import date

from dunning.policy.policies import load_policy
from dunning.policy.schema import SHAPES
from dunning.policy.show import show_rows

DAY = date(2026, 11, 22)


def test_every_value_is_shown_with_source_day_and_confidence() -> None:
    rows = show_rows(load_policy(), DAY)
    assert {row.file for row in rows} == {f"{name}.toml" for name in SHAPES}
    fee = next(row for row in rows if row.key == "state_fee_cents_min")
    assert (fee.value, fee.unit, fee.effective_from, fee.until) == (
        1278,
        "cents",
        date(2026, 1, 1),
        None,
    )
    assert (fee.confidence, fee.reason) == (
        "uncertain",
        "Не е потвърдено дали тарифата има нова кръгла сума в евро.",
    )
    grace = next(row for row in rows if row.key == "grace_days")
    assert (grace.value, grace.unit, grace.confidence) == (3, "days", "confirmed")


def test_rates_are_shown_up_to_the_day() -> None:
    rates = [row for row in show_rows(load_policy(), date(2025, 7, 1)) if row.key == "rate_percent"]
    assert (rates[-1].effective_from, rates[-1].until) == (date(2025, 7, 1), date(2026, 1, 1))
