"""The lists of a closed date that wait for an answer: counts and sums, no rows or names."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from typing import TypedDict

from dunning.core.errors import DunningError
from dunning.core.lists import LIST_FILES
from dunning.documents.messages.release_question import ReleaseQuestion, write_body, write_subject
from dunning.gateways.postgres.database import RUNNER, Source, connect_as
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import figures, open_store, runs
from dunning.gateways.store.proposals import count_withheld
from dunning.gateways.store.releases import ListRelease, fetch_answers, fetch_releases
from dunning.jobs.queries.past_night import kept_policy
from dunning.jobs.receipts import ListFigures, RunManifest

# The files that a person checks before approving a list (CSV), and those that are then read.
FILES = {
    name: tuple(f"{path}.{end}" for path in paths for end in ("csv", "parquet"))
    for name, paths in LIST_FILES.items()
}


@dataclass(frozen=True)
class Offer:
    """A list that waits for an answer, as a receipt that may be logged.

    run_id: the run that made it. rows, cents: what would leave. person_rows, person_cents: what of
    the list stays because a person must check it first; person_reasons: rows by reason, of which
    one may have several. files: SHA-256 by name. before_on, before_rows, before_cents: of the
    closed date before; None and 0 where there is none.
    withheld: rows by reason. unusual: the findings of the circuit breaker. answer_hours: how long
    the question waits.
    answered: the reply, where it was approved already and has not left yet.
    """

    as_of: date
    list_name: str
    run_id: int
    rows: int
    cents: int
    person_rows: int
    person_cents: int
    person_reasons: dict[str, int]
    files: dict[str, str]
    before_on: date | None
    before_rows: int
    before_cents: int
    withheld: dict[str, int]
    unusual: list[str]
    answer_hours: int
    answered: dict[str, str]

    def to_receipt(self) -> dict[str, object]:
        """Return all attributes as JSON-ready values: dates as ISO texts, empty for None."""
        before_on = self.before_on.isoformat() if self.before_on else ""
        return {**asdict(self), "as_of": self.as_of.isoformat(), "before_on": before_on}


def ask(given: Offer, base_url: str) -> tuple[str, str]:
    """Return the question about a list, as a person reads it: subject and Markdown.

    Args:
        given: the list.
        base_url: address of Airflow's pages.
    """
    question = ReleaseQuestion(
        list_name=given.list_name,
        as_of=given.as_of,
        rows=given.rows,
        cents=given.cents,
        person_rows=given.person_rows,
        person_cents=given.person_cents,
        person_reasons=given.person_reasons,
        before_on=given.before_on,
        before_rows=given.before_rows,
        before_cents=given.before_cents,
        withheld=given.withheld,
        unusual=given.unusual,
        files=given.files,
        link=f"{base_url.rstrip('/')}/dunning/lists/{given.list_name}?as_of={given.as_of}",
    )
    return write_subject(question), write_body(question)


def is_replaced(as_of: date) -> bool:
    """Return whether lists of a newer date have replaced those of a date."""
    engine = connect_as(RUNNER, Settings.from_environment(), "release watch")
    try:
        # only the last closed date can wait, so a later one replaces it
        closed_on = runs.last_closed_on(engine)
        return closed_on is not None and closed_on > as_of
    finally:
        engine.dispose()


def run(as_of: str | None = None) -> dict[str, dict[str, object]]:
    """Return the waiting lists of a closed date as receipts, by name: to be read, never trusted.

    See `find_waiting`.

    Args:
        as_of: ISO date; the last closed one, if None or empty.
    """
    found = find_waiting(date.fromisoformat(as_of) if as_of else None)
    return {name: waits.to_receipt() for name, waits in found.items()}


def find_waiting(as_of: date | None = None) -> dict[str, Offer]:
    """Return the lists of a closed date that wait for an answer, by name.

    Args:
        as_of: the date; the last closed one, if None.

    Raises:
        DunningError: the date is not the last closed one: lists of a newer date have replaced its
            lists.
    """
    engine = open_store(Settings.from_environment(), "release offer")
    closed_on = runs.last_closed_on(engine)
    if closed_on is None:
        return {}
    return {offer.list_name: offer for offer in find_offers(engine, as_of or closed_on)}


def find_offers(source: Source, day: date) -> list[Offer]:
    """Return the waiting lists of a date, also those that were asked without an answer.

    See `find_waiting`.
    """
    known = require_newest(source, day)
    return _describe(
        source, known, lambda release: release.state in ("waiting", "approved", "expired")
    )


def describe(source: Source, known: runs.RecordedRun, list_name: str) -> Offer:
    """Return a list of a closed run as it was offered, whatever its state is now.

    Raises:
        DunningError: that run had no such list.
    """
    found = _describe(source, known, lambda release: release.list_name == list_name)
    if not found:
        raise DunningError(
            f"The night of {known.as_of} has no list {list_name} that could be released."
        )
    return found[0]


def _describe(
    source: Source, known: runs.RecordedRun, is_meant: Callable[[ListRelease], bool]
) -> list[Offer]:
    day = known.as_of
    manifest: RunManifest = known.receipts["manifest"]
    meant = [release for release in fetch_releases(source, day) if is_meant(release)]
    withheld = count_withheld(source, day)
    hours = kept_policy(source, known).at(day).release.answer_hours
    return [_offer(source, known, manifest, release, withheld, hours) for release in meant]


def require_newest(source: Source, day: date) -> runs.RecordedRun:
    """Return the run that closed a date, if no newer date is closed.

    Raises:
        DunningError: it is not closed, or a newer date is.
    """
    closed_on = runs.last_closed_on(source)
    known = runs.fetch_run(source, day)
    if known is None or known.state != "closed":
        raise DunningError(
            f"The books of {day} are not closed, so nothing of that night may leave the house. Run "
            f"`dunning nightly --as-of {day}` with that day's extract first."
        )
    if day != closed_on:
        raise DunningError(
            f"The lists of {day} were replaced by those of {closed_on}: they know of newer payments. Nothing was "
            f"released; look at the lists of {closed_on} and answer for those."
        )
    return known


def _offer(
    source: Source,
    known: runs.RecordedRun,
    manifest: RunManifest,
    release: ListRelease,
    withheld: dict[str, dict[str, int]],
    hours: int,
) -> Offer:
    name, day = release.list_name, known.as_of
    before_on, before = _before(source, day, name)
    return Offer(
        as_of=day,
        list_name=name,
        run_id=known.run_id,
        rows=release.rows,
        **_sums_of(manifest["lists"], name),
        files={file: manifest["files"][file] for file in FILES[name]},
        before_on=before_on,
        before_rows=before[0],
        before_cents=before[1],
        withheld=withheld.get(name, {}),
        unusual=manifest["unusual"],
        answer_hours=hours,
        answered=_reply(source, release),
    )


def _reply(source: Source, release: ListRelease) -> dict[str, str]:
    if release.state != "approved":
        return {}
    answers = [
        each for each in fetch_answers(source, release.as_of) if each.list_name == release.list_name
    ]
    # the last answer counts: an expired question may have been asked anew
    return {"answer": answers[-1].answer, "by": answers[-1].by_user, "note": answers[-1].note}


class _Sums(TypedDict):
    """What of an offer comes from the manifest's figures; see `Offer`."""

    cents: int
    person_rows: int
    person_cents: int
    person_reasons: dict[str, int]


def _sums_of(lists: dict[str, ListFigures], name: str) -> _Sums:
    """Return the sum that would leave, and the rows and sum that wait for a person."""
    # messages have one entry per channel and none of their own
    figures: ListFigures = lists.get(name, {"rows": 0})
    waits = figures.get("parts", {}).get("person", {"rows": 0, "cents": 0})
    # messages have one entry per channel, as reminders/sms; the part before the slash is the list
    cents = sum(each["cents"] for key, each in lists.items() if key.split("/")[0] == name)
    return {
        # what waits for a person does not leave with the list
        "cents": cents - waits["cents"],
        "person_rows": waits["rows"],
        "person_cents": waits["cents"],
        "person_reasons": figures.get("person_reasons", {}),
    }


def _before(source: Source, day: date, name: str) -> tuple[date | None, tuple[int, int]]:
    # of the two newest closed dates one may be this date itself
    earlier = [other for other in runs.fetch_closed_dates(source, 2) if other < day]
    if not earlier:
        return None, (0, 0)
    found = [
        figure
        for figure in figures.fetch_figures(source, since=earlier[0], before=day)
        if figure.kind == "list" and figure.name.split("/")[0] == name
    ]
    return earlier[0], (
        sum(figure.row_count for figure in found),
        sum(figure.cents for figure in found),
    )
