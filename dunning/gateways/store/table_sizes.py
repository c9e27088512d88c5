"""How large the ledger's tables were: a table of holds that shrank overnight must stop what could
hurt.

Sizes are named as the snapshot names them: `holds` a table, `payers.vulnerable` a protecting column
of one.
"""

from collections.abc import Mapping
from datetime import date

from dunning.gateways.postgres.database import Source, transact
from dunning.gateways.postgres.sql_files import statement


def store_table_sizes(source: Source, run_id: int, sizes: Mapping[str, int]) -> None:
    """Keep how large each ledger table and protecting column was in a run; leave out what was not
    there.
    """
    with transact(source) as connection:
        for name, row_count in sorted(sizes.items()):
            table_name, _, column_name = name.partition(".")
            row = {
                "run_id": run_id,
                "table_name": table_name,
                "column_name": column_name,
                "row_count": row_count,
            }
            connection.execute(statement("table_sizes", "insert"), row)


def fetch_table_sizes(source: Source, before: date) -> dict[str, int]:
    """Return the sizes in the run that last closed books before a day; empty if there is none."""
    with transact(source) as connection:
        rows = connection.execute(statement("table_sizes", "select_last"), {"before": before})
        return {
            ".".join(filter(None, (row.table_name, row.column_name))): row.row_count for row in rows
        }


def store_accepted(source: Source, run_id: int, accepted: Mapping[str, str]) -> None:
    """Keep for which tables (or columns) of a run a person says that less is right, and why."""
    with transact(source) as connection:
        for table_name, reason in sorted(accepted.items()):
            row = {"run_id": run_id, "table_name": table_name, "reason": reason}
            connection.execute(statement("accepted_shrinks", "insert"), row)


def fetch_accepted(source: Source, run_id: int) -> dict[str, str]:
    """Return what `store_accepted` kept of a run."""
    with transact(source) as connection:
        rows = connection.execute(statement("accepted_shrinks", "select"), {"run_id": run_id})
        return {row.table_name: row.reason for row in rows}
