"""What the morning hears of the statutory rate."""

from datetime import date

import pytest

from dunning.policy.policies import load_policy
from dunning.policy.warnings import find_doubts


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (date(2026, 6, 30), []),
        (
            date(2026, 7, 1),
            [
                "Законната лихва 10,15 % от 01.07.2026 г. не е потвърдена. Да се потвърди: процентът на ЕЦБ към "
                "01.07.2026 г. не е видян в източник."
            ],
        ),
        (
            date(2022, 6, 30),
            [
                "Няма законна лихва за полугодието от 01.01.2022 г.; смята се с 10,00 % от 01.07.2016 г. Добавете я в "
                "interest_rates.toml."
            ],
        ),
    ],
)
def test_a_rate_is_doubted_until_confirmed_and_renewed(as_of: date, expected: list[str]) -> None:
    assert find_doubts(load_policy(), as_of) == expected


def test_a_new_half_year_asks_for_its_rate() -> None:
    first, second = find_doubts(load_policy(), date(2027, 1, 1))
    assert first.startswith(
        "Няма законна лихва за полугодието от 01.01.2027 г.; смята се с 10,15 % от 01.07.2026 г."
    )
    assert second.startswith("Законната лихва 10,15 % от 01.07.2026 г. не е потвърдена")
