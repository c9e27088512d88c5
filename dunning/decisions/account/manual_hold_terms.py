"""How long a manual hold lasts, and when its author is reminded of the end."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from dunning.decisions.lists.volume_limits import key_of
from dunning.policy.rules import Protection

# What an employee may protect an account for, the most urgent first; of the ledger's reasons,
# words.HOLD_REASONS.
REASONS = ("life_support", "vulnerable", "complaint", "dispute", "deceased", "manual")
# These protect all people who live at the premise.
OF_PREMISE = ("life_support", "vulnerable")
_LONGEST_DAYS = 366
_CODES = {"manual": "struck", "life_support": "life_support", "vulnerable": "vulnerable"}


class Protecting(Protocol):
    """A manual hold that is in force."""

    @property
    def premise_no(self) -> str: ...

    @property
    def payer_code(self) -> str: ...

    @property
    def reason(self) -> str: ...


def find_held_back(rows: pa.Table, list_name: str, holds: Iterable[Protecting]) -> pa.Array:
    """Return per row of a list the reason of the manual hold that stops it; null if none.

    A hold stops its account's rows of every list. One of OF_PREMISE also stops the
    disconnection of the whole premise, and of every premise of the same payer.

    Args:
        rows: premise_no and payer_code.
        holds: those in force.
    """
    # The most urgent last: of several holds on one account it overwrites the others.
    known = sorted(holds, key=lambda hold: REASONS.index(hold.reason), reverse=True)
    codes = {hold.reason: _CODES.get(hold.reason, f"hold_{hold.reason}") for hold in known}
    of_account = {f"{hold.premise_no}\x1f{hold.payer_code}": codes[hold.reason] for hold in known}
    found = _look_up(key_of(rows), of_account)
    if list_name != "disconnections":
        return found
    protecting = [hold for hold in known if hold.reason in OF_PREMISE]
    of_premise = _look_up(
        rows["premise_no"], {hold.premise_no: codes[hold.reason] for hold in protecting}
    )
    of_payer = _look_up(
        rows["payer_code"], {hold.payer_code: codes[hold.reason] for hold in protecting}
    )
    return pc.coalesce(of_premise, of_payer, found)


def _look_up(keys: pa.Array | pa.ChunkedArray, words: dict[str, str]) -> pa.Array:
    plain = keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else keys
    places = pc.index_in(plain, value_set=pa.array(list(words), pa.string()))
    return pa.array(list(words.values()), pa.string()).take(places)


def latest_end(rule: Protection, begins_on: date, *, is_documented: bool) -> date:
    """Return the latest allowed end of a protection, the first day without it.

    >>> latest_end(Protection(undocumented_days=14, remind_days=3), date(2026, 11, 23), is_documented=False)
    datetime.date(2026, 12, 7)
    """
    return begins_on + timedelta(days=_LONGEST_DAYS if is_documented else rule.undocumented_days)


def is_ending(rule: Protection, until: date, day: date) -> bool:
    """Return whether a protection in force on a day ends so soon that its author is reminded.

    >>> rule = Protection(undocumented_days=14, remind_days=3)
    >>> [is_ending(rule, date(2026, 12, 7), date(2026, 12, day)) for day in (3, 4, 6, 7)]
    [False, True, True, False]
    """
    return until - timedelta(days=rule.remind_days) <= day < until
