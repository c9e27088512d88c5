"""Release a list: record the answer, check each row again, publish, record the actions once.

A process that is killed anywhere and run again gives the same result; see `store.outbox`.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NotRequired, TypedDict

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import DunningError
from dunning.core.money import format_minor
from dunning.core.progress import Progress, no_progress
from dunning.core.sofia_time import day_of
from dunning.decisions.lists.actions import actions_of
from dunning.documents.words import counted, table_of, word_of
from dunning.gateways.files.publishing import MANIFEST, check_prepared, remove_folders
from dunning.gateways.files.targets import target_of
from dunning.gateways.postgres.database import Connection, run_lock
from dunning.gateways.settings.environment import Settings
from dunning.gateways.settings.people import approvers_of, read_people
from dunning.gateways.store import open_store, releases, runs
from dunning.gateways.store.outbox import publish_once
from dunning.gateways.store.readers import reading
from dunning.jobs.queries.past_night import kept_policy
from dunning.jobs.recovery import recover
from dunning.jobs.release.files import ReleaseManifest, read_rows, write_release
from dunning.jobs.release.last_look import BUILT_IN, Layout, look_again
from dunning.jobs.release.offer import Offer, require_newest
from dunning.jobs.release.sample import require_sample
from dunning.jobs.release.volume import limit_volume

MAY_LEAVE = ("approved", "automatic")


class Outcome(TypedDict):
    """The outcome of a list, as a receipt that may be logged.

    state: `released`, `recalled`, `rejected`, `expired`, or `nothing` (it did not wait; only `list`
    and `text` come with that). rows, cents: of what left. dropped: rows that the last look kept
    back. folder: of the released lists of that date, where the list left now. text: a line for the
    morning report.
    """

    list: str
    state: str
    text: str
    as_of: NotRequired[str]
    rows: NotRequired[int]
    cents: NotRequired[int]
    dropped: NotRequired[int]
    folder: NotRequired[str]


@dataclass(frozen=True)
class Reply:
    """The reply to an offer.

    answer: `approved`, `rejected`, `expired`, or `automatic` (released without a question, on
    purpose). by: user name of the person, as in the settings of the pages; without a person, what
    happened instead.
    """

    answer: str
    by: str
    note: str = ""


def run(
    offer: Offer,
    reply: Reply,
    ledger: str | None = None,
    progress: Progress = no_progress,
    on: date | None = None,
    layout: Layout = BUILT_IN,
) -> Outcome:
    """Record a reply to an offer and, if it allows that, release the list; return the outcome.

    See `release`.

    Args:
        on: the day of the release, for trials; today in Sofia, if None.
        layout: how the ledger is read.
    """
    released_on = on or day_of(datetime.now(UTC))
    settings, purpose = Settings.from_environment(), f"release {offer.list_name} {offer.as_of}"
    engine = open_store(settings, purpose)
    # `reading` keeps the snapshots from being removed meanwhile
    with run_lock(engine, purpose) as connection, reading(engine):
        return release(settings, connection, offer, reply, released_on, ledger, progress, layout)


def run_where_asked(
    offers: Mapping[str, Offer],
    list_name: str,
    reply: Reply,
    ledger: str | None = None,
    progress: Progress = no_progress,
    on: date | None = None,
    layout: Layout = BUILT_IN,
) -> Outcome:
    """Release a list as `run`, if it is among the offers; else return the state `nothing`."""
    offer = offers.get(list_name)
    if offer is None or reply.answer == "nothing":
        return {"list": list_name, "state": "nothing", "text": ""}
    return run(offer, reply, ledger, progress, on, layout)


def release(
    settings: Settings,
    connection: Connection,
    offer: Offer,
    reply: Reply,
    on: date,
    ledger: str | None,
    progress: Progress,
    layout: Layout = BUILT_IN,
) -> Outcome:
    """Record a reply and release the list if it may leave; return the outcome.

    The caller holds the run lock. A list that is out already stays as it is: nothing is done
    twice.

    Raises:
        DunningError: a newer date's list replaced it, its files are not those that were approved,
            the author of the answer may not give it, or the files cannot be published. Nothing has
            left then.
    """
    # finish what a killed process began: the list may be out already
    recover(connection)
    out = releases.fetch_released(connection, offer.as_of).get(offer.list_name)
    if out is not None:
        state = "recalled" if out.recalled_by else "released"
        return _receipt(offer, state, out.row_count, out.cents, out.dropped)
    # A rejection or an expired question may still be recorded after a newer date was closed.
    known = require_newest(connection, offer.as_of) if reply.answer in MAY_LEAVE else None
    if known is not None and reply.answer == "automatic":
        require_sample(settings, known)
    # refused before it is recorded: an answer that may not be given leaves no trace
    _refuse_stranger(settings, offer, reply)
    _record(connection, offer, reply)
    if known is None:
        return _receipt(offer, reply.answer, 0, 0, 0)
    return _let_out(settings, connection, offer, reply, known, on, ledger, progress, layout)


def _let_out(
    settings: Settings,
    connection: Connection,
    offer: Offer,
    reply: Reply,
    known: runs.RecordedRun,
    on: date,
    ledger: str | None,
    progress: Progress,
    layout: Layout,
) -> Outcome:
    """Look at each row again and publish those that may leave, within the volume limits."""
    target = target_of(known.out or "", offer.as_of.isoformat())
    found = read_rows(target, offer.list_name, offer.files, only_ready=True)
    reasons, look = look_again(
        settings,
        connection,
        offer.as_of,
        offer.list_name,
        found.rows,
        on=on,
        ledger=ledger,
        layout=layout,
        progress=progress,
    )
    # the volume limits of the policy with which the list was made
    rule = kept_policy(connection, known).at(offer.as_of).release
    reasons = limit_volume(connection, offer, found, reasons, rule)
    name = f"release-{offer.as_of}-{offer.list_name}-{secrets.token_hex(4)}"
    work = settings.home / "work" / name
    try:
        manifest = write_release(work, offer, found, reasons, look, vars(reply))
        leaving = found.rows.filter(pc.is_null(reasons))
        return _publish(connection, offer, known, leaving, manifest, work)
    finally:
        remove_folders([work])


def _refuse_stranger(settings: Settings, offer: Offer, reply: Reply) -> None:
    """Refuse an approval by a person who is no approver of the list in the settings."""
    people = read_people(settings)
    may = [person.user_name for person in approvers_of(people, offer.list_name)]
    if reply.answer == "approved" and reply.by not in may:
        raise DunningError(
            f"{reply.by} may not approve the list {offer.list_name}; {', '.join(may) or 'nobody'} may. Nothing was "
            "released. `approves` in the settings of the pages says who may."
        )


def _record(connection: Connection, offer: Offer, reply: Reply) -> None:
    """Record a reply once; a repeated step must give the same reply.

    An expired question may be asked anew.
    """
    answer = releases.Answer(
        run_id=offer.run_id,
        as_of=offer.as_of,
        list_name=offer.list_name,
        answer=reply.answer,
        by_user=reply.by,
        note=reply.note,
        row_count=offer.rows,
        cents=offer.cents,
        files=offer.files,
    )
    given = [
        each
        for each in releases.fetch_answers(connection, offer.as_of)
        if each.list_name == offer.list_name
    ]
    last = given[-1] if given else None
    # no answer yet, or the question had expired and was asked anew
    if last is None or (last.answer == "expired" and reply.answer != "expired"):
        releases.append_answer(connection, answer)
    elif reply.answer != "expired" and (last.answer, last.by_user, last.note) != (
        reply.answer,
        reply.by,
        reply.note,
    ):
        raise DunningError(
            f"The list {offer.list_name} of {offer.as_of} was answered already: {last.answer} by {last.by_user}. "
            "Nothing was changed."
        )


def _publish(
    connection: Connection,
    offer: Offer,
    known: runs.RecordedRun,
    leaving: pa.Table,
    manifest: ReleaseManifest,
    work: Path,
) -> Outcome:
    check_prepared(work)
    out, dropped = known.out or "", sum(manifest["dropped"].values())
    intended = releases.Released(
        as_of=offer.as_of,
        list_name=offer.list_name,
        run_id=offer.run_id,
        event_no=None,
        row_count=manifest["rows"],
        cents=manifest["cents"],
        dropped=dropped,
        out=out,
        manifest_sha256=hashlib.sha256((work / MANIFEST).read_bytes()).hexdigest(),
    )
    actions = actions_of(offer.as_of, offer.list_name, leaving)
    publish_once(
        connection,
        releases.RELEASE,
        work,
        lambda within: releases.begin_release(within, intended, actions),
    )
    receipt = _receipt(offer, "released", manifest["rows"], manifest["cents"], dropped)
    return {**receipt, "folder": str(target_of(out, f"released/{offer.as_of}"))}


def _receipt(offer: Offer, state: str, rows: int, cents: int, dropped: int) -> Outcome:
    return {
        "as_of": offer.as_of.isoformat(),
        "list": offer.list_name,
        "state": state,
        "rows": rows,
        "cents": cents,
        "dropped": dropped,
        "text": describe(offer.list_name, state, rows, cents, dropped),
    }


def describe(list_name: str, state: str, rows: int, cents: int, dropped: int) -> str:
    """Return the Bulgarian line about a list's outcome for the morning report."""
    name = word_of("bg", list_name, "list_rows").capitalize()
    if state in table_of("bg", "release_result"):
        return f"{name}: {word_of('bg', state, 'release_result')}."
    stayed = f"; задържани при последната проверка: {dropped}" if dropped else ""
    return f"{name}: излезли {counted('bg', rows, 'row')} за {format_minor(cents)} €{stayed}."
