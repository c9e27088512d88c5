"""Dates of law by which the rows of an extract are refused.

The loader refuses by them, and the sample's billing keeps them.
"""

import dataclasses
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from dunning.core.days import to_day
from dunning.policy.canonical import hash_values

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class LedgerDates:
    """The dates of law that a loaded ledger depends on.

    Attributes:
        euro_from: first day on which debts are in euro; the newest version of the policy's
            changeover.
        bgn_payments_until: first day on which no payment can be in BGN any more.
        season_month: month in which, on its first day, a heating season begins.

    Source: `policy/ledger_dates.toml`, `policy/files/changeover.toml`.
    """

    euro_from: date
    bgn_payments_until: date
    season_month: int

    @property
    def euro_from_day(self) -> int:
        """The first day in euro, as columns of days have it."""
        return to_day(self.euro_from)

    @property
    def bgn_payments_until_day(self) -> int:
        """The first day without payments in BGN, as columns of days have it."""
        return to_day(self.bgn_payments_until)

    def digest(self) -> str:
        """Return the SHA-256 of all values."""
        return hash_values(dataclasses.asdict(self))


@cache
def read_ledger_dates() -> LedgerDates:
    """Return the dates of the built-in files, which are read once."""
    changeover = tomllib.loads((_FOLDER / "files" / "changeover.toml").read_text("utf-8"))
    own = tomllib.loads((_FOLDER / "ledger_dates.toml").read_text("utf-8"))
    return LedgerDates(euro_from=changeover["version"][-1]["euro_from"], **own)
