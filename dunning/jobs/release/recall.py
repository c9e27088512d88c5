"""Take back rows that left: a kill list for the recipients; the actions no longer count.

The kill list is made from what was recorded and sealed when the list left, never from the files
that are in its folder now.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypedDict

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import DunningError
from dunning.core.lists import SUMS
from dunning.decisions.lists.volume_limits import key_of
from dunning.documents.lists.columns import ListColumn
from dunning.documents.lists.list_columns import ListFile
from dunning.documents.lists.list_files import render_list
from dunning.gateways.files.publishing import (
    MANIFEST,
    hash_files,
    manifest_bytes,
    remove_folders,
    write_private,
)
from dunning.gateways.files.targets import read_named
from dunning.gateways.postgres.database import Connection, Source, run_lock
from dunning.gateways.settings.environment import Settings
from dunning.gateways.settings.people import approvers_of, read_people
from dunning.gateways.store import open_store, recalls, releases
from dunning.gateways.store.outbox import publish_once
from dunning.gateways.store.readers import reading
from dunning.jobs.recovery import recover
from dunning.jobs.release.files import columns_of, read_rows, recalled_target, sent_target

# The columns by which print house, gateway, court clerk and crews find a row; no texts, no
# identifiers.
_KEYS = (
    "reference",
    "case_ref",
    "district",
    "route",
    "premise_no",
    "payer_code",
    "name",
    "meter_no",
    "address",
    "premise_address",
    "stage",
)


@dataclass(frozen=True)
class RecallRequest:
    """A request to take rows back.

    premise_no, payer_code: only these rows of the list; empty for all of them.
    accounts: only these rows, by (premise_no, payer_code); empty if they are not named so.
    """

    as_of: date
    list_name: str
    premise_no: str = ""
    payer_code: str = ""
    accounts: tuple[recalls.Account, ...] = ()


@dataclass(frozen=True)
class RecallRows:
    """The rows that a recall would take back.

    parts: its rows by file. accounts: of these rows; None where no row stays out.
    """

    released: releases.Released
    parts: dict[str, pa.Table]
    rows: int
    cents: int
    still_out: int
    accounts: Sequence[recalls.Account] | None


class RecallCounts(TypedDict):
    """Counts of a recall. still_out: rows of the list that are out after it."""

    rows: int
    cents: int
    still_out: int


class Recalled(RecallCounts):
    """A recall as a receipt that may be logged.

    folder: of its kill list. forgotten_on: the first day whose decisions do not count the rows any
    more.
    """

    as_of: str
    list: str
    folder: str
    forgotten_on: str


def preview(request: RecallRequest) -> RecallCounts:
    """Return the counts of a recall without doing it.

    Raises:
        DunningError: as `run`.
    """
    settings, purpose = (
        Settings.from_environment(),
        f"recall {request.list_name} {request.as_of}",
    )
    engine = open_store(settings, purpose)
    with reading(engine):
        found = find(engine, request)
    return {"rows": found.rows, "cents": found.cents, "still_out": found.still_out}


def run(
    as_of: date,
    list_name: str,
    by: str,
    reason: str,
    premise_no: str = "",
    payer_code: str = "",
    accounts: Sequence[recalls.Account] = (),
) -> Recalled:
    """Take back rows of a list that left, all that are out if none are named.

    See `RecallRequest` and `recall`.

    Raises:
        DunningError: it was not released, was recalled already, no such row is out, the person may
            not approve that list, or no reason is given. Nothing was changed.
    """
    if not reason.strip() or not by.strip():
        raise DunningError(
            "A recall needs who wants it and why, for everybody who asks later. Give both."
        )
    settings, purpose = Settings.from_environment(), f"recall {list_name} {as_of}"
    require_approver(settings, by.strip(), list_name)
    engine = open_store(settings, purpose)
    with run_lock(engine, purpose) as connection:
        recover(connection)
        request = RecallRequest(as_of, list_name, premise_no, payer_code, tuple(accounts))
        return recall(settings, connection, request, by.strip(), reason.strip())


def require_approver(settings: Settings, by: str, list_name: str) -> None:
    """Refuse a person who may not approve a list: its approvers may also take it back.

    Where the settings name no person at all, every user of the shell may: a recall only stops what
    has left, and must not wait for a file of settings. The pages show it to approvers only.
    """
    people = read_people(settings)
    may = [person.user_name for person in approvers_of(people, list_name)]
    if people and by not in may:
        raise DunningError(
            f"{by} may not recall the list {list_name}; {', '.join(may) or 'nobody'} may. Nothing was changed. "
            "`approves` in the settings of the pages says who may."
        )


def recall(
    settings: Settings, connection: Connection, request: RecallRequest, by: str, reason: str
) -> Recalled:
    """Publish the kill list and record the recall, once; see `store.outbox`."""
    found = find(connection, request)
    work = (
        settings.home
        / "work"
        / f"recall-{request.as_of}-{request.list_name}-{secrets.token_hex(4)}"
    )
    try:
        intended = recalls.Recall(
            as_of=request.as_of,
            list_name=request.list_name,
            recalled_by=by,
            reason=reason,
            row_count=found.rows,
            out=found.released.out,
            manifest_sha256=_write(work, request, found),
        )
        forgotten_on = publish_once(
            connection,
            recalls.RECALL,
            work,
            lambda within: recalls.begin_recall(within, intended, found.accounts),
        )
    finally:
        remove_folders([work])
    # the one that was just recorded: its folder is known only now
    done = recalls.fetch_recalls(connection, request.as_of)[-1]
    return {
        "as_of": request.as_of.isoformat(),
        "list": request.list_name,
        "rows": found.rows,
        "cents": found.cents,
        "still_out": found.still_out,
        "folder": str(recalled_target(done)),
        "forgotten_on": forgotten_on.isoformat(),
    }


def find(source: Source, request: RecallRequest) -> RecallRows:
    """Return what a recall would take back, from what was recorded and sealed at the release.

    Raises:
        DunningError: it was not released, was recalled already, no such row is out, or its files
            are not those that left.
    """
    released = _find_released(source, request)
    out = recalls.fetch_out(source, request.as_of, request.list_name)
    wanted = out.filter(_is_wanted(out, request))
    if len(wanted) == 0:
        raise DunningError(
            f"No such row of the list {request.list_name} of {request.as_of} is out: it did not leave, or was recalled "
            "already. Nothing was changed."
        )
    keys = key_of(wanted)
    left = _read_left(released)
    parts = {
        path: part.filter(pc.is_in(key_of(part), value_set=keys)) for path, part in left.items()
    }
    # recorded rows and sealed files must agree before a kill list is made of them
    _refuse_unlike(request, wanted, parts)
    return RecallRows(
        released,
        parts,
        len(wanted),
        sum(pc.sum(part[SUMS[request.list_name]]).as_py() or 0 for part in parts.values()),
        len(out) - len(wanted),
        # None: the whole list goes back, and no single accounts are recorded
        None if len(wanted) == len(out) else _accounts(wanted),
    )


def _find_released(source: Source, request: RecallRequest) -> releases.Released:
    released = releases.fetch_released(source, request.as_of).get(request.list_name)
    if released is None or released.state != "done" or released.recalled_by is not None:
        is_back = released is not None and released.recalled_by is not None
        state = (
            f"was recalled already, by {released.recalled_by}"
            if released and is_back
            else "was not released"
        )
        raise DunningError(
            f"The list {request.list_name} of {request.as_of} {state}. Nothing was changed."
        )
    return released


def _is_wanted(out: pa.Table, request: RecallRequest) -> pa.ChunkedArray:
    if request.accounts:
        premises, payers = zip(*request.accounts, strict=True)
        named = pa.table(
            {
                "premise_no": pa.array(premises, pa.string()),
                "payer_code": pa.array(payers, pa.string()),
            }
        )
        return pc.is_in(key_of(out), value_set=key_of(named))
    # a mask that keeps every row: the conditions below narrow it
    chosen = pc.is_valid(out["premise_no"])
    if request.premise_no:
        chosen = pc.and_(chosen, pc.equal(out["premise_no"], request.premise_no))
    return (
        pc.and_(chosen, pc.equal(out["payer_code"], request.payer_code))
        if request.payer_code
        else chosen
    )


def _read_left(released: releases.Released) -> dict[str, pa.Table]:
    """Return the rows that left, by file.

    Of the list's own release, or of the nightly run with which it left.
    """
    source = sent_target(released)
    # the recorded hash proves the manifest, and the manifest proves the files
    sealed = json.loads(read_named(source, MANIFEST, released.manifest_sha256))
    return read_rows(source, released.list_name, sealed["files"]).parts


def _refuse_unlike(request: RecallRequest, wanted: pa.Table, parts: dict[str, pa.Table]) -> None:
    rows = sum(len(part) for part in parts.values())
    if rows != len(wanted):
        raise DunningError(
            f"{len(wanted)} rows of the list {request.list_name} of {request.as_of} were recorded, and its files "
            f"have {rows} of them. Nothing was changed; report this fault."
        )


def _accounts(rows: pa.Table) -> list[recalls.Account]:
    return list(zip(rows["premise_no"].to_pylist(), rows["payer_code"].to_pylist(), strict=True))


def _write(work: Path, request: RecallRequest, found: RecallRows) -> str:
    """Write a kill list into a folder; return the SHA-256 of its manifest."""
    for path, part in found.parts.items():
        columns: tuple[ListColumn, ...] = tuple(
            column for column in columns_of(path) if column.name in _KEYS
        )
        killed = ListFile(f"kill-{path.replace('/', '-')}", columns, sheet="recalled")
        for name, content in render_list(killed, part, request.as_of):
            write_private(work / name, content)
    manifest = {
        "as_of": request.as_of.isoformat(),
        "list": request.list_name,
        "of": found.released.manifest_sha256,
        "rows": found.rows,
        "cents": found.cents,
        "files": hash_files(work),
    }
    content = manifest_bytes(manifest)
    write_private(work / MANIFEST, content)
    return hashlib.sha256(content).hexdigest()
