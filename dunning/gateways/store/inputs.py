"""What a run was given: policy files, sizes of the ledger's tables, losses that a person accepts.

Policy files are stored by content, so that a date can be decided again with the rules of its day. A
table that protects people and shrank stops all lists. Sizes are named as the snapshot names them:
`holds` a table, `payers.vulnerable` a protecting column of one.
"""

import hashlib
from collections.abc import Mapping
from datetime import date

from dunning.gateways.postgres.database import Source, transact
from dunning.gateways.postgres.sql_files import statement


def store_policy_files(source: Source, run_id: int, files: Mapping[str, bytes]) -> dict[str, str]:
    """Store the files that a run uses; return the SHA-256 of each by its name.

    Args:
        source: an engine, or a connection inside the caller's transaction.
        run_id: the run.
        files: content by file name. The same content is kept once, however many runs use it.
    """
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    with transact(source) as connection:
        for name, content in sorted(files.items()):
            connection.execute(
                statement("policy_files", "insert"), {"sha256": hashes[name], "content": content}
            )
            row = {"run_id": run_id, "name": name, "sha256": hashes[name]}
            connection.execute(statement("run_policies", "insert"), row)
    return hashes


def fetch_policy_files(source: Source, run_id: int) -> dict[str, bytes]:
    """Return the policy files that a run used, content by file name."""
    with transact(source) as connection:
        rows = connection.execute(statement("run_policies", "select"), {"run_id": run_id})
        return {row.name: bytes(row.content) for row in rows}


def store_table_sizes(source: Source, run_id: int, sizes: Mapping[str, int]) -> None:
    """Store the size of each ledger table and protecting column in a run.

    What was missing is left out.
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
    """Return the sizes in the run that last closed a date before a day; empty if there is none."""
    with transact(source) as connection:
        rows = connection.execute(statement("table_sizes", "select_last"), {"before": before})
        return {
            ".".join(filter(None, (row.table_name, row.column_name))): row.row_count for row in rows
        }


def store_accepted(source: Source, run_id: int, accepted: Mapping[str, str]) -> None:
    """Store the tables (or columns) for which a person accepts smaller sizes, with reasons."""
    with transact(source) as connection:
        for table_name, reason in sorted(accepted.items()):
            row = {"run_id": run_id, "table_name": table_name, "reason": reason}
            connection.execute(statement("accepted_shrinks", "insert"), row)


def fetch_accepted(source: Source, run_id: int) -> dict[str, str]:
    """Return what `store_accepted` stored of a run."""
    with transact(source) as connection:
        rows = connection.execute(statement("accepted_shrinks", "select"), {"run_id": run_id})
        return {row.table_name: row.reason for row in rows}
