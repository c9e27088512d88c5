"""What was taken back of what had left the house: row by row, each once, by recalls with numbers of
the events.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa

from dunning.core.errors import DunningError
from dunning.gateways.postgres.database import Source, transact
from dunning.gateways.postgres.sql_files import statement
from dunning.gateways.store.events import next_event
from dunning.gateways.store.holds import first_open_day

Account = tuple[str, str]


@dataclass(frozen=True)
class Recall:
    """One recall. row_count: rows that it took back. manifest_sha256: of its kill list; None of
    older versions'.
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


def fetch_recalls(source: Source, as_of: date) -> list[Recall]:
    """Return the recalls of a date's lists, in the order in which they came."""
    with transact(source) as connection:
        rows = connection.execute(statement("recalls", "select"), {"as_of": as_of})
        return [Recall(**row._mapping) for row in rows]


def fetch_out(source: Source, as_of: date, list_name: str) -> pa.Table:
    """Return the accounts of a list that left and were not recalled: premise_no, payer_code,
    overdue_cents.
    """
    with transact(source) as connection:
        rows = connection.execute(
            statement("recalled_rows", "select_out"), {"as_of": as_of, "list_name": list_name}
        )
        columns = list(zip(*rows, strict=True)) or [(), (), ()]
    names, types = (
        ("premise_no", "payer_code", "overdue_cents"),
        (pa.string(), pa.string(), pa.int64()),
    )
    return pa.table(
        {name: pa.array(own, kind) for name, own, kind in zip(names, columns, types, strict=True)}
    )


def append_recall(source: Source, recall: Recall, accounts: Sequence[Account] | None) -> date:
    """Record that rows of a release were taken back; return the first day whose decisions do not
    know them any more.

    Args:
        accounts: which; None for all that are out still.

    Raises:
        DunningError: they are not what is out now: somebody else recalled some meanwhile. Nothing
            is recorded then.
    """
    with transact(source) as connection:
        event_no = next_event(connection)
        connection.execute(statement("recalls", "insert"), {**vars(recall), "event_no": event_no})
        given = {
            "event_no": event_no,
            "as_of": recall.as_of,
            "list_name": recall.list_name,
            "premises": None if accounts is None else [premise_no for premise_no, _ in accounts],
            "payers": None if accounts is None else [payer_code for _, payer_code in accounts],
        }
        rows = connection.execute(statement("recalled_rows", "insert"), given).rowcount
        if rows != recall.row_count:
            raise DunningError(
                f"{recall.row_count} rows of the list {recall.list_name} of {recall.as_of} were to be recalled, and "
                f"{rows} of them are out. Nothing was recorded; look again at what is out, and recall that."
            )
        return first_open_day(connection)
