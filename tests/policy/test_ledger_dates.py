"""The dates of law that the loader and the sample share are those of the built-in policy."""

from datetime import date

from dunning.policy.ledger_dates import LedgerDates, read_ledger_dates
from dunning.policy.policies import load_policy


def test_the_dates_are_those_of_the_law() -> None:
    expected = LedgerDates(
        euro_from=date(2026, 1, 1), bgn_payments_until=date(2026, 2, 1), season_month=5
    )

    assert expected == read_ledger_dates()


def test_the_changeover_is_the_day_of_the_rules() -> None:
    rules = load_policy().at(date(2026, 11, 22))

    assert rules.changeover.euro_from == read_ledger_dates().euro_from
