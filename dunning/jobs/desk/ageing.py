"""Ageing of the open debt by district, service and stage, and its trend over twelve months."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import NotThereError
from dunning.core.words import SERVICES, STAGES
from dunning.decisions.account.ageing import AGES, BANDS, NEAR_LIMITATION
from dunning.gateways.store.figures import fetch_ageing, fetch_ageing_dates
from dunning.jobs.desk.session import DeskSession

_MONTHS = 12


@dataclass(frozen=True)
class Sum:
    """Number of items and cents under a name."""

    name: str
    items: int
    cents: int


@dataclass(frozen=True)
class Ageing:
    """The ageing of a closed night under filters (empty: everything).

    bands: of all ages, and near_limitation, which overlaps them. by_stage: cents by age and stage.
    trend: the newest night of each of the last months that has one. rows: service, district, stage,
    band, items, cents.
    """

    as_of: date
    dates: Sequence[date]
    districts: Sequence[str]
    bands: Sequence[Sum]
    near: Sum
    total: Sum
    by_district: Sequence[Sum]
    by_service: Sequence[Sum]
    by_stage: Sequence[Sum]
    trend: Sequence[tuple[date, int]]
    rows: pa.Table


def read_page(
    session: DeskSession,
    as_of: date | None = None,
    service: str = "",
    district: str = "",
    stage: str = "",
) -> Ageing | None:
    """Return the ageing of a closed night; None where no night has one.

    Raises:
        NotThereError: that night has none.
    """
    dates = fetch_ageing_dates(session.engine)
    if not dates:
        return None
    day = as_of or dates[-1]
    if day not in dates:
        raise NotThereError(f"The night of {day} has no ageing. Choose another day.")
    whole = fetch_ageing(session.engine, day)
    wanted = {"service": service, "district": district, "stage": stage}
    rows = _filter(whole, wanted)
    # near_limitation overlaps the age classes: adding it would count its items twice.
    aged = rows.filter(pc.not_equal(rows["band"], NEAR_LIMITATION))
    bands = _sums(rows, "band", BANDS)
    districts = sorted(_sums(aged, "district"), key=lambda each: (-each.cents, each.name))
    return Ageing(
        as_of=day,
        dates=dates,
        districts=sorted(set(whole["district"].to_pylist())),
        bands=[each for each in bands if each.name in AGES],
        near=next(each for each in bands if each.name == NEAR_LIMITATION),
        total=Sum("", sum(each.items for each in districts), sum(each.cents for each in districts)),
        by_district=districts,
        by_service=_sums(aged, "service", SERVICES),
        by_stage=_sums(aged, "stage", STAGES),
        trend=[
            (each, _total(session, each, wanted)) for each in newest_of_months(dates, day, _MONTHS)
        ],
        rows=rows,
    )


def newest_of_months(dates: Sequence[date], until: date, months: int) -> list[date]:
    """Return the newest date of each of the last calendar months, ascending.

    A month without a date is left out.

    >>> [f"{day:%d.%m}" for day in newest_of_months([date(2026, 9, 1), date(2026, 9, 30)], date(2026, 10, 1), 2)]
    ['30.09']
    """
    # Months as one running number; a later date of a month replaces an earlier one.
    last = 12 * until.year + until.month
    newest = {12 * day.year + day.month: day for day in sorted(dates) if day <= until}
    return [day for month, day in newest.items() if last - months < month <= last]


def _total(session: DeskSession, day: date, wanted: dict[str, str]) -> int:
    rows = _filter(fetch_ageing(session.engine, day), wanted)
    return int(
        pc.sum(rows.filter(pc.not_equal(rows["band"], NEAR_LIMITATION))["cents"]).as_py() or 0
    )


def _filter(rows: pa.Table, wanted: dict[str, str]) -> pa.Table:
    for name, value in wanted.items():
        if value:
            rows = rows.filter(pc.equal(rows[name], value))
    return rows


def _sums(rows: pa.Table, name: str, order: Sequence[str] = ()) -> list[Sum]:
    sums = rows.group_by(name).aggregate([("items", "sum"), ("cents", "sum")]).to_pylist()
    found = {row[name]: Sum(row[name], row["items_sum"], row["cents_sum"]) for row in sums}
    return [found.get(each, Sum(each, 0, 0)) for each in (order or sorted(found))]
