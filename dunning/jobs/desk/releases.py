"""Approvals, rejections and recalls, by night."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dunning.gateways.store import runs
from dunning.gateways.store.releases import Answer, Released, fetch_answers, fetch_released
from dunning.jobs.desk.session import Office

_NIGHTS = 31


@dataclass(frozen=True)
class NightReleases:
    """The answers about a night's lists, and their releases."""

    as_of: date
    answers: Sequence[Answer]
    released: Sequence[Released]


def look(office: Office) -> list[NightReleases]:
    """Return the last nights, newest first."""
    return [
        NightReleases(
            day,
            fetch_answers(office.engine, day),
            list(fetch_released(office.engine, day).values()),
        )
        for day in runs.fetch_closed_dates(office.engine, _NIGHTS)
    ]
