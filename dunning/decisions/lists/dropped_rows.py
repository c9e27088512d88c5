"""Reasons why a row that was listed on one night is no longer on its list.

For rows that no rule withheld with a reason of its own.

The row counted certain items. They are looked up in a later decision: settled, protected, or still
owed while a condition of the list no longer holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Flags, Ints
from dunning.core.frames import Bucket, Frame
from dunning.core.ladder import LAST_WARNING, REMINDER
from dunning.core.words import STAGES, code
from dunning.decisions.frames import Decision
from dunning.decisions.lists.disconnections import warnable_items, warned_items
from dunning.decisions.lists.proposals import first_reason
from dunning.decisions.lists.volume_limits import key_of
from dunning.decisions.segments import any_by, index_rows, sum_by
from dunning.policy.rules import Rules

# The reason where nothing more exact is known.
_ELSE = {"reminders": "sent_lately", "disconnections": "no_warned_debt", "court": "not_court_bound"}
_CURRENT = code(STAGES, "current")


@dataclass(frozen=True)
class DecidedBucket:
    """A bucket with its decision on one night.

    history: the ledger's notices and ours.
    """

    bucket: Bucket
    decision: Decision
    history: Frame
    rules: Rules


def find_late(list_name: str, rows: pa.Table, on: date) -> pa.Array:
    """Return `window_over` for rows with the last lawful day before `on`; null for the others.

    Args:
        list_name: only disconnections have a last day.
        rows: of a list; of disconnections with not_after.
        on: the day of the release.
    """
    nothing = pa.nulls(len(rows), pa.string())
    if list_name != "disconnections":
        return nothing
    is_late = pc.less(rows["not_after"].combine_chunks(), pa.scalar(on, pa.date32()))
    # a row without a last day gives the crew no lawful day at all
    return pc.if_else(pc.fill_null(is_late, True), pa.scalar("window_over"), nothing)


def name_items(list_name: str, side: DecidedBucket, rows: pa.Table) -> pa.Table:
    """Return the items that some rows of a list counted on the night that listed them.

    Args:
        rows: premise_no, payer_code and, of messages, stage.

    Returns:
        row (place among `rows`), invoice_no.
    """
    items = side.decision.open_items
    row = _row_of_account(side.bucket, rows)[items["account"]]
    counts = (row >= 0) & _counted(list_name, side, rows, row)
    names = side.bucket.items.text("invoice_no").take(pa.array(items["item"][counts]))
    return pa.table({"row": pa.array(row[counts]), "invoice_no": names})


def _counted(list_name: str, side: DecidedBucket, rows: pa.Table, row: Ints) -> Flags:
    items = side.decision.open_items
    if list_name == "court":
        return np.asarray(items["is_in_stage"])
    if list_name == "disconnections":
        warned = warned_items(side.bucket, side.decision, side.rules, side.history)
        return warned & warnable_items(side.bucket, side.decision, side.rules)
    is_warning = pc.not_equal(rows["stage"], REMINDER).to_numpy()  # speaks of its stage alone
    demanded = items["is_in_stage"] | ~np.r_[is_warning, False][row]
    return np.asarray(items["is_overdue"] & ~items["is_expired"] & demanded)


def explain_dropped(
    list_name: str, now: DecidedBucket, rows: pa.Table, named: pa.Table
) -> pa.Array:
    """Return per row why it is no longer on its list.

    `paid` where all its items are settled; else `shielded` where one is protected; else the first
    condition of the list that fails.

    Args:
        now: the later decision; every row's account is in its bucket.
        named: the rows' items, as `name_items` gives them.
    """
    size = len(rows)
    account = _place_accounts(now.bucket, rows)
    row = named["row"].to_numpy()
    place = _place_items(now, account[row], named["invoice_no"].combine_chunks())
    # Open item of each invoice; -1 if settled or gone.
    opened = index_rows(now.decision.open_items["item"], len(now.bucket.items))[place]
    # The appended 0 is what place -1 reads.
    protection = np.r_[now.decision.open_items["shield"], 0][opened]
    stays = (opened >= 0) & (protection == 0)
    remaining = _OpenItems(now, account, row[stays], opened[stays], size)
    # In order of precedence: `first_reason` takes the first that applies.
    failures = {
        "paid": ~any_by(row, (place < 0) | (opened >= 0), size)
        & any_by(row, np.ones(len(row), np.bool_), size),
        "shielded": any_by(row, (opened >= 0) & (protection > 0), size),
        **_CONDITIONS[list_name](remaining),
        "invoice_gone": any_by(row, place < 0, size),
    }
    return pc.fill_null(first_reason(failures, size), _ELSE[list_name])


@dataclass(frozen=True)
class _OpenItems:
    """Items of some rows that are still owed and unprotected.

    account: of each row. row, opened: of each item, the place of its row and of its open item.
    """

    side: DecidedBucket
    account: Ints
    row: Ints
    opened: Ints
    size: int

    def any(self, flags: Flags) -> Flags:
        """Return which rows have an item with a flagged open item."""
        return any_by(self.row, flags[self.opened], self.size)

    def sum(self, flags: Flags) -> Ints:
        """Return the open sum of the flagged items of each row."""
        chosen = flags[self.opened]
        return sum_by(
            self.row[chosen],
            self.side.decision.open_items["open_cents"][self.opened[chosen]],
            self.size,
        )


def _why_not_disconnected(remaining: _OpenItems) -> Mapping[str, Flags]:
    side = remaining.side
    items = remaining.side.decision.open_items
    rule = remaining.side.rules.disconnections
    premise = side.bucket.accounts["premise"][remaining.account]
    warnable = warnable_items(side.bucket, side.decision, side.rules)
    warned = warned_items(side.bucket, side.decision, side.rules, side.history)
    return {
        "not_disconnectable": ~side.bucket.premises["is_disconnectable"][premise],
        **_not_claimed(remaining),
        "below_threshold": remaining.any(warnable)
        & (remaining.sum(warnable) < rule.amount_cents_min),
        "warning_not_served": remaining.any(warnable) & ~remaining.any(warnable & warned),
        "too_recent": remaining.any(warnable)
        & ~remaining.any(warnable & (items["days_overdue"] >= rule.days_overdue_min)),
    }


def _why_not_sued(remaining: _OpenItems) -> Mapping[str, Flags]:
    items = remaining.side.decision.open_items
    rule = remaining.side.rules.stages.court_bound
    claimed = items["may_be_claimed"]
    return {
        **_not_claimed(remaining),
        "below_threshold": remaining.any(claimed)
        & (remaining.sum(claimed) < rule.amount_cents_min),
        "warning_not_served": remaining.any(claimed)
        & ~remaining.any(items[f"is_named_by_{LAST_WARNING}"]),
    }


def _why_not_reminded(remaining: _OpenItems) -> Mapping[str, Flags]:
    side = remaining.side
    stage = np.full(len(side.bucket.accounts), _CURRENT, np.int8)
    stage[side.decision.accounts["account"]] = side.decision.accounts["stage"]
    return {**_not_claimed(remaining), "below_threshold": stage[remaining.account] == _CURRENT}


def _not_claimed(remaining: _OpenItems) -> dict[str, Flags]:
    """Return which rows have nothing overdue, or only expired items, left of what they counted."""
    items = remaining.side.decision.open_items
    owes = remaining.any(np.ones(len(items), np.bool_))
    overdue = remaining.any(items["is_overdue"])
    lasts = remaining.any(items["is_overdue"] & ~items["is_expired"])
    return {"not_due": owes & ~overdue, "expired_only": overdue & ~lasts}


_CONDITIONS = {
    "disconnections": _why_not_disconnected,
    "court": _why_not_sued,
    "reminders": _why_not_reminded,
}


def _place_accounts(bucket: Bucket, rows: pa.Table) -> Ints:
    """Return the place of each row's account in a bucket; -1 where it is not there."""
    accounts = pa.table({name: bucket.accounts.text(name) for name in ("premise_no", "payer_code")})
    return (
        pc.fill_null(pc.index_in(key_of(rows), value_set=key_of(accounts)), -1)
        .to_numpy()
        .astype(np.int64)
    )


def _row_of_account(bucket: Bucket, rows: pa.Table) -> Ints:
    """Return per account of a bucket the row of that account; -1 where there is none."""
    place = _place_accounts(bucket, rows)
    there = np.flatnonzero(place >= 0)
    row = np.full(len(bucket.accounts), -1, np.int64)
    row[place[there]] = there
    return row


def _place_items(side: DecidedBucket, account: Ints, invoice_no: pa.Array) -> Ints:
    """Return the place of each invoice among a bucket's items; -1 where it is not there (yet).

    Each invoice is given with its account.
    """
    items = side.bucket.items
    # An invoice issued after the night is not open on it.
    known = np.flatnonzero(items["issued_on"] <= side.decision.as_of)
    # An invoice may have been attributed to another account since: the key has both.
    value_set = _join(
        items["account"][known].astype(np.int64), items.text("invoice_no").take(pa.array(known))
    )
    found = (
        pc.fill_null(pc.index_in(_join(account, invoice_no), value_set=value_set), -1)
        .to_numpy()
        .astype(np.int64)
    )
    return np.r_[known, -1][found]


def _join(account: Ints, invoice_no: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(pa.array(account).cast(pa.string()), invoice_no, "\x1f")
