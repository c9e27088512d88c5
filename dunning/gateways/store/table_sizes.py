"""How large the ledger's tables were: a table of holds that shrank overnight must stop what could hurt."""

from collections.abc import Mapping
from datetime import date

from dunning.gateways.database import Source, transact
from dunning.gateways.sql_files import statement


def store_table_sizes(source: Source, run_id: int, sizes: Mapping[str, int]) -> None:
    """Keep how many rows each ledger table had in a run; leave out a table that was not there."""
    with transact(source) as connection:
        for table_name, row_count in sorted(sizes.items()):
            row = {"run_id": run_id, "table_name": table_name, "row_count": row_count}
            connection.execute(statement("table_sizes", "insert"), row)


def fetch_table_sizes(source: Source, before: date) -> dict[str, int]:
    """Return the rows of each table in the run that last closed books before a day; empty if there is none."""
    with transact(source) as connection:
        rows = connection.execute(statement("table_sizes", "select_last"), {"before": before})
        return {row.table_name: row.row_count for row in rows}
