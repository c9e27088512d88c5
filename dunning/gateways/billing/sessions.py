"""A session with a billing database: one snapshot for all queries, and its error messages."""

import re
from collections.abc import Iterator
from typing import Protocol

import pyarrow as pa

from dunning.core.errors import DunningError
from dunning.gateways.billing.address import Address
from dunning.gateways.billing.queries import Query

# quoted names in a driver's message
_NAMED = re.compile(r"'[^']*'|\"[^\"]*\"")
# the package that brings a driver, where its name is not the module's
_PACKAGES = {
    "MySQLdb": "mysqlclient",
    "duckdb": "duckdb-engine",
    "ibm_db_sa": "ibm-db-sa",
    "db2": "ibm-db-sa",
    "hana": "sqlalchemy-hana",
    "firebird": "sqlalchemy-firebird",
    "cockroachdb": "sqlalchemy-cockroachdb",
    "redshift": "sqlalchemy-redshift",
    "snowflake": "snowflake-sqlalchemy",
}
# by SQLSTATE
_CURES = {
    "42501": "Grant the user of the URL SELECT on what the query names.",
    "25006": "A query may only read; remove what writes.",
    "57014": "The database ended it as it took too long; look at its plan, or at what it waits for.",
    "55P03": "Something holds a lock on the table for minutes; run again when it is over.",
}
_CURE = (
    "Correct the query or what it reads. Own queries go into --billing-sql DIR, where an optional table without a file "
    "is absent."
)


class LostConnectionError(Exception):
    """The connection broke in the middle of a table; the rows read of that table are discarded."""


class Session(Protocol):
    """A read-only session; everything that it reads is of one moment of the database."""

    def read(self, query: Query) -> Iterator[pa.Table]:
        """Yield a query's rows in its order, a bounded number at a time.

        Columns of text under the query's names.

        Raises:
            DunningError: the database refuses the query, or its columns are not what they should
                be.
            LostConnectionError: see there.
        """
        ...

    def read_day(self, query: Query) -> list[str | None]:
        """Return the cells of the only column of the query of the day."""
        ...

    def renew(self) -> None:
        """Connect again, to the very same moment of the database.

        Raises:
            DunningError: that moment is lost.
        """
        ...

    def close(self) -> None:
        """End the session; nothing is left behind in the database."""
        ...


def unreachable(address: Address, message: str) -> DunningError:
    """Return the error for a failed connection; `message` is the driver's message."""
    return DunningError(
        f"The billing database {address.shown} cannot be reached: {address.scrub(_last_line(message))} Check --ledger, "
        "the user, and that its password is in the URL, in ~/.pgpass or wherever the driver looks for it."
    )


def gone(address: Address, file: str, message: str) -> DunningError:
    """Return the error for a snapshot that was lost with its connections."""
    return DunningError(
        f"The billing database {address.shown} went away while {file} was read: {address.scrub(_first_line(message))} "
        "The rest would be of another moment, so nothing was taken. Run again when it is back."
    )


def refused(address: Address, query: Query, message: str, code: str | None = None) -> DunningError:
    """Return the error for a query that the database refuses.

    Names in the message of an error of the statement itself are those of tables and columns; in any
    other message they may be a person's, and are left out.

    Args:
        code: the SQLSTATE, where the driver has one.
    """
    reason = address.scrub(_first_line(message))
    # classes: 42 statement, 25 and 0A what may be done, 55 and 57 locks and timeouts, 53 resources
    if code is not None and not code.startswith(("42", "25", "0A", "55", "57", "53")):
        reason = _NAMED.sub("…", reason)
    cure = _CURES.get(code or "", _CURE)
    return DunningError(f"The billing database refuses {query.file}: {reason} {cure}")


def no_driver(address: Address, missing: str) -> DunningError:
    """Return the error for a URL without a driver; `missing` is the module or dialect."""
    package = _PACKAGES.get(missing, missing)
    return DunningError(
        f"Nothing here can read {address.url.drivername}:// ({missing} is missing). Install the Python package "
        f"{package} beside dunning (.venv/bin/pip install {package}), or name another driver in the URL."
    )


def _first_line(message: str) -> str:
    lines = message.strip().splitlines()
    return _sentence(lines[0]) if lines else "no answer."


def _last_line(message: str) -> str:
    lines = message.strip().splitlines()
    return _sentence(lines[-1]) if lines else "no answer."


def _sentence(line: str) -> str:
    line = line.strip()
    return line if line.endswith((".", "!", "?")) else f"{line}."
