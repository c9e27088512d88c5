"""Setting a hold on an account from its page.

It applies at once for all releases, and from the next night on for decisions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from dunning.core.errors import DunningError
from dunning.decisions.account.manual_hold_terms import REASONS, is_ending, latest_end
from dunning.gateways.postgres.database import Engine
from dunning.gateways.store import holds, runs
from dunning.jobs.desk.account import require_account
from dunning.jobs.desk.lists.manual_holds import read_note
from dunning.jobs.desk.session import DeskSession, RefusedError
from dunning.jobs.queries.past_night import kept_policy
from dunning.policy.rules import Protection

_DOCUMENT_MAX = 100


@dataclass(frozen=True)
class Terms:
    """How long a hold that begins now may last.

    The dates are the first day without it; first: the earliest.
    """

    begins_on: date
    first: date
    undocumented: date
    documented: date
    undocumented_days: int


@dataclass(frozen=True)
class HoldForm:
    """The form as filled in.

    until: as yyyy-mm-dd; empty: the longest time without a document.
    """

    reason: str
    note: str
    document: str = ""
    until: str = ""


def terms_of(session: DeskSession) -> Terms | None:
    """Return the possible ends of a hold that begins now; None before the first closed night."""
    closed_on = runs.last_closed_on(session.engine)
    if closed_on is None:
        return None
    begins_on, rule = closed_on + timedelta(days=1), _rule(session, closed_on)
    return Terms(
        begins_on=begins_on,
        first=begins_on + timedelta(days=1),
        undocumented=latest_end(rule, begins_on, is_documented=False),
        documented=latest_end(rule, begins_on, is_documented=True),
        undocumented_days=rule.undocumented_days,
    )


def protect(
    session: DeskSession, premise_no: str, payer_code: str, hold_form: HoldForm, author: str
) -> int:
    """Record a hold on an account; return its number.

    Raises:
        RefusedError: no such reason, no good note or end, or such a hold lasts as long already.
            NotThereError: there is no such account, or no closed night. Nothing is recorded then.
    """
    closed_on = require_account(session, premise_no, payer_code)
    terms = terms_of(session)
    assert terms is not None
    if hold_form.reason not in REASONS:
        raise RefusedError(
            f"Nobody is protected for {hold_form.reason!r}; choose of {', '.join(REASONS)}.",
            "hold_reason",
        )
    note, document = read_note(hold_form.note), " ".join(hold_form.document.split())[:_DOCUMENT_MAX]
    until = _read_end(hold_form.until, terms, is_documented=bool(document))
    try:
        return holds.append_hold(
            session.engine,
            premise_no=premise_no,
            payer_code=payer_code,
            list_name=holds.FROM_ACCOUNT,
            struck_on=closed_on,
            note=note,
            author=author,
            valid_until=until,
            reason=hold_form.reason,
            document=document,
        )
    except DunningError as error:
        # Refused by the store: find the hold that lasts as long already, to name it.
        known = [
            h for h in find_holds(session, premise_no, payer_code) if h.reason == hold_form.reason
        ]
        if not known:
            raise
        lasts = max(known, key=lambda hold: hold.valid_until)
        raise RefusedError(
            str(error), "protected_already", author=lasts.author, until=lasts.valid_until
        ) from error


def find_holds(session: DeskSession, premise_no: str, payer_code: str) -> list[holds.ManualHold]:
    """Return our holds on an account that are in force from now on, newest first."""
    closed_on = runs.last_closed_on(session.engine)
    if closed_on is None:
        return []
    day = closed_on + timedelta(days=1)
    known = holds.fetch_holds(session.engine, premise_no)
    return [hold for hold in known if hold.payer_code == payer_code and hold.is_in_force(day)]


def find_ending(session: DeskSession, author: str) -> Sequence[holds.ManualHold]:
    """Return an author's holds that end soon, earliest end first, as a reminder.

    Not of one that a longer hold of the same account and reason has taken the place of.
    """
    closed_on = runs.last_closed_on(session.engine)
    if closed_on is None:
        return []
    day, rule = closed_on + timedelta(days=1), _rule(session, closed_on)
    in_force = [hold for hold in holds.fetch_holds(session.engine) if hold.is_in_force(day)]
    # The last end per account and reason: a longer hold needs no reminder about a shorter one.
    lasts = {
        _subject(hold): hold.valid_until
        for hold in sorted(in_force, key=lambda hold: hold.valid_until)
    }
    ending = [
        h for h in in_force if h.author == author and is_ending(rule, lasts[_subject(h)], day)
    ]
    return sorted(ending, key=lambda hold: (hold.valid_until, hold.hold_no))


def _subject(hold: holds.ManualHold) -> tuple[str, str, str]:
    return hold.premise_no, hold.payer_code, hold.reason


def _rule(session: DeskSession, closed_on: date) -> Protection:
    known = runs.fetch_run(session.engine, closed_on)
    assert known is not None
    return _rule_of(session.engine, known.run_id, closed_on)


@lru_cache(maxsize=4)
def _rule_of(engine: Engine, run_id: int, closed_on: date) -> Protection:
    known = runs.fetch_run_by_id(engine, run_id)
    assert known is not None
    return kept_policy(engine, known).at(closed_on).protection


def _read_end(until: str, terms: Terms, *, is_documented: bool) -> date:
    last = terms.documented if is_documented else terms.undocumented
    if not until:
        return terms.undocumented
    try:
        end = date.fromisoformat(until)
    except ValueError:
        end = None
    if end is None or not terms.first <= end <= last:
        reason = "end_range" if is_documented else "end_without_document"
        raise RefusedError(
            f"The protection ends on a day from {terms.first} to {last}.",
            reason,
            first=terms.first,
            last=last,
        )
    return end
