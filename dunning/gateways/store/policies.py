"""The policy files that runs used, stored by content.

So a date can be decided again with the rules of its day.
"""

import hashlib
from collections.abc import Mapping

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
