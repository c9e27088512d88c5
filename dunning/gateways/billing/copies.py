"""A session with PostgreSQL: COPY out of one exported snapshot that survives a lost reader.

Two connections: the holder exports its snapshot and then only keeps it; the reader takes it over
and copies table after table. If the reader's connection is lost, another one takes over the same
snapshot.

    holder    export |-------------- keeps the snapshot --------------|
    reader             |-- table 1 --|-- table x
    reader 2                          lost |-- table 2 --|-- table 3 --|
"""

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from datetime import date
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from dunning.gateways.billing.address import Address
from dunning.gateways.billing.columns import Form, check_form, check_names, joined, plain
from dunning.gateways.billing.queries import Query
from dunning.gateways.billing.sessions import LostConnectionError, gone, refused, unreachable
from dunning.gateways.postgres.sql_files import read_sql

BLOCK_BYTES = 16 << 20
LIMITS = {"statement_timeout": "4h", "lock_timeout": "5min"}
_DEFAULTS = {"application_name": "dunning extract", "connect_timeout": 10, "keepalives_idle": 60}
_ALWAYS = {"client_encoding": "utf8", "prepare_threshold": None}
_FORMS = {
    "int2": Form.WHOLE,
    "int4": Form.WHOLE,
    "int8": Form.WHOLE,
    "numeric": Form.DECIMAL,
    "float4": Form.FLOAT,
    "float8": Form.FLOAT,
    "bool": Form.FLAG,
    "date": Form.DAY,
    "timestamp": Form.INSTANT,
    "timestamptz": Form.INSTANT,
    "uuid": Form.TEXT,
}
_TEXTS = ("S", "E", "X")  # categories of pg_type: strings, enumerations, literals without a type


class CopySession:
    """See `sessions.Session`. Read only, repeatable read, by Sofia's clock."""

    def __init__(self, address: Address, as_of: date) -> None:
        """Connect and take the snapshot; raises DunningError where that cannot be."""
        self._address, self._as_of = address, as_of
        self._holder = _connect(address)
        try:
            # no timeout may end the idle holder: the snapshot would be lost with it
            self._holder.execute(read_sql("billing_session", "keep"))
            row = self._holder.execute(read_sql("billing_session", "export")).fetchone()
            self._snapshot = row[0] if row else ""
            self._reader = self._take_over()
        except psycopg.Error as error:
            self._holder.close()
            raise unreachable(address, str(error)) from None
        except BaseException:
            self._holder.close()
            raise

    def read(self, query: Query) -> Iterator[pa.Table]:
        """Yield a query's rows; see `Session`."""
        sql = query.for_day(self._as_of)
        with self._refusals(query):
            forms = self._describe(query, sql)
            # the generator is closed first: an abandoned COPY would keep the connection busy
            with self._reader.cursor() as cursor, closing(_blocks(cursor, sql)) as blocks:
                for block in blocks:
                    yield _parse(block, forms)

    def read_day(self, query: Query) -> list[str | None]:
        """Return the cells of the query of the day; see `Session`."""
        with self._refusals(query), self._reader.cursor() as cursor:
            cursor.execute(query.for_day(self._as_of).encode())
            # a second row, if there is one, shows that the query is wrong
            return [None if row[0] is None else str(row[0]) for row in cursor.fetchmany(2)]

    def renew(self) -> None:
        """Take over the snapshot on a new connection; see `Session`."""
        self._reader.close()
        try:
            self._reader = self._take_over()
        except psycopg.Error as error:
            raise gone(self._address, "the extract", str(error)) from None

    def close(self) -> None:
        """End both connections."""
        self._reader.close()
        self._holder.close()

    def _take_over(self) -> psycopg.Connection:
        connection = _connect(self._address)
        try:
            # SET TRANSACTION SNAPSHOT takes no server-side parameters: the client writes them in
            with psycopg.ClientCursor(connection) as cursor:
                cursor.execute(
                    read_sql("billing_session", "take_over"), {"snapshot": self._snapshot}
                )
                cursor.execute(read_sql("billing_session", "settle"), LIMITS)
                cursor.execute(read_sql("billing_session", "keep"))
        except BaseException:
            connection.close()
            raise
        return connection

    def _describe(self, query: Query, sql: str) -> dict[str, Form]:
        """Return the query's columns and their forms without running it; check them.

        They are compared with the contract.
        """
        driver = self._reader.pgconn
        # the unnamed prepared statement: described, replaced by the next one, and never run
        for result in (driver.prepare(b"", sql.encode()), driver.describe_prepared(b"")):
            if result.status != psycopg.pq.ExecStatus.COMMAND_OK:
                raise psycopg.errors.error_from_result(result)
        names = [(result.fname(place) or b"").decode() for place in range(result.nfields)]
        check_names(query, names)
        oids = [result.ftype(place) for place in range(result.nfields)]
        rows = self._reader.execute(read_sql("billing_session", "types"), {"oids": oids}).fetchall()
        types = {oid: (_form_of(name, category), name) for oid, name, category in rows}
        for name, oid in zip(names, oids, strict=True):
            check_form(query, name, *types[oid])
        return {name: types[oid][0] for name, oid in zip(names, oids, strict=True)}

    @contextmanager
    def _refusals(self, query: Query) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            if self._reader.closed:
                raise LostConnectionError(str(error)) from error
            raise refused(
                self._address, query, error.diag.message_primary or str(error), error.sqlstate
            ) from None


def _connect(address: Address) -> psycopg.Connection:
    """Return a connection with transactions that only read, all of one moment."""
    url = address.url.set(drivername="postgresql+psycopg")
    _, options = url.get_dialect()().create_connect_args(url)
    try:
        # the last ones win: the URL's options override ours, but not what we always need
        connection: psycopg.Connection[Any] = psycopg.connect(**{**_DEFAULTS, **options, **_ALWAYS})
    except psycopg.Error as error:
        raise unreachable(address, str(error)) from None
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    return connection


def _form_of(name: str, category: str) -> Form:
    return _FORMS.get(name, Form.TEXT if category in _TEXTS else Form.OTHER)


def _blocks(cursor: psycopg.Cursor, sql: str) -> Generator[bytearray, None, None]:
    """Yield the rows of a query as CSV, some MiB of whole rows at a time."""
    with cursor.copy(f"COPY ({sql}\n) TO STDOUT (FORMAT csv, ENCODING 'UTF8')".encode()) as copy:
        block = bytearray()
        # COPY gives one row at a time: a block never ends inside of one
        for row in copy:
            block += row
            if len(block) >= BLOCK_BYTES:
                yield block
                block = bytearray()
        if block:
            yield block


def _parse(block: bytearray, forms: dict[str, Form]) -> pa.Table:
    """Return rows of CSV as columns of text.

    One thread: pyarrow's threaded reader has returned wrong amounts.
    """
    rows = pa_csv.read_csv(
        pa.py_buffer(block),
        # one byte more than the content: the reader never splits it
        read_options=pa_csv.ReadOptions(
            use_threads=False, block_size=len(block) + 1, column_names=list(forms)
        ),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(forms, pa.string()),
            strings_can_be_null=True,
            null_values=[""],
            check_utf8=False,
        ),
    ).combine_chunks()
    columns = (_plain(rows[name].combine_chunks(), form) for name, form in forms.items())
    return joined(columns, list(forms))


def _plain(texts: pa.Array, form: Form) -> pa.Array:
    """Return a column that COPY wrote in the words of an extract."""
    if form is Form.FLAG:
        return pc.replace_substring_regex(
            pc.replace_substring_regex(texts, "^t$", "true"), "^f$", "false"
        )
    if form is Form.INSTANT:
        # COPY writes an instant with a time zone's offset; the session's clock is Sofia's already
        return pc.replace_substring_regex(texts, r"(:[0-9.]+)[+-][0-9:]+$", r"\1")
    return plain(texts, form)
