"""What another rule would have made of the last nights: what may be tried, the trial, and what it
found.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import NotThereError
from dunning.gateways.snapshots.what_if_store import (
    WhatIfStore,
    ordered_at,
    read_done,
    read_order,
    read_progress,
    read_table,
)
from dunning.gateways.store import runs
from dunning.jobs.desk import what_if_run
from dunning.jobs.desk.drafts import (
    FILES,
    LONGEST_TEXT,
    QUICK_FILE,
    BadNumberError,
    Threshold,
    bring_forward,
    change_thresholds,
    check_files,
    find_later,
    find_thresholds,
)
from dunning.jobs.desk.policy import fetch_policy
from dunning.jobs.desk.session import Office
from dunning.policy.findings import Finding
from dunning.policy.policies import Policy

MOST_NIGHTS, OFFERED_NIGHTS = 7, 14
PAGE_ROWS = 50
_KEEP, _KEEP_DAYS, _MOST_BUSY = 20, 30, 5


@dataclass(frozen=True)
class Choice:
    """A closed night that may be tried, if its snapshot is still kept."""

    as_of: date
    run_id: int
    is_kept: bool


@dataclass(frozen=True)
class Form:
    """What can be tried. nights: the newest first; empty before the first one is closed. text: of
    `file`, in force.
    """

    form_id: str
    file: str
    text: str
    nights: Sequence[Choice]
    thresholds: Sequence[Threshold]


@dataclass(frozen=True)
class Wish:
    """What somebody wants tried.

    typed: the thresholds as typed, by key; then `text` is not looked at. is_brought_forward: the
    next version of the file counts as if it began on each night.
    """

    form_id: str
    file: str
    text: str
    nights: Sequence[str]
    is_brought_forward: bool = False
    typed: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Answer:
    """What became of a wish: the result's name; or else what is wrong.

    refusal: a key of the page's texts, or empty; about: what it is about, a threshold or a day.
    findings: of the text.
    """

    result_id: str = ""
    refusal: str = ""
    about: str = ""
    findings: Sequence[Finding] = ()


@dataclass(frozen=True)
class Result:
    """A what-if. state: `waiting`, `working`, `done`, `refused` or `interrupted`.

    progress: a line of where it is. refusal: why the nights cannot be decided. nights: what was
    found, as `what_if_run` sums it up.
    """

    result_id: str
    author: str
    ordered_at: datetime
    file: str
    on: Sequence[date]
    is_brought_forward: bool
    state: str
    progress: str = ""
    refusal: str = ""
    nights: Sequence[dict[str, Any]] = field(default=())


@dataclass(frozen=True)
class Moves:
    """A page of the moves of one night, of the most money first. count, cents_before, cents_after:
    of all filtered.
    """

    night: date
    rows: Sequence[dict[str, Any]]
    count: int
    cents_before: int
    cents_after: int
    page: int
    pages: int


def open_form(office: Office, file: str = QUICK_FILE, like: str = "") -> Form:
    """Return what can be tried.

    Args:
        like: a result whose text is shown instead of what is in force; empty for none.

    Raises:
        NotThereError: no such file or result.
    """
    if file not in FILES:
        raise NotThereError(
            f"There is no rule file {file!r} to be tried. There are: {', '.join(FILES)}."
        )
    nights = _offer(office)
    policy = fetch_policy(office, nights[0].run_id) if nights else None
    text = policy.files()[file].decode() if policy else ""
    if like:
        folder = _find(office, like)
        text = (
            (folder / "changed.toml").read_text("utf-8")
            if read_order(folder)["file"] == file
            else text
        )
    thresholds = find_thresholds(policy, nights[0].as_of) if policy else []
    return Form(secrets.token_hex(16), file, text, nights, thresholds)


def start(office: Office, author: str, wish: Wish) -> Answer:
    """Begin a trial in a process of its own, or say what is wrong; a wish that was sent twice is
    begun once.
    """
    if wish.file not in FILES:
        return Answer(refusal="no_file")
    offered = _offer(office)
    nights = [
        choice for choice in offered if choice.as_of.isoformat() in wish.nights and choice.is_kept
    ]
    if not nights:
        return Answer(refusal="no_night")
    if len(nights) > MOST_NIGHTS:
        return Answer(refusal="too_many")
    try:
        text = _text_of(fetch_policy(office, offered[0].run_id), offered[0].as_of, wish)
    except BadNumberError as error:
        return Answer(refusal="bad_number", about=str(error))
    if len(text) > LONGEST_TEXT:
        return Answer(refusal="too_long")
    return _begin(office, author, wish, text.encode(), nights)


def _begin(
    office: Office, author: str, wish: Wish, data: bytes, nights: Sequence[Choice]
) -> Answer:
    before = {choice.as_of: fetch_policy(office, choice.run_id) for choice in nights}
    after = {
        night: {**policy.files(), wish.file: _tried(wish, data, night)}
        for night, policy in before.items()
    }
    findings = sorted(
        {found for files in after.values() for found in check_files(files, wish.file)}
    )
    if findings:
        return Answer(findings=findings)
    if all(files[wish.file] == before[night].files()[wish.file] for night, files in after.items()):
        return Answer(refusal="unchanged")
    store = WhatIfStore(office.settings)
    order = {
        "author": author,
        "file": wish.file,
        "nights": [night.isoformat() for night in after],
        "is_brought_forward": wish.is_brought_forward,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    policies = {
        f"policy/{night}/{name}": text
        for night, files in after.items()
        for name, text in files.items()
    }
    result_id = _place(store, wish.form_id, order, {"changed.toml": data, **policies})
    if not result_id:
        return Answer(refusal="busy")
    store.sweep(_KEEP, _KEEP_DAYS)
    return Answer(result_id)


def _place(store: WhatIfStore, form_id: str, order: dict[str, Any], files: dict[str, bytes]) -> str:
    """Put an order into the store and begin; return its name, or nothing while too many wait.

    A form that was sent before, and is sent again with something else in it, is another order.
    """
    folder = store.find(form_id)
    if folder is not None and read_order(folder) == order:
        return form_id
    if sum(store.is_busy(other) for other in store.list_results()) >= _MOST_BUSY:
        return ""
    result_id = form_id if folder is None and store.is_name(form_id) else secrets.token_hex(16)
    if store.append(result_id, order, files):
        begin_again(store, result_id)
    return result_id


def begin_again(store: WhatIfStore, result_id: str) -> None:
    """Begin the work on a result, unless somebody is at it."""
    folder = store.find(result_id)
    if folder is not None:
        store.start(folder, what_if_run.__name__)


def run_again(office: Office, result_id: str) -> None:
    """Begin a result anew that was interrupted or refused; one that is complete stays as it is.

    Raises:
        NotThereError: there is no such result.
    """
    if look(office, result_id).state in ("interrupted", "refused"):
        begin_again(WhatIfStore(office.settings), result_id)


def look(office: Office, result_id: str) -> Result:
    """Return a result as far as it is.

    Raises:
        NotThereError: there is none, or it was removed.
    """
    return _tell(WhatIfStore(office.settings), _find(office, result_id))


def list_results(office: Office) -> list[Result]:
    """Return all results, the newest first; too old ones are removed."""
    store = WhatIfStore(office.settings)
    store.sweep(_KEEP, _KEEP_DAYS)
    return [_tell(store, folder) for folder in store.list_results()]


def find_next_version(office: Office, result: Result) -> date | None:
    """Return when the next version of the tried file begins, where it begins after the first night
    that was tried.
    """
    data = (_find(office, result.result_id) / "changed.toml").read_bytes()
    return find_later(result.file.removesuffix(".toml"), data, result.on[0])


@dataclass(frozen=True)
class SumLine:
    """Rows and cents on both sides, of a stage or a list."""

    name: str
    rows_before: int
    cents_before: int
    rows_after: int
    cents_after: int


@dataclass(frozen=True)
class Sums:
    """The sums of one night. paths: who goes where: stage before, stage after, accounts, what they
    owe.
    """

    stages: Sequence[SumLine]
    lists: Sequence[SumLine]
    paths: Sequence[tuple[str, str, int, int]]


def sum_up(found: Mapping[str, Any]) -> Sums:
    """Return the sums of a night as `what_if_run` found them."""
    places, cells, size = found["places"], found["stages"], range(len(found["places"]))
    stages = [
        SumLine(
            places[n],
            sum(cells[n][m][0] for m in size),
            sum(cells[n][m][1] for m in size),
            sum(cells[m][n][0] for m in size),
            sum(cells[m][n][2] for m in size),
        )
        for n in size
    ]
    lists = [
        SumLine(
            name, left[0] + stayed[0], left[1] + stayed[1], came[0] + stayed[0], came[2] + stayed[2]
        )
        for name, (came, left, stayed) in found["lists"].items()
    ]
    paths = [
        (places[n], places[m], cells[n][m][0], cells[n][m][2]) for n in size for m in size if n != m
    ]
    return Sums(
        [line for line in stages if line.rows_before or line.rows_after],
        lists,
        [path for path in paths if path[2]],
    )


def read_changed(office: Office, result_id: str) -> str:
    """Return the text that was tried."""
    return (_find(office, result_id) / "changed.toml").read_text("utf-8")


def page_moves(
    office: Office, result: Result, night: date, page: int, filters: Mapping[str, str]
) -> Moves:
    """Return a page of the moves of one night.

    Args:
        page: from 1; beyond the last one is the last one.
        filters: `stage_before`, `stage_after` (words of stages), `list_name` (came to or left it);
            empty for all.

    Raises:
        NotThereError: the result has no such night.
    """
    if result.state != "done" or night not in result.on:
        raise NotThereError(f"The what-if {result.result_id} knows nothing of the night {night}.")
    moves = read_table(what_if_run.moves_file(_find(office, result.result_id), night))
    moves = _filter(moves, filters)
    pages = max(1, -(-len(moves) // PAGE_ROWS))
    page = min(max(1, page), pages)
    rows = moves.slice((page - 1) * PAGE_ROWS, PAGE_ROWS).to_pylist()
    before, after = (
        pc.sum(moves[f"open_cents_{side}"]).as_py() or 0 for side in ("before", "after")
    )
    return Moves(night, rows, len(moves), before, after, page, pages)


def read_list(office: Office, result_id: str, night: date, suffix: str) -> bytes:
    """Return all moves of a night as a file. suffix: csv or xlsx.

    Raises:
        NotThereError: there is none.
    """
    try:
        return what_if_run.list_file(_find(office, result_id), night, suffix).read_bytes()
    except FileNotFoundError as error:
        raise NotThereError(f"The what-if {result_id} has no list of the night {night}.") from error


def _filter(moves: pa.Table, filters: Mapping[str, str]) -> pa.Table:
    for name in ("stage_before", "stage_after"):
        if filters.get(name):
            moves = moves.filter(pc.equal(moves[name], filters[name]))
    if list_name := filters.get("list_name"):
        sides = (
            pc.binary_join_element_wise("", moves[f"lists_{side}"], "", " ")
            for side in ("came", "left")
        )
        came, left = (
            pc.fill_null(pc.match_substring(side, f" {list_name} "), False) for side in sides
        )
        moves = moves.filter(pc.or_(came, left))
    return moves


def _offer(office: Office) -> list[Choice]:
    """Return the last closed nights, the newest first."""
    settings, choices = office.settings, []
    for night in runs.fetch_closed_dates(office.engine, OFFERED_NIGHTS):
        known = runs.fetch_run(office.engine, night)
        if known is not None and known.snapshot_name is not None:
            is_kept = (
                settings.snapshots / known.snapshot_name
            ).is_dir() or settings.snapshot_store is not None
            choices.append(Choice(night, known.run_id, is_kept))
    return choices


def _text_of(policy: Policy, on: date, wish: Wish) -> str:
    if wish.typed is not None:
        return change_thresholds(policy, on, wish.typed)
    return wish.text.replace("\r\n", "\n").replace("\r", "\n")


def _tried(wish: Wish, data: bytes, night: date) -> bytes:
    return (
        bring_forward(wish.file.removesuffix(".toml"), data, night)
        if wish.is_brought_forward
        else data
    )


def _find(office: Office, result_id: str) -> Path:
    folder = WhatIfStore(office.settings).find(result_id)
    if folder is None:
        raise NotThereError(
            f"There is no what-if {result_id[:40]}. The last {_KEEP} of {_KEEP_DAYS} days are kept; start it anew."
        )
    return folder


def _tell(store: WhatIfStore, folder: Path) -> Result:
    order = read_order(folder)
    is_busy, done, progress = store.is_busy(folder), read_done(folder), read_progress(folder)
    if done is not None:
        state = "refused" if done["refusal"] else "done"
    else:
        state = ("working" if progress else "waiting") if is_busy else "interrupted"
    return Result(
        folder.name,
        order["author"],
        ordered_at(folder),
        order["file"],
        [date.fromisoformat(night) for night in order["nights"]],
        order["is_brought_forward"],
        state,
        progress,
        done["refusal"] if done else "",
        done["nights"] if done else (),
    )
