"""Monthly notices in the store: runs with their tokens, wording and document numbers.

A run is intended before its files are published and done after; see `outbox`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from types import MappingProxyType

import pyarrow as pa
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from dunning.core.errors import DunningError
from dunning.gateways.postgres.database import Source, copy_in, transact
from dunning.gateways.postgres.sql_files import statement
from dunning.gateways.store.outbox import OutboxKind
from dunning.gateways.store.rows import RECEIPT_TOKENS, shape_rows
from dunning.gateways.store.shown import keep_shown

NOTICES = OutboxKind(
    table="notice_runs",
    path="notices/{as_of}/{service}".format_map,
    record=(("notice_runs", "finish"),),
    withdraw=(
        ("notice_numbers", "discard"),
        ("receipt_tokens", "discard"),
        ("sent_templates", "discard"),
        ("notice_runs", "discard"),
    ),
)


@dataclass(frozen=True)
class NoticeRun:
    """The recorded notices of one service on one date.

    since: day of the run before it. state: `intended` (its files are perhaps out) or `done`.
    manifest_sha256: of the manifest that it published, or will. content_sha256: of its content
    without signatures.
    shown_until: what was issued up to this day counted as shown; None for a run from before
    document numbers were stored.
    run_no: in the order in which runs were recorded; None before that.
    """

    as_of: date
    service: str
    since: date
    notices: int
    withheld: int
    out: str
    manifest_sha256: str
    content_sha256: str
    state: str = "intended"
    shown_until: date | None = None
    run_no: int | None = None


def begin_notices(
    source: Source,
    run: NoticeRun,
    tokens: Iterable[pa.Table],
    templates: Mapping[str, str],
    numbers: Mapping[int, pa.Array] = MappingProxyType({}),
) -> int:
    """Record in one transaction that a run is about to publish; return the number of new tokens.

    Recorded are the run, its tokens, its wording and its document numbers.

    Args:
        source: an engine, or (better) the connection of the run lock.
        run: what it will have sent.
        tokens: in parts: token_sha256, reference, document_sha256, expires_on. One that is there
            stays as it is.
        templates: SHA-256 by file name of the wording.
        numbers: by bucket, of the documents that it shows as new.

    Raises:
        DunningError: its date and service are there already, or wording was changed after it was
            sent.
    """
    key = {"as_of": run.as_of, "service": run.service}
    with transact(source) as connection:
        _insert(connection, run)
        keep_shown(connection, run.as_of, run.service, numbers)
        # inside the transaction: a run that began meanwhile may have sent other wording
        refuse_changed_wording(connection, templates)
        for name, sha256 in sorted(templates.items()):
            connection.execute(
                statement("sent_templates", "insert"), {"name": name, "sha256": sha256, **key}
            )
        connection.execute(statement("receipt_tokens", "stage"))
        for part in tokens:
            rows = part.append_column("service", pa.repeat(pa.scalar(run.service), len(part)))
            copy_in(
                connection, "receipt_tokens", "copy", shape_rows(rows, RECEIPT_TOKENS, run.as_of)
            )
        return connection.execute(statement("receipt_tokens", "append")).rowcount


def fetch_notice_run(source: Source, as_of: date, service: str) -> NoticeRun | None:
    """Return the recorded notices of a service on a date, sent or about to be; else None."""
    with transact(source) as connection:
        row = connection.execute(
            statement("notice_runs", "select"), {"as_of": as_of, "service": service}
        ).first()
    return None if row is None else NoticeRun(**row._mapping)


def last_notices(source: Source, before: date) -> dict[str, date]:
    """Return by service the day of the last notices that are done, of those before a day."""
    with transact(source) as connection:
        rows = connection.execute(statement("notice_runs", "select_last"), {"before": before})
        return {row.service: row.as_of for row in rows}


def refuse_changed_wording(source: Source, templates: Mapping[str, str]) -> None:
    """Refuse wording that was changed after it had been sent.

    Args:
        source: an engine, or a connection inside the caller's transaction.
        templates: SHA-256 by file name of what a run would use.
    """
    with transact(source) as connection:
        for row in connection.execute(statement("sent_templates", "select")):
            if templates.get(row.name, row.sha256) != row.sha256:
                raise DunningError(
                    f"The wording templates/{row.name} was changed after it had been sent (first on "
                    f"{row.first_as_of}), and what was sent must be found again as it was. Take the file back as it "
                    f"was, make the new wording version {_next_version(row.name)} in files of its own, and set "
                    "`wording` in notices.toml to it from a date on."
                )


def _insert(connection: Connection, run: NoticeRun) -> None:
    # state and number are given by the database
    values = {name: value for name, value in asdict(run).items() if name not in ("state", "run_no")}
    try:
        connection.execute(statement("notice_runs", "insert"), values)
    except IntegrityError as error:
        raise DunningError(
            f"Notices of {run.as_of} for {run.service} are recorded already, or do not fit what is recorded: "
            f"{str(error.orig).splitlines()[0]} Nothing was recorded; run the date again."
        ) from error


def _next_version(name: str) -> int:
    """Return the version number after that of a template.

    >>> _next_version("notice/notice.v3.bg.txt")
    4
    """
    return int(name.rsplit("/", 1)[-1].split(".")[1].removeprefix("v")) + 1
