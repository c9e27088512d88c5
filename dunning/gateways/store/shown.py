"""The documents that monthly notices have shown, per run and bucket: each is new only once.

A run knows what the runs recorded before it have shown (`run_no`), whatever dates they are for; so
a run that is made again knows what it knew the first time.
"""

from collections.abc import Mapping
from datetime import date
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection

from dunning.gateways.postgres.database import Source, transact
from dunning.gateways.postgres.sql_files import statement

_COLUMN = "invoice_no"


def keep_shown(
    connection: Connection, as_of: date, service: str, numbers: Mapping[int, pa.Array]
) -> None:
    """Store the document numbers that an intended run shows as new, by bucket.

    Inside the caller's transaction.
    """
    rows = [
        {"as_of": as_of, "service": service, "bucket": bucket, "numbers": _pack(shown)}
        for bucket, shown in sorted(numbers.items())
    ]
    if rows:
        connection.execute(statement("notice_numbers", "insert"), rows)


def fetch_shown(source: Source, service: str, bucket: int, run_no: int) -> pa.Array:
    """Return the document numbers that a service's finished runs have shown in a bucket.

    Of runs up to and including `run_no`.
    """
    # before a group's first run: saves one query for each of the 64 buckets
    if run_no < 1:
        return pa.array([], pa.string())
    with transact(source) as connection:
        given = {"service": service, "bucket": bucket, "run_no": run_no}
        packed = connection.execute(statement("notice_numbers", "select"), given).scalars().all()
    found = [_unpack(each) for each in packed]
    return pa.concat_arrays([pa.array([], pa.string()), *found])


def first_shown_until(source: Source, service: str) -> date | None:
    """Return the day up to which documents count as shown without a stored number.

    None before the first stored numbers.
    """
    with transact(source) as connection:
        found = connection.execute(
            statement("notice_runs", "select_first_numbered"), {"service": service}
        )
        first: date | None = found.scalar_one_or_none()
    return first


def newest_run_no(source: Source, service: str) -> int:
    """Return the number of the last finished run of a service; 0 where there is none."""
    with transact(source) as connection:
        return (
            connection.execute(
                statement("notice_runs", "select_newest_no"), {"service": service}
            ).scalar_one()
            or 0
        )


def _pack(numbers: pa.Array) -> bytes:
    # sorted numbers share long beginnings, which this encoding stores only once
    table = pa.table({_COLUMN: numbers}).sort_by(_COLUMN)
    packed = BytesIO()
    pq.write_table(
        table,
        packed,
        compression="zstd",
        use_dictionary=False,
        column_encoding={_COLUMN: "DELTA_BYTE_ARRAY"},
        write_statistics=False,
    )
    return packed.getvalue()


def _unpack(packed: bytes) -> pa.Array:
    column = pq.read_table(BytesIO(packed))[_COLUMN]
    return column.combine_chunks()
