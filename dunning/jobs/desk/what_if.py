"""Which rules may be tried on past nights, and the order of a trial: checked before it is stored."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dunning.core.errors import NotThereError
from dunning.gateways.snapshots.what_if_store import WhatIfStore, read_order
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
    find_thresholds,
)
from dunning.jobs.desk.policy import fetch_policy
from dunning.jobs.desk.session import Office
from dunning.jobs.desk.what_if_results import KEEP, KEEP_DAYS, fetch_result, find_folder
from dunning.policy.findings import Finding
from dunning.policy.policies import Policy

MOST_NIGHTS, OFFERED_NIGHTS = 7, 14
_MOST_BUSY = 5


@dataclass(frozen=True)
class OfferedNight:
    """A closed night that may be tried, if its snapshot is still kept."""

    as_of: date
    run_id: int
    is_kept: bool


@dataclass(frozen=True)
class TrialForm:
    """What can be tried. nights: the newest first; empty before the first one is closed. text: of
    `file`, in force.
    """

    form_id: str
    file: str
    text: str
    nights: Sequence[OfferedNight]
    thresholds: Sequence[Threshold]


@dataclass(frozen=True)
class TrialRequest:
    """What is to be tried, as a form of the page sent it.

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
class TrialAnswer:
    """What became of a request: the name of its result, or else what is wrong with it.

    refusal: a key of the page's texts, or empty; about: what it is about, a threshold or a day.
    findings: of the text.
    """

    result_id: str = ""
    refusal: str = ""
    about: str = ""
    findings: Sequence[Finding] = ()


def open_form(office: Office, file: str = QUICK_FILE, like: str = "") -> TrialForm:
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
        folder = find_folder(office, like)
        text = (
            (folder / "changed.toml").read_text("utf-8")
            if read_order(folder)["file"] == file
            else text
        )
    thresholds = find_thresholds(policy, nights[0].as_of) if policy else []
    return TrialForm(secrets.token_hex(16), file, text, nights, thresholds)


def start(office: Office, author: str, wish: TrialRequest) -> TrialAnswer:
    """Begin a trial in a process of its own, or say what is wrong; a wish that was sent twice is
    begun once.
    """
    if wish.file not in FILES:
        return TrialAnswer(refusal="no_file")
    offered = _offer(office)
    nights = [
        choice for choice in offered if choice.as_of.isoformat() in wish.nights and choice.is_kept
    ]
    if not nights:
        return TrialAnswer(refusal="no_night")
    if len(nights) > MOST_NIGHTS:
        return TrialAnswer(refusal="too_many")
    try:
        text = _text_of(fetch_policy(office, offered[0].run_id), offered[0].as_of, wish)
    except BadNumberError as error:
        return TrialAnswer(refusal="bad_number", about=str(error))
    if len(text) > LONGEST_TEXT:
        return TrialAnswer(refusal="too_long")
    return _begin(office, author, wish, text.encode(), nights)


def _begin(
    office: Office, author: str, wish: TrialRequest, data: bytes, nights: Sequence[OfferedNight]
) -> TrialAnswer:
    before = {choice.as_of: fetch_policy(office, choice.run_id) for choice in nights}
    after = {
        night: {**policy.files(), wish.file: _tried(wish, data, night)}
        for night, policy in before.items()
    }
    findings = sorted(
        {found for files in after.values() for found in check_files(files, wish.file)}
    )
    if findings:
        return TrialAnswer(findings=findings)
    if all(files[wish.file] == before[night].files()[wish.file] for night, files in after.items()):
        return TrialAnswer(refusal="unchanged")
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
        return TrialAnswer(refusal="busy")
    store.sweep(KEEP, KEEP_DAYS)
    return TrialAnswer(result_id)


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
    if fetch_result(office, result_id).state in ("interrupted", "refused"):
        begin_again(WhatIfStore(office.settings), result_id)


def _offer(office: Office) -> list[OfferedNight]:
    """Return the last closed nights, the newest first."""
    settings, choices = office.settings, []
    for night in runs.fetch_closed_dates(office.engine, OFFERED_NIGHTS):
        known = runs.fetch_run(office.engine, night)
        if known is not None and known.snapshot_name is not None:
            is_kept = (
                settings.snapshots / known.snapshot_name
            ).is_dir() or settings.snapshot_store is not None
            choices.append(OfferedNight(night, known.run_id, is_kept))
    return choices


def _text_of(policy: Policy, on: date, wish: TrialRequest) -> str:
    if wish.typed is not None:
        return change_thresholds(policy, on, wish.typed)
    return wish.text.replace("\r\n", "\n").replace("\r", "\n")


def _tried(wish: TrialRequest, data: bytes, night: date) -> bytes:
    return (
        bring_forward(wish.file.removesuffix(".toml"), data, night)
        if wish.is_brought_forward
        else data
    )
