"""The receipts that the nightly run's steps hand to each other, and the manifest of its files.

They go as JSON from task to task, into files of the work folder and, the manifest, to all who read
the lists: counts, cents, hashes and paths, never rows or names.
"""

from typing import NotRequired, TypedDict

from dunning.ledger.check.control_totals import TotalsInfo


class ShardReceipt(TypedDict):
    """The counts of a classified shard. stages: accounts by stage."""

    shard: int
    shards: int
    accounts: int
    stages: dict[str, int]


class ShardBooks(ShardReceipt):
    """The counts of a classified shard with its books, as `books.json` has them.

    books: minor units by `CUR.line`.
    """

    books: dict[str, int]


class ProposedReceipt(TypedDict):
    """The counts of the joined proposals, as `proposed.json` has them.

    stages: accounts by stage. books: minor units by `CUR.line`. lists: rows by list.
    """

    shards: int
    accounts: int
    stages: dict[str, int]
    books: dict[str, int]
    lists: dict[str, int]


class PartFigures(TypedDict):
    """Rows and cents of one part of a list."""

    rows: int
    cents: int


class ListFigures(TypedDict):
    """Rows of a list; cents where it has a sum.

    parts: of the court list, `ready` and `person`. person_reasons: of its waiting cases, the rows by
    reason; a case may have several.
    """

    rows: int
    cents: NotRequired[int]
    parts: NotRequired[dict[str, PartFigures]]
    person_reasons: NotRequired[dict[str, int]]


class ManifestLedger(TypedDict):
    """The ledger that a run was decided from."""

    fingerprint: str
    tables: TotalsInfo


class ManifestPolicy(TypedDict):
    """The policy that a run was decided with. files: SHA-256 by name."""

    version: str
    files: dict[str, str]


class RunManifest(TypedDict):
    """The manifest of a run's files, `manifest.json`.

    books: minor units by `CUR.line`. stages: accounts and sums by stage. stops: reason per table or
    column that protects people, for which no list may leave. files: SHA-256 by name. unusual: the
    sentences of the circuit breaker.
    """

    as_of: str
    ledger: ManifestLedger
    policy: ManifestPolicy
    books: dict[str, int]
    stages: dict[str, dict[str, int]]
    lists: dict[str, ListFigures]
    stops: dict[str, str]
    accepted_shrunk: dict[str, str]
    warnings: list[str]
    files: dict[str, str]
    unusual: list[str]


class WrittenReceipt(TypedDict):
    """The counts and hashes of the written files, as in the manifest."""

    as_of: str
    stages: dict[str, dict[str, int]]
    lists: dict[str, ListFigures]
    files: dict[str, str]


class PublishedFiles(TypedDict):
    """Where the files of a run were published. notice: a sentence about that folder, or nothing."""

    folder: str
    notice: str


class ClosedReceipt(PublishedFiles):
    """The outcome of a run. state: `closed`, or `written` where it records nothing.

    recorded: the rows that the close wrote, by table.
    """

    as_of: str
    state: str
    recorded: NotRequired[dict[str, int]]


class FailureReceipt(TypedDict):
    """The number of a run that is recorded as failed; None where its ledger was not loaded."""

    run_id: int | None


class NightReport(TypedDict):
    """The morning report: its text, and the figures in it.

    is_same: of a repeated night, whether its files are those of that night.
    """

    as_of: str
    folder: str
    is_recording: bool
    stages: dict[str, dict[str, int]]
    lists: dict[str, ListFigures]
    warnings: list[str]
    text: str
    is_same: NotRequired[bool]
