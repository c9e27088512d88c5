"""Proposals: the actions that a run proposed for a date, and the rows withheld, with reasons."""

from datetime import date
from typing import TypedDict, cast

import pyarrow as pa

from dunning.gateways.postgres.database import Source, copy_in, copy_out, transact
from dunning.gateways.postgres.sql_files import statement
from dunning.gateways.store.rows import PROPOSALS, SILENCES, shape_rows


def replace_proposals(source: Source, as_of: date, proposals: pa.Table) -> int:
    """Replace a date's proposals; return how many there are.

    Args:
        source: an engine, or a connection inside the caller's transaction.
        as_of: the date.
        proposals: list (`reminders`, `disconnections`, `court`), premise_no, payer_code, stage,
            channel (or null), principal_cents, total_cents (what the list sums up: of a case,
            interest and state fee too), state (`proposed`, `released`, `withheld`), reason
            (required where withheld; where proposed, why a person must check it first), reference
            (or null). One row per list, account and stage.
    """
    with transact(source) as connection:
        connection.execute(statement("proposals", "open_date"), {"as_of": as_of})
        return copy_in(connection, "proposals", "copy", shape_rows(proposals, PROPOSALS, as_of))


def fetch_proposals(source: Source, as_of: date) -> pa.Table:
    """Return a date's proposals, by list, premise_no, payer_code and stage."""
    with transact(source) as connection:
        return copy_out(connection, "proposals", "fetch", PROPOSALS, {"as_of": as_of})


def count_proposals(source: Source, as_of: date) -> dict[tuple[str, str], tuple[int, int]]:
    """Return rows and their sum in cents of a date's lists, by list and state.

    `person` is the part of the proposed rows that a person must check first.
    """
    with transact(source) as connection:
        rows = connection.execute(statement("proposals", "count"), {"as_of": as_of})
        return {(row.list, row.state): (int(row.row_count), int(row.cents)) for row in rows}


def count_withheld(source: Source, as_of: date) -> dict[str, dict[str, int]]:
    """Return how many rows of a date were withheld, by list and reason."""
    found: dict[str, dict[str, int]] = {}
    with transact(source) as connection:
        for row in connection.execute(statement("proposals", "count_withheld"), {"as_of": as_of}):
            found.setdefault(row.list, {})[row.reason] = int(row.row_count)
    return found


def fetch_silences(source: Source, before: date, since: date) -> pa.Table:
    """Return the accounts with a message withheld as `on_list`, and since when, as rows.SILENCES.

    Considered are the closed dates from `since` until the one before `before`. An account is
    included while its message was withheld, for whatever reason, on each of them in a row up to the
    last one; `since` is the first as `on_list`.
    """
    with transact(source) as connection:
        return copy_out(
            connection, "proposals", "fetch_silences", SILENCES, {"before": before, "since": since}
        )


class AccountProposal(TypedDict):
    """One proposal of a date about an account, listed or withheld.

    state, reason: as stored; reason: codes separated by spaces.
    """

    list: str
    premise_no: str
    payer_code: str
    stage: str
    channel: str | None
    principal_cents: int
    total_cents: int
    state: str
    reason: str | None
    reference: str | None


def fetch_account_proposals(source: Source, as_of: date, premise_no: str) -> list[AccountProposal]:
    """Return a date's proposals about the accounts of a premise, by list, payer_code and stage."""
    with transact(source) as connection:
        key = {"as_of": as_of, "premise_no": premise_no}
        rows = connection.execute(statement("proposals", "select_account"), key)
        return [cast(AccountProposal, dict(row._mapping)) for row in rows]
