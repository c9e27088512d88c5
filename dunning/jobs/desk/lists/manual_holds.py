"""Holds set on a row of a list: on its account, with a reason, an author and an end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dunning.core.errors import DunningError
from dunning.core.lists import LISTS
from dunning.gateways.store import holds, releases, runs
from dunning.jobs.desk.lists.list_rows import read_row_page
from dunning.jobs.desk.session import DeskSession, RefusedError

_PROPOSED_DAYS, _LONGEST_DAYS = 30, 366
_NOTE_MIN, _NOTE_MAX = 3, 500


@dataclass(frozen=True)
class Ends:
    """The possible ends of a hold from a list: the first day on which it no longer applies."""

    proposed: date
    first: date
    last: date


@dataclass(frozen=True)
class ManualHolds:
    """All manual holds, newest first: in force from the next night on, and ended."""

    in_force: Sequence[holds.ManualHold]
    over: Sequence[holds.ManualHold]


def ends_of(as_of: date) -> Ends:
    """Return the possible ends of a hold from a date's list; it applies from the day after.

    >>> ends = ends_of(date(2026, 11, 22))
    >>> ends.first, ends.proposed, ends.last == date(2027, 11, 23)
    (datetime.date(2026, 11, 24), datetime.date(2026, 12, 22), True)
    """
    return Ends(*(as_of + timedelta(days=days) for days in (_PROPOSED_DAYS, 2, _LONGEST_DAYS)))


def hold_row(
    session: DeskSession,
    name: str,
    as_of: date,
    premise_no: str,
    payer_code: str,
    *,
    note: str,
    until: str,
    author: str,
) -> holds.ManualHold:
    """Set a hold on a row's account and return it.

    It applies from the next night on, and at once for the release.

    Args:
        note: why, 3 to 500 signs; others read it.
        until: first day without it, as yyyy-mm-dd.

    Raises:
        RefusedError: a newer night's lists have taken its place, no such row, no good reason or
            end, or the account has a hold already. Nothing is changed then.
    """
    _refuse_older(session, name, as_of)
    text, end = read_note(note), _read_end(until, as_of)
    read_row_page(session, name, as_of, premise_no, payer_code)
    _refuse_second(session, as_of, premise_no, payer_code)
    try:
        number = holds.append_hold(
            session.engine,
            premise_no=premise_no,
            payer_code=payer_code,
            list_name=name,
            struck_on=as_of,
            note=text,
            author=author,
            valid_until=end,
        )
    except DunningError:
        _refuse_second(session, as_of, premise_no, payer_code)  # somebody was quicker by a moment
        _refuse_older(session, name, as_of)
        raise
    return next(
        hold for hold in holds.fetch_holds(session.engine, premise_no) if hold.hold_no == number
    )


def end_manual_hold(session: DeskSession, hold_no: int, by: str) -> holds.ManualHold:
    """End a manual hold early, from the next night on; return it as it was.

    Raises:
        RefusedError: there is none of that number in force.
    """
    hold = find_manual_hold(session, hold_no)
    try:
        holds.end_hold(session.engine, hold_no, by)
    except DunningError as error:
        raise RefusedError(str(error), "hold_over", hold_no=hold_no) from error
    return hold


def find_manual_hold(session: DeskSession, hold_no: int) -> holds.ManualHold:
    """Return a manual hold by its number.

    Raises:
        RefusedError: there is none.
    """
    known = (hold for hold in holds.fetch_holds(session.engine) if hold.hold_no == hold_no)
    found = next(known, None)
    if found is None:
        raise RefusedError(f"There is no strike {hold_no}.", "hold_over", hold_no=hold_no)
    return found


def find_manual_holds(session: DeskSession, as_of: date) -> dict[tuple[str, str], holds.ManualHold]:
    """Return our holds on accounts of a date's lists, by (premise_no, payer_code).

    Of several holds on an account, the longest one.
    """
    day = as_of + timedelta(days=1)
    known = [
        h for h in holds.fetch_holds(session.engine) if h.valid_from <= day and h.is_in_force(day)
    ]
    return {
        # Later entries replace earlier ones, so the hold that ends last is kept.
        (h.premise_no, h.payer_code): h
        for h in sorted(known, key=lambda h: (h.valid_until, h.hold_no))
    }


def list_manual_holds(session: DeskSession) -> ManualHolds:
    """Return all manual holds."""
    closed_on = runs.last_closed_on(session.engine)
    day = closed_on + timedelta(days=1) if closed_on else date.min
    known = holds.fetch_holds(session.engine)
    return ManualHolds(
        [h for h in known if h.is_in_force(day)], [h for h in known if not h.is_in_force(day)]
    )


def may_hold(session: DeskSession, name: str, as_of: date) -> bool:
    """Return whether holds can be set on a date's list: it is the last closed one."""
    return name in LISTS and as_of == runs.last_closed_on(session.engine)


def has_left(session: DeskSession, name: str, as_of: date) -> bool:
    """Return whether a list was already released, so that a hold comes too late for it."""
    return name in releases.fetch_released(session.engine, as_of)


def read_note(note: str) -> str:
    """Return a reason without control characters and surrounding spaces.

    A form cannot show control characters.

    Raises:
        RefusedError: it is too short or too long.
    """
    text = "".join(
        sign for sign in note.replace("\r\n", "\n") if sign.isprintable() or sign == "\n"
    ).strip()
    if not _NOTE_MIN <= len(text) <= _NOTE_MAX:
        raise RefusedError(
            f"The reason has {len(text)} signs; {_NOTE_MIN} to {_NOTE_MAX} are needed, for others must understand it.",
            "note_length",
            least=_NOTE_MIN,
            most=_NOTE_MAX,
        )
    return text


def _refuse_older(session: DeskSession, name: str, as_of: date) -> None:
    if name not in LISTS:
        raise RefusedError(f"No row can be struck from the list {name}.", "no_strikes")
    closed_on = runs.last_closed_on(session.engine)
    if as_of != closed_on:
        raise RefusedError(
            f"The list of {as_of} was replaced by that of {closed_on}. Nothing was struck; look at the newer list.",
            "too_old",
            day=as_of,
            newer=closed_on,
        )


def _refuse_second(session: DeskSession, as_of: date, premise_no: str, payer_code: str) -> None:
    hold = find_manual_holds(session, as_of).get((premise_no, payer_code))
    if hold is not None:
        raise RefusedError(
            f"The account {premise_no} / {payer_code} is struck already (strike {hold.hold_no}). Nothing was changed.",
            "struck_already",
            author=hold.author,
            until=hold.valid_until,
        )


def _read_end(until: str, as_of: date) -> date:
    ends = ends_of(as_of)
    try:
        end = date.fromisoformat(until)
    except ValueError:
        end = None
    if end is None or not ends.first <= end <= ends.last:
        raise RefusedError(
            f"A strike from the list of {as_of} ends on a day from {ends.first} to {ends.last}.",
            "until_range",
            first=ends.first,
            last=ends.last,
        )
    return end
