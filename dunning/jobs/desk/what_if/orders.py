"""The rules that may be tried on past nights, and the order of a trial, checked before storing."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dunning.core.errors import NotThereError
from dunning.gateways.snapshots.what_if_store import TrialOrder, WhatIfStore, read_order
from dunning.gateways.store import runs
from dunning.jobs.desk.policy import fetch_policy
from dunning.jobs.desk.session import DeskSession
from dunning.jobs.desk.what_if.drafts import (
    FILES,
    LONGEST_TEXT,
    QUICK_FILE,
    BadNumberError,
    LadderField,
    bring_forward,
    change_thresholds,
    check_files,
    find_thresholds,
)
from dunning.jobs.desk.what_if.results import KEEP, KEEP_DAYS, Going, fetch_result, find_folder
from dunning.policy.findings import Finding
from dunning.policy.policies import Policy

Files = Mapping[str, bytes]
MOST_NIGHTS, OFFERED_NIGHTS = 7, 14
_MOST_GOING = 5


@dataclass(frozen=True)
class OfferedNight:
    """A closed night that may be tried, if its snapshot is still stored."""

    as_of: date
    run_id: int
    is_kept: bool


@dataclass(frozen=True)
class TrialForm:
    """The form of a trial.

    nights: the newest first; empty before the first one is closed. text: of `file`, in force.
    """

    form_id: str
    file: str
    text: str
    nights: Sequence[OfferedNight]
    thresholds: Sequence[LadderField]


@dataclass(frozen=True)
class TrialRequest:
    """A trial as requested by a form of the page.

    typed: the thresholds as typed, by key; then `text` is ignored. is_brought_forward: the
    next version of the file counts as if it began on each night.
    """

    form_id: str
    file: str
    text: str
    nights: Sequence[str]
    is_brought_forward: bool = False
    typed: Mapping[str, str] | None = None


@dataclass(frozen=True)
class TrialAnswer:
    """The answer to a request: the name of its result, or the reasons for its refusal.

    is_new: it was stored just now, and a run is to be started for it.
    refusal: a key of the page's texts, or empty; about: what it is about, a threshold or a day.
    findings: of the text.
    """

    result_id: str = ""
    is_new: bool = False
    refusal: str = ""
    about: str = ""
    findings: Sequence[Finding] = ()


def open_form(session: DeskSession, file: str = QUICK_FILE, like: str = "") -> TrialForm:
    """Return the form of a trial.

    Args:
        like: a result, to show its text instead of what is in force; empty for none.

    Raises:
        NotThereError: no such file or result.
    """
    if file not in FILES:
        raise NotThereError(
            f"There is no rule file {file!r} to be tried. There are: {', '.join(FILES)}."
        )
    nights = _offer(session)
    policy = fetch_policy(session, nights[0].run_id) if nights else None
    text = policy.files()[file].decode() if policy else ""
    if like:
        folder = find_folder(session, like)
        text = (
            (folder / "changed.toml").read_text("utf-8")
            if read_order(folder)["file"] == file
            else text
        )
    thresholds = find_thresholds(policy, nights[0].as_of) if policy else []
    return TrialForm(secrets.token_hex(16), file, text, nights, thresholds)


def order(session: DeskSession, author: str, request: TrialRequest, going: Going) -> TrialAnswer:
    """Store a trial to be decided, or return the reasons for its refusal.

    A request that was sent twice is stored once.
    """
    if request.file not in FILES:
        return TrialAnswer(refusal="no_file")
    offered = _offer(session)
    nights = [each for each in offered if each.as_of.isoformat() in request.nights and each.is_kept]
    if not nights:
        return TrialAnswer(refusal="no_night")
    if len(nights) > MOST_NIGHTS:
        return TrialAnswer(refusal="too_many")
    # Checked in this order: cheap tests first, the policy is read for valid nights only.
    try:
        text = _text_of(fetch_policy(session, offered[0].run_id), offered[0].as_of, request)
    except BadNumberError as error:
        return TrialAnswer(refusal="bad_number", about=str(error))
    if len(text) > LONGEST_TEXT:
        return TrialAnswer(refusal="too_long")
    before = {each.as_of: fetch_policy(session, each.run_id).files() for each in nights}
    return _order_checked(session, author, request, text.encode(), before, going)


def may_run_again(session: DeskSession, result_id: str, going: Going) -> bool:
    """Return whether a trial may be decided again: it was interrupted or refused.

    Raises:
        NotThereError: there is no such result.
    """
    return fetch_result(session, result_id, going).state in ("interrupted", "refused")


def _order_checked(
    session: DeskSession,
    author: str,
    request: TrialRequest,
    data: bytes,
    before: Mapping[date, Files],
    going: Going,
) -> TrialAnswer:
    """Store a trial after checking its files: each night's own, with the changed one.

    Args:
        data: the changed file.
        before: the policy files that each night was decided with.
    """
    after = {
        night: {**files, request.file: _tried(request, data, night)}
        for night, files in before.items()
    }
    findings = {found for files in after.values() for found in check_files(files, request.file)}
    if findings:
        return TrialAnswer(findings=sorted(findings))
    if after == before:
        return TrialAnswer(refusal="unchanged")
    details: TrialOrder = {
        "author": author,
        "file": request.file,
        "nights": [night.isoformat() for night in after],
        "is_brought_forward": request.is_brought_forward,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    contents = {"changed.toml": data} | {
        f"policy/{night}/{name}": content
        for night, files in after.items()
        for name, content in files.items()
    }
    return _store(session, request.form_id, details, contents, going)


def _store(
    session: DeskSession,
    form_id: str,
    details: TrialOrder,
    contents: Mapping[str, bytes],
    going: Going,
) -> TrialAnswer:
    """Store an order, unless too many trials are waiting.

    A form that was sent before, and is sent again with something else in it, is another order.
    """
    store = WhatIfStore(session.settings)
    folder = store.find(form_id)
    if folder is not None and read_order(folder) == details:
        return TrialAnswer(form_id)
    if len(going) >= _MOST_GOING:
        return TrialAnswer(refusal="busy")
    is_free = folder is None and store.is_name(form_id)
    # The form's own number as a name makes a form that is sent twice one order.
    result_id = form_id if is_free else secrets.token_hex(16)
    is_new = store.append(result_id, details, contents)
    store.sweep(KEEP, KEEP_DAYS, {*going, result_id})
    return TrialAnswer(result_id, is_new)


def _offer(session: DeskSession) -> list[OfferedNight]:
    """Return the last closed nights, newest first."""
    settings, choices = session.settings, []
    for night in runs.fetch_closed_dates(session.engine, OFFERED_NIGHTS):
        known = runs.fetch_run(session.engine, night)
        if known is not None and known.snapshot_name is not None:
            is_kept = (
                settings.snapshots / known.snapshot_name
            ).is_dir() or settings.snapshot_store is not None
            choices.append(OfferedNight(night, known.run_id, is_kept))
    return choices


def _text_of(policy: Policy, on: date, request: TrialRequest) -> str:
    if request.typed is not None:
        return change_thresholds(policy, on, request.typed)
    return request.text.replace("\r\n", "\n").replace("\r", "\n")


def _tried(request: TrialRequest, data: bytes, night: date) -> bytes:
    return (
        bring_forward(request.file.removesuffix(".toml"), data, night)
        if request.is_brought_forward
        else data
    )
