"""The result of a what-if trial: its state, its sums, its moves page by page, its files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import NotThereError
from dunning.gateways.snapshots.what_if_store import (
    TrialDone,
    TrialNight,
    WhatIfStore,
    ordered_at,
    read_done,
    read_order,
    read_progress,
    read_table,
)
from dunning.jobs.desk.session import DeskSession
from dunning.jobs.desk.what_if import what_if_run
from dunning.jobs.desk.what_if.drafts import find_later

PAGE_ROWS = 50
KEEP, KEEP_DAYS = 20, 30
# By the id of a trial that has not ended: `waiting` or `working`.
Going = Mapping[str, str]


@dataclass(frozen=True)
class Result:
    """A what-if result. state: `waiting`, `working`, `done`, `refused` or `interrupted`.

    progress: a line of where it is. refusal: why the nights cannot be decided. nights: what was
    found.
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
    nights: Sequence[TrialNight] = ()


@dataclass(frozen=True)
class Moves:
    """A page of the moves of one night, largest sums first.

    rows: with the columns of `changes.MOVEMENTS`. count, cents_before, cents_after: of all filtered moves.
    """

    night: date
    rows: Sequence[Mapping[str, Any]]
    count: int
    cents_before: int
    cents_after: int
    page: int
    pages: int


@dataclass(frozen=True)
class SumLine:
    """Rows and cents of a stage or a list, on both sides."""

    name: str
    rows_before: int
    cents_before: int
    rows_after: int
    cents_after: int


@dataclass(frozen=True)
class Sums:
    """The sums of one night.

    paths: stage before, stage after, number of accounts, their debt.
    """

    stages: Sequence[SumLine]
    lists: Sequence[SumLine]
    paths: Sequence[tuple[str, str, int, int]]


def fetch_result(session: DeskSession, result_id: str, going: Going) -> Result:
    """Return a result, complete or not.

    Args:
        going: Airflow's state of trials that have not ended.

    Raises:
        NotThereError: there is none, or it was removed.
    """
    return _read_result(find_folder(session, result_id), going)


def list_results(session: DeskSession, going: Going) -> list[Result]:
    """Return all results, newest first; expired ones are removed."""
    store = WhatIfStore(session.settings)
    store.sweep(KEEP, KEEP_DAYS, going)
    return [_read_result(folder, going) for folder in store.list_results()]


def find_folder(session: DeskSession, result_id: str) -> Path:
    """Return the folder of a stored trial.

    Raises:
        NotThereError: there is none, or it was removed.
    """
    folder = WhatIfStore(session.settings).find(result_id)
    if folder is None:
        raise NotThereError(
            f"There is no what-if {result_id[:40]}. The last {KEEP} of {KEEP_DAYS} days are kept; start it anew."
        )
    return folder


def find_next_version(session: DeskSession, result: Result) -> date | None:
    """Return the start of the tried file's next version, if it is after the first tried night."""
    data = (find_folder(session, result.result_id) / "changed.toml").read_bytes()
    return find_later(result.file.removesuffix(".toml"), data, result.on[0])


def read_changed(session: DeskSession, result_id: str) -> str:
    """Return the rule file that was tried."""
    return (find_folder(session, result_id) / "changed.toml").read_text("utf-8")


def sum_up(found: TrialNight) -> Sums:
    """Return the sums of a night from the results of `what_if_run`."""
    places, cells, size = found["places"], found["stages"], range(len(found["places"]))
    # cells[n][m] = (accounts, cents before, cents after) of the way from stage n to stage m:
    # a row's sum is what the stage had before, a column's sum what it has after.
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


def page_moves(
    session: DeskSession, result: Result, night: date, page: int, filters: Mapping[str, str]
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
    moves = read_table(what_if_run.moves_file(find_folder(session, result.result_id), night))
    moves = _filter(moves, filters)
    pages = max(1, -(-len(moves) // PAGE_ROWS))
    page = min(max(1, page), pages)
    rows = moves.slice((page - 1) * PAGE_ROWS, PAGE_ROWS).to_pylist()
    before, after = (
        pc.sum(moves[f"open_cents_{side}"]).as_py() or 0 for side in ("before", "after")
    )
    return Moves(night, rows, len(moves), before, after, page, pages)


def read_list(session: DeskSession, result_id: str, night: date, suffix: str) -> bytes:
    """Return all moves of a night as a file. suffix: csv or xlsx.

    Raises:
        NotThereError: there is none.
    """
    try:
        return what_if_run.list_file(find_folder(session, result_id), night, suffix).read_bytes()
    except FileNotFoundError as error:
        raise NotThereError(f"The what-if {result_id} has no list of the night {night}.") from error


def _filter(moves: pa.Table, filters: Mapping[str, str]) -> pa.Table:
    for name in ("stage_before", "stage_after"):
        if filters.get(name):
            moves = moves.filter(pc.equal(moves[name], filters[name]))
    if list_name := filters.get("list_name"):
        # Spaces around names, so that a list does not match inside a longer name.
        sides = (
            pc.binary_join_element_wise("", moves[f"lists_{side}"], "", " ")
            for side in ("came", "left")
        )
        came, left = (
            pc.fill_null(pc.match_substring(side, f" {list_name} "), False) for side in sides
        )
        moves = moves.filter(pc.or_(came, left))
    return moves


def _read_result(folder: Path, going: Going) -> Result:
    order, done = read_order(folder), read_done(folder)
    state = _state_of(done, going.get(folder.name, ""))
    return Result(
        folder.name,
        order["author"],
        ordered_at(folder),
        order["file"],
        [date.fromisoformat(night) for night in order["nights"]],
        order["is_brought_forward"],
        state,
        read_progress(folder) if state == "working" else "",
        done["refusal"] if done else "",
        done["nights"] if done else (),
    )


def _state_of(done: TrialDone | None, going: str) -> str:
    """Return the state of a trial. going: its word of `Going`; empty for one that has ended.

    What is complete is so even while Airflow has not yet closed its run; what was refused may be
    under way again. A trial that neither goes on nor has ended was interrupted.
    """
    if done is not None and not done["refusal"]:
        return "done"
    if going:
        return going
    return "interrupted" if done is None else "refused"
