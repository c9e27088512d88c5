"""Circuit breaker: finds what is so unusual about a night that a person must approve it first.

Nothing is handed over before that.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dunning.policy.rules import Release
from dunning.policy.schema import MEASURES

MEMORY_DAYS = 190  # half a year of nights: the same day of six earlier months
_NEAR_DAYS = 1
Figures = Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Unusual:
    """One unusual measure of a night.

    measure: of MEASURES, or `payments`. what: `rows` or `cents`. value: of this night. usual: the
    median of comparable nights; None where an absolute limit is meant. limit: the largest allowed
    value (or the smallest, below the usual).
    """

    measure: str
    what: str
    value: int
    usual: int | None
    limit: int


def find_unusual(
    as_of: date,
    current: Figures,
    past: Mapping[date, Figures],
    payments: Sequence[int],
    rule: Release,
) -> list[Unusual]:
    """Return what is unusual about a night, in the order of MEASURES; empty if nothing is.

    Args:
        current: rows and cents by measure of this night.
        past: the same of earlier closed nights.
        payments: number of payments of the ledger in the last days, then in the same days of each
            earlier month.

    Source: `policy/files/release.toml`.
    """
    compared = comparable_nights(as_of, past, rule)
    found = []
    for measure in MEASURES:
        found += _judge_limits(measure, current.get(measure, (0, 0)), rule)
        found += _judge_band(measure, current.get(measure, (0, 0)), compared, rule)
    return found + _judge_payments(payments, rule)


def comparable_nights(as_of: date, past: Mapping[date, Figures], rule: Release) -> list[Figures]:
    """Return the figures of the nights to compare with.

    The newest `band_nights`; none where there are fewer than `band_nights_min`.

    Bills fall due once a month, so they are those about the same day of earlier months, or, before
    there are enough of these, the last ones.
    """
    earlier = sorted((day for day in past if day < as_of), reverse=True)
    # More than 20 days ago: the nights just before are no earlier month.
    monthly = [day for day in earlier if (as_of - day).days > 20 and _is_near(day.day, as_of.day)]
    chosen = monthly if len(monthly) >= rule.band_nights_min else earlier
    chosen = chosen[: rule.band_nights]
    return [past[day] for day in chosen] if len(chosen) >= rule.band_nights_min else []


def _is_near(one: int, other: int) -> bool:
    """Return whether two days of a month are neighbours.

    The end of one month and the start of the next are, too.
    """
    distance = abs(one - other)
    return min(distance, 31 - distance) <= _NEAR_DAYS


def _judge_limits(measure: str, value: tuple[int, int], rule: Release) -> list[Unusual]:
    limits = (rule.rows_max[measure], rule.amount_cents_max[measure])
    both = zip(("rows", "cents"), value, limits, strict=True)
    return [
        Unusual(measure, what, is_so, None, limit) for what, is_so, limit in both if is_so > limit
    ]


def _judge_band(
    measure: str, value: tuple[int, int], nights: Sequence[Figures], rule: Release
) -> list[Unusual]:
    if not nights:
        return []
    seen = [night.get(measure, (0, 0)) for night in nights]
    usual = [int(statistics.median(each)) for each in zip(*seen, strict=True)]
    # Small numbers vary too much to be compared.
    if max(usual[0], value[0]) < rule.band_rows_min:
        return []
    found = []
    for what, is_so, was in zip(("rows", "cents"), value, usual, strict=True):
        low, high = (int(was * (100 + sign * rule.band_percent) / 100) for sign in (-1, 1))
        if not low <= is_so <= high:
            found.append(Unusual(measure, what, is_so, was, high if is_so > high else low))
    return found


def _judge_payments(payments: Sequence[int], rule: Release) -> list[Unusual]:
    """Return a finding where payments are missing.

    Stale or cut files have fewer than the same days of earlier months.
    """
    if len(payments) < 2:
        return []
    usual = int(statistics.median(payments[1:]))
    least = int(usual * rule.payments_share_min)
    if usual < rule.payments_min or payments[0] >= least:
        return []
    return [Unusual("payments", "rows", payments[0], usual, least)]
