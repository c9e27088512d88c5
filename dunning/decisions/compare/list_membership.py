"""List membership of each account on one night: lists, sums, or the reason why not."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Flags, Ints
from dunning.core.lists import LISTS, SUMS
from dunning.core.words import CHANNELS, STAGES, code
from dunning.decisions.lists.proposals import Proposed

# Every list, and the rows withheld from each: an account is in each at most once.
MEMBERSHIPS = (
    *(f"reminders/{channel}" for channel in CHANNELS),
    *LISTS[1:],
    *(f"withheld/{group}" for group in LISTS),
)
_FIRST_WITHHELD = MEMBERSHIPS.index("withheld/reminders")
_CURRENT = code(STAGES, "current")


@dataclass(frozen=True)
class ListMembership:
    """List membership of accounts (rows) by list (columns, MEMBERSHIPS), with cents.

    message: each one's row of `reminders`; withheld: the row of that table that keeps it from a
    group's list (columns, LISTS). -1: none.
    """

    is_listed: Flags
    cents: Ints
    message: Ints
    withheld: Ints


def find_memberships(proposed: Proposed, accounts: dict[str, Ints], size: int) -> ListMembership:
    """Return the list membership of `size` accounts.

    Args:
        accounts: by table, the account of each row.
    """
    is_listed = np.zeros((size, len(MEMBERSHIPS)), np.bool_)
    cents = np.zeros((size, len(MEMBERSHIPS)), np.int64)
    message = np.full(size, -1, np.int64)
    withheld = np.full((size, len(LISTS)), -1, np.int64)

    def enter(table: str, column: str, places: Ints) -> None:
        is_listed[accounts[table], places] = True
        cents[accounts[table], places] = proposed[table][column].to_numpy()

    enter("reminders", SUMS["reminders"], _index(proposed["reminders"]["channel"], CHANNELS))
    message[accounts["reminders"]] = np.arange(len(accounts["reminders"]))
    for name in LISTS[1:]:
        enter(name, SUMS[name], np.full(len(proposed[name]), MEMBERSHIPS.index(name)))
    group = _index(proposed["withheld"]["list"], LISTS)
    enter("withheld", SUMS["withheld"], group + _FIRST_WITHHELD)
    withheld[accounts["withheld"], group] = np.arange(len(group))
    return ListMembership(is_listed, cents, message, withheld)


def describe_lists(
    proposed: Proposed, membership: ListMembership, accounts: Ints, stage: npt.NDArray
) -> dict[str, pa.Array]:
    """Return per group of lists the channel, or `listed`; else why an account is not listed.

    And `message`: the one that each gets (words.NOTICE_STAGES); null for none.

    Why not is the reason for which a row is withheld. Where there is none: `not_overdue` (the stage
    gets no message), `sent_lately` (no new message is due yet), `no_warned_debt` (nothing that a
    served disconnection warning names is large and old enough), `not_court_bound`.

    Args:
        stage: of each account, aligned with `accounts`; -1 where it is not there: null.
    """
    there = pa.array(stage >= 0)
    messages = pa.array(np.where(stage == _CURRENT, "not_overdue", "sent_lately"), pa.string())
    # In the order of LISTS; used where an account is neither listed nor withheld.
    why_not = (messages, pa.scalar("no_warned_debt"), pa.scalar("not_court_bound"))
    columns = {"message": _take(proposed["reminders"]["stage"], membership.message[accounts])}
    for number, group in enumerate(LISTS):
        reason = _take(proposed["withheld"]["reason"], membership.withheld[accounts, number])
        # Listed, else withheld with its reason, else not proposed at all.
        where = pc.coalesce(
            _name_list(group, membership.is_listed[accounts]), reason, why_not[number]
        )
        columns[group] = pc.if_else(there, where, pa.scalar(None, pa.string()))
    return columns


def _name_list(group: str, is_listed: Flags) -> pa.Array:
    """Return the word for an account that is on a list of the group; null if it is on none."""
    lists = {name: n for n, name in enumerate(MEMBERSHIPS) if name.split("/")[0] == group}
    words = [name.split("/")[1] if "/" in name else "listed" for name in lists]
    own = is_listed[:, list(lists.values())]
    # An account is on one list of a group at most: argmax finds that one.
    return pa.array(words, pa.string()).take(pa.array(own.argmax(axis=1), mask=~own.any(axis=1)))


def _take(values: pa.ChunkedArray, row: Ints) -> pa.Array:
    """Return values at some rows; null at -1."""
    return values.combine_chunks().take(pa.array(row, mask=row < 0))


def _index(values: pa.ChunkedArray, words: tuple[str, ...]) -> Ints:
    return pc.index_in(values, value_set=pa.array(words)).to_numpy().astype(np.int64)
