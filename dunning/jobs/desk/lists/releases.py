"""Releases for their pages: those of the last nights; and one, with its files and kill lists."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from dunning.core.errors import DunningError
from dunning.core.lists import LISTS
from dunning.documents.lists.list_columns import WITHHELD
from dunning.documents.lists.parquet_files import read_parquet
from dunning.gateways.files.publishing import MANIFEST
from dunning.gateways.files.targets import Target, read_named
from dunning.gateways.settings.people import approvers_of, read_people
from dunning.gateways.store import runs
from dunning.gateways.store.recalls import Recall, fetch_out, fetch_recalls
from dunning.gateways.store.releases import Answer, Released, fetch_answers, fetch_released
from dunning.jobs.desk.session import DeskSession, RefusedError
from dunning.jobs.release.files import recalled_target, sent_target

SENT = "sent"
_KINDS = ("xlsx", "csv", "parquet")  # people open the workbook: it comes first
_SHOWN_OUT = 200
_NIGHTS = 31


@dataclass(frozen=True)
class NightReleases:
    """The answers about a night's lists, and their releases."""

    as_of: date
    answers: Sequence[Answer]
    released: Sequence[Released]


@dataclass(frozen=True)
class Files:
    """The files of one place.

    place: `sent`, or the number of a recall. refusal: why they cannot be downloaded, if so.
    """

    place: str
    sha256: Mapping[str, str]
    refusal: str = ""


class RowOut(TypedDict):
    """A row of a released list that is out still."""

    premise_no: str
    payer_code: str
    principal_cents: int


@dataclass(frozen=True)
class ReleasePage:
    """A released list.

    dropped: rows held back at the last check, by reason. recalls: each with its kill list.

    out: the first rows that are out still; out_rows: how many there are.
    approvers: the users who may recall it on the page.
    """

    released: Released
    answers: Sequence[Answer]
    sent: Files
    dropped: Mapping[str, int]
    recalls: Sequence[tuple[Recall, Files]]
    out: Sequence[RowOut]
    out_rows: int
    approvers: Sequence[str]


def read_page(session: DeskSession) -> list[NightReleases]:
    """Return the last nights, newest first."""
    return [
        NightReleases(
            day,
            fetch_answers(session.engine, day),
            list(fetch_released(session.engine, day).values()),
        )
        for day in runs.fetch_closed_dates(session.engine, _NIGHTS)
    ]


def read_release(session: DeskSession, as_of: date, list_name: str) -> ReleasePage:
    """Return one release of a date.

    Raises:
        RefusedError: that list did not leave on that date.
    """
    released = _find(session, as_of, list_name)
    out = fetch_out(session.engine, as_of, list_name)
    people = read_people(session.settings)
    return ReleasePage(
        released=released,
        answers=[
            each for each in fetch_answers(session.engine, as_of) if each.list_name == list_name
        ],
        sent=_find_files(released, SENT, _place(session, released, SENT)),
        dropped=_count_dropped(session, released),
        recalls=[
            (each, _find_files(released, str(number), _place(session, released, str(number))))
            for number, each in enumerate(_recalls(session, released), start=1)
        ],
        out=out.slice(0, _SHOWN_OUT).to_pylist(),
        out_rows=len(out),
        approvers=[person.user_name for person in approvers_of(people, list_name)],
    )


def fetch_file(session: DeskSession, as_of: date, list_name: str, place: str, name: str) -> bytes:
    """Return a file as it was sent, or of a kill list, after checking it against its record.

    Args:
        place: as in `Files`.
        name: as in its manifest.

    Raises:
        RefusedError: no such release, place or file, or it is not the one that left.
    """
    released = _find(session, as_of, list_name)
    target, sha256 = _place(session, released, place)
    try:
        return read_named(target, name, _own(released, _read_sealed(target, sha256))[name])
    except (DunningError, KeyError) as error:
        raise RefusedError(
            f"{name} of the list {list_name} of {as_of} cannot be given: {error}",
            "changed",
            file=name,
            day=as_of,
        ) from error


def _find(session: DeskSession, as_of: date, list_name: str) -> Released:
    found = fetch_released(session.engine, as_of).get(list_name) if list_name in LISTS else None
    if found is None or found.state != "done":
        raise RefusedError(
            f"The list {list_name} of {as_of} was not released.", "no_release", day=as_of
        )
    return found


def _recalls(session: DeskSession, released: Released) -> list[Recall]:
    return [
        each
        for each in fetch_recalls(session.engine, released.as_of)
        if each.list_name == released.list_name
    ]


def _place(session: DeskSession, released: Released, place: str) -> tuple[Target, str]:
    """Return the folder of files and the recorded SHA-256 of their manifest."""
    if place == SENT:
        return sent_target(released), released.manifest_sha256
    known = _recalls(session, released)
    # The place comes from a URL: anything but a small number is no recall.
    number = int(place) if place.isdecimal() and len(place) < 6 else 0
    if not 1 <= number <= len(known):
        raise RefusedError(
            f"The list {released.list_name} of {released.as_of} has no recall {place}.",
            "no_release",
            day=released.as_of,
        )
    recall = known[number - 1]
    return recalled_target(recall), recall.manifest_sha256 or ""


def _read_sealed(target: Target, sha256: str) -> dict[str, str]:
    files: dict[str, str] = json.loads(read_named(target, MANIFEST, sha256))["files"]
    return files


def _own(released: Released, files: Mapping[str, str]) -> dict[str, str]:
    """Return the files that belong to a list; the folder also has those of other lists."""
    prefixes = (released.list_name, "dropped", "kill-")
    own = {name: sha256 for name, sha256 in files.items() if name.startswith(prefixes)}
    return dict(
        sorted(own.items(), key=lambda pair: (_KINDS.index(pair[0].rpartition(".")[2]), pair[0]))
    )


def _find_files(released: Released, place: str, at: tuple[Target, str]) -> Files:
    try:
        return Files(place, _own(released, _read_sealed(*at)))
    except DunningError as error:
        return Files(place, {}, str(error))


def _count_dropped(session: DeskSession, released: Released) -> dict[str, int]:
    """Return the number of rows held back at the last check, by reason.

    A row with several reasons is counted under each of them.
    """
    if not released.dropped:
        return {}
    try:
        content = fetch_file(session, released.as_of, released.list_name, SENT, "dropped.parquet")
    except RefusedError:
        return {}
    reasons = read_parquet(content, WITHHELD.columns)["reason"].to_pylist()
    return dict(sorted(Counter(code for cell in reasons for code in (cell or "").split()).items()))
