"""A closed night for its page: figures beside those of earlier nights, and pending approvals."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from dunning.core.errors import NotThereError
from dunning.core.ledger_tables import TABLES
from dunning.core.lists import LIST_FILES
from dunning.core.words import STAGES
from dunning.gateways.settings.people import approvers_of, read_people
from dunning.gateways.store import runs
from dunning.gateways.store.figures import Figure, StageMove, fetch_figures, fetch_stage_moves
from dunning.gateways.store.releases import ListRelease, fetch_releases
from dunning.jobs.desk.session import DeskSession
from dunning.jobs.queries.past_night import kept_policy
from dunning.jobs.receipts import RunManifest

DATES = 62
_TREND_NIGHTS = 30
_MEMORY_DAYS = 62


@dataclass(frozen=True)
class Compared:
    """A count and sum beside those of two earlier nights; None where there is no such night.

    kind: `stage` or `list`. trend: (night, rows) of the last closed nights, ascending, this one the
    last.
    """

    name: str
    rows: int
    cents: int
    before: tuple[int, int] | None
    month_ago: tuple[int, int] | None
    kind: str = ""
    trend: Sequence[tuple[date, int]] = ()

    @property
    def move(self) -> float:
        """Change of the count since the night before, divided by its usual spread (square root)."""
        # A count that varies by chance varies by its square root, so the same change weighs
        # more in a small count than in a large one.
        return (
            abs(self.rows - self.before[0]) / math.sqrt(max(self.before[0], 1))
            if self.before
            else 0.0
        )


@dataclass(frozen=True)
class Line:
    """One table of the ledger: rows read, refused, repeated and accepted."""

    table: str
    read: int
    quarantined: int
    repeated: int
    taken: int


@dataclass(frozen=True)
class Tonight:
    """One closed night.

    dates: nights to choose from, this one among them, the newest first. books: the manifest's, in
    minor units by `CUR.line`. approvers: by list. changes: stages and lists, the largest move
    first. missing: tables that the ledger did not have. answer_until: until when the night's
    questions wait for an answer.
    """

    as_of: date
    dates: Sequence[date]
    before_on: date | None
    month_ago_on: date | None
    started_at: datetime
    finished_at: datetime | None
    policy_version: str
    fingerprint: str
    newest_payment_on: date | None
    tables: Sequence[Line]
    books: Mapping[str, int]
    stages: Sequence[Compared]
    lists: Sequence[Compared]
    moves: Sequence[StageMove]
    unusual: Sequence[str]
    warnings: Sequence[str]
    releases: Sequence[ListRelease]
    last_releases: Sequence[ListRelease]
    approvers: Mapping[str, Sequence[str]]
    newest: runs.RecordedRun | None
    changes: Sequence[Compared] = ()
    missing: Sequence[str] = ()
    answer_until: datetime | None = None

    @property
    def refused(self) -> int:
        """Rows of the ledger that were refused."""
        return sum(line.quarantined for line in self.tables)

    @property
    def newer(self) -> runs.RecordedRun | None:
        """A newer run that has not closed its date; None where there is none.

        Newer: of the last closed date or of a later one.
        """
        run, last = self.newest, self.dates[0]
        if (
            run is None
            or run.as_of < last
            or (run.as_of == last and run.state not in ("running", "failed"))
        ):
            return None
        return run

    @property
    def trust(self) -> str:
        """`no`: to be checked before any release; `look`: there are warnings; else `yes`."""
        if self.unusual or self.newer:
            return "no"
        return "look" if self.warnings or self.missing else "yes"


def read_page(session: DeskSession, as_of: date | None = None) -> Tonight | None:
    """Return a closed night, by default the last one; None before the first.

    Raises:
        NotThereError: the books of that date are not closed.
    """
    dates = runs.fetch_closed_dates(session.engine, DATES)
    if not dates:
        return None
    day = as_of or dates[0]
    run = runs.fetch_run(session.engine, day)
    if run is None or run.state != "closed" or "manifest" not in run.receipts:
        raise NotThereError(
            f"The books of {day} are not closed, so there is nothing to show. Choose another day."
        )
    return _read_tonight(session, run, dates)


def newest_run(session: DeskSession) -> runs.RecordedRun | None:
    """Return the run that last loaded a ledger, in any state; None before the first."""
    return runs.fetch_newest_loaded(session.engine, date.min)


def _read_tonight(session: DeskSession, run: runs.RecordedRun, dates: list[date]) -> Tonight:
    day = run.as_of
    manifest: RunManifest = run.receipts["manifest"]
    figures = fetch_figures(
        session.engine, since=day - timedelta(days=_MEMORY_DAYS), before=day + timedelta(days=1)
    )
    before_on, month_ago_on = _find_earlier(figures, day)
    people = read_people(session.settings)
    releases = fetch_releases(session.engine, day)
    compared = {
        kind: _compare(figures, kind, day, before_on, month_ago_on) for kind in ("stage", "list")
    }
    changes = [each for kind in compared.values() for each in kind if each.name != "court_items"]
    rules = kept_policy(session.engine, run).at(day)
    return Tonight(
        as_of=day,
        dates=sorted({*dates, day}, reverse=True),
        before_on=before_on,
        month_ago_on=month_ago_on,
        started_at=run.started_at,
        finished_at=run.finished_at,
        policy_version=run.policy_version or "",
        fingerprint=run.ledger_fingerprint or "",
        newest_payment_on=run.newest_payment_on,
        tables=_tables(manifest),
        books=manifest["books"],
        stages=compared["stage"],
        lists=compared["list"],
        moves=fetch_stage_moves(session.engine, day),
        unusual=manifest["unusual"],
        warnings=manifest["warnings"],
        releases=releases,
        last_releases=fetch_releases(session.engine, before_on) if before_on else [],
        approvers={each.list_name: _names(people, each.list_name) for each in releases},
        newest=newest_run(session),
        changes=sorted(changes, key=lambda each: -each.move),
        missing=[name for name in TABLES if name not in manifest["ledger"]["tables"]["tables"]],
        answer_until=run.finished_at
        and run.finished_at + timedelta(hours=rules.release.answer_hours),
    )


def _find_earlier(figures: Sequence[Figure], day: date) -> tuple[date | None, date | None]:
    """Return the closed nights before a date and a month before it; None where there is none."""
    earlier = sorted({figure.as_of for figure in figures if figure.as_of < day})
    # The newest night that is at least a month back: that very date may not have been run.
    month_ago = max((other for other in earlier if other <= _month_before(day)), default=None)
    return (earlier[-1] if earlier else None), month_ago


def _names(people: Any, list_name: str) -> list[str]:
    return [person.user_name for person in approvers_of(people, list_name)]


def _tables(manifest: RunManifest) -> list[Line]:
    counted = manifest["ledger"]["tables"]["tables"]
    return [Line(table=name, **counts) for name, counts in counted.items()]


def _month_before(day: date) -> date:
    """Return the same day of the month before; its last day where that month is shorter.

    >>> _month_before(date(2026, 3, 31))
    datetime.date(2026, 2, 28)
    """
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=min(day.day, last.day))


_LIST_FILES = tuple(file for files in LIST_FILES.values() for file in files)
_ORDER = (*STAGES, *_LIST_FILES, "withheld", "quarantine")


def _compare(
    figures: Sequence[Figure],
    kind: str,
    day: date,
    before_on: date | None,
    month_ago_on: date | None,
) -> list[Compared]:
    known = {(f.as_of, f.name): (f.row_count, f.cents) for f in figures if f.kind == kind}
    nights = sorted({on for on, _ in known})[-_TREND_NIGHTS:]
    names = sorted(
        {name for on, name in known if on == day}, key=lambda name: (_ORDER.index(name), name)
    )

    def of(on: date | None, name: str) -> tuple[int, int] | None:
        # A night without such rows counts 0; None means that there is no such night.
        return known.get((on, name), (0, 0)) if on else None

    return [
        Compared(
            name,
            *known[(day, name)],
            of(before_on, name),
            of(month_ago_on, name),
            kind,
            [(on, known.get((on, name), (0, 0))[0]) for on in nights],
        )
        for name in names
    ]
