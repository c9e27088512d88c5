"""Ageing of open debt on closed dates, by service, district and stage, for the pages."""

from datetime import date

import pyarrow as pa

from dunning.gateways.postgres.database import Source, copy_in, copy_out, transact
from dunning.gateways.postgres.sql_files import statement
from dunning.gateways.store.rows import AGEING, shape_rows


def replace_ageing(source: Source, as_of: date, ageing: pa.Table) -> int:
    """Replace a date's ageing; return the number of rows.

    ageing: columns of rows.AGEING without the date.
    """
    with transact(source) as connection:
        connection.execute(statement("ageing", "delete"), {"as_of": as_of})
        return copy_in(connection, "ageing", "copy", shape_rows(ageing, AGEING, as_of))


def fetch_ageing(source: Source, as_of: date) -> pa.Table:
    """Return a date's ageing: service, district, stage, band, items, cents.

    A date without ageing gives no rows.
    """
    with transact(source) as connection:
        return copy_out(connection, "ageing", "fetch", AGEING.remove(0), {"as_of": as_of})


def fetch_ageing_dates(source: Source) -> list[date]:
    """Return the closed dates that have an ageing, ascending."""
    with transact(source) as connection:
        return list(connection.execute(statement("ageing", "select_dates")).scalars())
