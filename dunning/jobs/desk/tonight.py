"""What last night found, against the night before and the same night of the month before, and what waits for whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from dunning.core.errors import NotThereError
from dunning.gateways.people import approvers_of, read_people
from dunning.gateways.store import runs
from dunning.gateways.store.figures import Figure, fetch_figures
from dunning.gateways.store.moves import StageMove, fetch_stage_moves
from dunning.gateways.store.releases import Release, fetch_releases
from dunning.jobs.desk.office import Office

DATES = 62


@dataclass(frozen=True)
class Compared:
    """A count and sum beside those of two earlier nights; None where there is no such night."""

    name: str
    rows: int
    cents: int
    before: tuple[int, int] | None
    month_ago: tuple[int, int] | None


@dataclass(frozen=True)
class Line:
    """One table of the ledger: rows read, refused, repeated, taken in."""

    table: str
    read: int
    quarantined: int
    repeated: int
    taken: int


@dataclass(frozen=True)
class Tonight:
    """One closed night.

    dates: nights to choose from, this one among them, the newest first. books: the manifest's, in minor units by
    `CUR.line`. approvers: by list.
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
    releases: Sequence[Release]
    last_releases: Sequence[Release]
    approvers: Mapping[str, Sequence[str]]
    newest: runs.Run | None


def look(office: Office, as_of: date | None = None) -> Tonight | None:
    """Return a closed night, the last one if none is named; None before the first.

    Raises:
        NotThereError: the books of that date are not closed.
    """
    dates = runs.fetch_closed_dates(office.engine, DATES)
    if not dates:
        return None
    day = as_of or dates[0]
    run = runs.fetch_run(office.engine, day)
    if run is None or run.state != "closed" or "manifest" not in run.receipts:
        raise NotThereError(f"The books of {day} are not closed, so there is nothing to show. Choose another day.")
    return _tell(office, run, dates)


def newest_run(office: Office) -> runs.Run | None:
    """Return the run that loaded a ledger last, however it went on; None before the first."""
    return runs.fetch_newest_loaded(office.engine, date.min)


def _tell(office: Office, run: runs.Run, dates: list[date]) -> Tonight:
    day, manifest = run.as_of, run.receipts["manifest"]
    figures = fetch_figures(office.engine, since=day - timedelta(days=40), before=day + timedelta(days=1))
    earlier = sorted({figure.as_of for figure in figures if figure.as_of < day})
    before_on = earlier[-1] if earlier else None
    month_ago_on = max((other for other in earlier if other <= _month_before(day)), default=None)
    people = read_people(office.settings)
    releases = fetch_releases(office.engine, day)
    return Tonight(
        as_of=day, dates=sorted({*dates, day}, reverse=True), before_on=before_on, month_ago_on=month_ago_on,
        started_at=run.started_at, finished_at=run.finished_at, policy_version=run.policy_version or "",
        fingerprint=run.ledger_fingerprint or "", newest_payment_on=run.newest_payment_on, tables=_tables(manifest),
        books=manifest["books"], stages=_compare(figures, "stage", day, before_on, month_ago_on),
        lists=_compare(figures, "list", day, before_on, month_ago_on),
        moves=fetch_stage_moves(office.engine, day), unusual=manifest["unusual"], warnings=manifest["warnings"],
        releases=releases, last_releases=fetch_releases(office.engine, before_on) if before_on else [],
        approvers={each.list_name: _names(people, each.list_name) for each in releases}, newest=newest_run(office),
    )  # fmt: skip


def _names(people: Any, list_name: str) -> list[str]:
    return [person.user_name for person in approvers_of(people, list_name)]


def _tables(manifest: dict[str, Any]) -> list[Line]:
    told = manifest["ledger"]["tables"]["tables"]
    return [Line(table=name, **counts) for name, counts in told.items()]


def _month_before(day: date) -> date:
    """Return the same day of the month before, its last one where it is shorter.

    >>> _month_before(date(2026, 3, 31))
    datetime.date(2026, 2, 28)
    """
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=min(day.day, last.day))


_ORDER = ("current", "overdue", "final_warning", "court_bound", "reminders/sms", "reminders/email", "reminders/post",
          "disconnections", "court", "court_items", "withheld", "quarantine")  # fmt: skip


def _compare(
    figures: Sequence[Figure], kind: str, day: date, before_on: date | None, month_ago_on: date | None
) -> list[Compared]:
    known = {(f.as_of, f.name): (f.row_count, f.cents) for f in figures if f.kind == kind}
    names = sorted({name for on, name in known if on == day}, key=lambda name: (_ORDER.index(name), name))

    def of(on: date | None, name: str) -> tuple[int, int] | None:
        return known.get((on, name), (0, 0)) if on else None

    return [Compared(name, *known[(day, name)], of(before_on, name), of(month_ago_on, name)) for name in names]
