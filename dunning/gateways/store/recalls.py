"""Recalls: rows that were taken back after they had left, each row once.

Each recall has an event number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection

from dunning.core.errors import DunningError
from dunning.gateways.postgres.database import Source, transact
from dunning.gateways.postgres.sql_files import statement
from dunning.gateways.store.events import next_event
from dunning.gateways.store.holds import first_open_day
from dunning.gateways.store.outbox import OutboxKind

Account = tuple[str, str]


def _path(recall: Mapping[str, Any]) -> str:
    """Return the path of a kill list: each recall of a list has a folder of its own."""
    # the first recall has the plain name
    number = f"-{recall['number']}" if recall["number"] > 1 else ""
    return f"recalled/{recall['as_of']}/{recall['list_name']}{number}"


RECALL = OutboxKind(
    table="intended_recalls",
    path=_path,
    record=(("recalls", "insert"), ("recalled_rows", "insert"), ("intended_recalls", "end")),
    withdraw=(("intended_recalls", "end"),),
)


@dataclass(frozen=True)
class Recall:
    """One recall.

    row_count: rows that it took back. manifest_sha256: of its kill list; None for those of older
    versions. number: which of its list's recalls it is, from 1.
    """

    as_of: date
    list_name: str
    recalled_by: str
    reason: str
    row_count: int
    out: str
    manifest_sha256: str | None
    event_no: int = 0
    recorded_at: datetime | None = None
    number: int = 0


def fetch_recalls(source: Source, as_of: date) -> list[Recall]:
    """Return the recalls of a date's lists, in the order in which they came."""
    with transact(source) as connection:
        rows = connection.execute(statement("recalls", "select"), {"as_of": as_of})
        return [Recall(**row._mapping) for row in rows]


def fetch_out(source: Source, as_of: date, list_name: str) -> pa.Table:
    """Return the accounts of a list that left and were not recalled.

    Columns: premise_no, payer_code, principal_cents.
    """
    with transact(source) as connection:
        rows = connection.execute(
            statement("recalled_rows", "select_out"), {"as_of": as_of, "list_name": list_name}
        )
        # no rows: zip gives nothing, but the table needs its three columns
        columns = list(zip(*rows, strict=True)) or [(), (), ()]
    names = ("premise_no", "payer_code", "principal_cents")
    types = (pa.string(), pa.string(), pa.int64())
    return pa.table(
        {name: pa.array(own, kind) for name, own, kind in zip(names, columns, types, strict=True)}
    )


def begin_recall(source: Source, recall: Recall, accounts: Sequence[Account] | None) -> date:
    """Record that rows are about to be taken back; return the first day that does not count them.

    Args:
        accounts: which; None for all that are out still.

    Raises:
        DunningError: they are not what is out now: some were recalled meanwhile. Nothing is
            recorded then.
    """
    with transact(source) as connection:
        # compared inside the transaction: the counts of the preview may be out of date
        _refuse_other_rows(connection, recall, accounts)
        given = {
            **vars(recall),
            "event_no": next_event(connection),
            # None means all rows that are out
            "premises": None if accounts is None else [premise_no for premise_no, _ in accounts],
            "payers": None if accounts is None else [payer_code for _, payer_code in accounts],
        }
        connection.execute(statement("intended_recalls", "insert"), given)
        return first_open_day(connection)


def _refuse_other_rows(
    connection: Connection, recall: Recall, accounts: Sequence[Account] | None
) -> None:
    out = fetch_out(connection, recall.as_of, recall.list_name)
    keys = zip(out["premise_no"].to_pylist(), out["payer_code"].to_pylist(), strict=True)
    rows = len(out) if accounts is None else len(set(accounts).intersection(keys))
    if rows != recall.row_count:
        raise DunningError(
            f"{recall.row_count} rows of the list {recall.list_name} of {recall.as_of} were to be recalled, and "
            f"{rows} of them are out. Nothing was recorded; look again at what is out, and recall that."
        )
