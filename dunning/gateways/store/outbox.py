"""Publish files exactly once: intend, publish, record; and settle what a dead process left.

    intend    its rows, with the SHA-256 of the manifest to come    one transaction
    publish   its files, that manifest last                         folder or object store
    record    its rows as done                                      one transaction

A process can die between any two of these steps. The next one under the same lock asks the target
itself: with that very manifest there, the files are out, and that is recorded; without it no one
can have relied on the files there, and the intent is withdrawn. A target that does not answer
leaves the intent as it is: an unknown outcome is neither recorded nor repeated.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from dunning.core.errors import DunningError
from dunning.gateways.files.publishing import MANIFEST
from dunning.gateways.files.targets import Target, is_published, target_of
from dunning.gateways.postgres.database import Source, transact
from dunning.gateways.postgres.sql_files import statement
from dunning.gateways.snapshots.snapshot import sha256_of

Recorded = TypeVar("Recorded")
Statements = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class OutboxKind:
    """A kind of rows that leave as files.

    table: of its rows; `sql/<table>/select_intended.sql` returns those under way: `out`,
        `manifest_sha256`, and what `path` and the statements take.
    path: returns the path of a row's files below its `out`.
    record, withdraw: statements by table and verb, in their order.
    """

    table: str
    path: Callable[[Mapping[str, Any]], str]
    record: Statements
    withdraw: Statements

    def target(self, row: Mapping[str, Any]) -> Target:
        """Return the target of a row's files."""
        return target_of(row["out"], self.path(row))


@dataclass(frozen=True)
class Intent:
    """One row under way, as its kind's `select_intended` returns it."""

    kind: OutboxKind
    row: Mapping[str, Any]

    @property
    def target(self) -> Target:
        """The target of its files."""
        return self.kind.target(self.row)


def fetch_intents(source: Source, kind: OutboxKind) -> list[Intent]:
    """Return the intents of a kind that are under way, in the order in which they were recorded."""
    with transact(source) as connection:
        rows = connection.execute(statement(kind.table, "select_intended"))
        return [Intent(kind, dict(row._mapping)) for row in rows]


def publish_once(
    source: Source, kind: OutboxKind, prepared: Path, intend: Callable[[Connection], Recorded]
) -> Recorded:
    """Record an intent, publish its files, record that they are out; return `intend`'s result.

    The caller holds the lock of that kind and has settled what was under way. If the files cannot
    be published, the intent is withdrawn, unless their manifest is there all the same (in an object
    store, if its answer got lost).

    Args:
        source: an engine, or (better) the connection of the lock.
        kind: of what leaves.
        prepared: the files, with their manifest.
        intend: writes the rows as intended, inside the transaction that it is given.

    Raises:
        DunningError: what `intend` raises, or the intended manifest is not the prepared one:
            nothing is recorded then. Or the files cannot be published: the intent is withdrawn. Or
            it cannot be recorded that they are out, or looked up whether: the next run does.
    """
    sha256 = sha256_of(prepared / MANIFEST)
    # committed before the first file: from here on a recovery knows what may be out
    with transact(source) as connection:
        written = intend(connection)
        intent = _find(connection, kind, sha256)
    try:
        intent.target.publish(prepared)
    except DunningError:
        # the error may hide a success: only the manifest at the target decides
        if not settle(source, intent):
            raise
    else:
        _record(source, intent)
    return written


def recover(source: Source, *kinds: OutboxKind) -> None:
    """Settle everything of some kinds that is under way. The caller holds their lock."""
    for kind in kinds:
        for intent in fetch_intents(source, kind):
            settle(source, intent)


def settle(source: Source, intent: Intent) -> bool:
    """Record an intent as done if its manifest is out, else withdraw it; return if it was out.

    Raises:
        DunningError: its target cannot be read. The intent stays as it is.
    """
    is_out = is_published(intent.target, intent.row["manifest_sha256"])
    if not is_out:
        # files before rows: while the intent is there, a retry follows a process that dies here
        intent.target.clear()
    end(source, intent, is_out=is_out)
    return is_out


def end(source: Source, intent: Intent, *, is_out: bool) -> None:
    """Record an intent as done, or withdraw it, in one transaction.

    Raises:
        DunningError: it is not under way any more. Nothing is changed then.
    """
    with transact(source) as connection:
        for table, verb in intent.kind.record if is_out else intent.kind.withdraw:
            found = connection.execute(statement(table, verb), intent.row).rowcount
            # its own row is gone: another process settled it; the other statements are undone
            if table == intent.kind.table and found == 0:
                raise DunningError(
                    f"What was to leave to {intent.target} is not under way any more: it was ended "
                    "meanwhile. Nothing was changed; run again."
                )


def _find(connection: Connection, kind: OutboxKind, sha256: str) -> Intent:
    """Return the intent of a manifest: read back, so that a recovery would find the same."""
    for intent in fetch_intents(connection, kind):
        if intent.row["manifest_sha256"] == sha256:
            return intent
    raise DunningError(
        f"The prepared files (manifest {sha256}) are not those that were intended. Nothing was "
        "published or recorded; report this fault."
    )


def _record(source: Source, intent: Intent) -> None:
    try:
        end(source, intent, is_out=True)
    except DunningError as error:
        raise DunningError(
            f"{error} The files are whole in {intent.target}; the next run records first that they "
            "have left."
        ) from error
