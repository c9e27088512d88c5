"""The attributes that nightly runs and runs of the monthly notices share."""

from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Self

from dunning.gateways.settings.environment import Settings
from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.gateways.snapshots.snapshot_store import open_kept
from dunning.policy.policies import Policy, load_policy
from dunning.policy.rules import Rules

# The attributes of a run as JSON values: what goes from task to task, and `RunContext.of` reads.
RunReceipt = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """What the steps of a run need, as a receipt that may be logged.

    Paths, hashes and counts, never rows or names.

    Attributes:
        as_of: the date that the run is for.
        out: folder or s3:// address below which the files are published.
        work: folder of this run's work tables; removed when the run has ended well.
        snapshot: folder of the ledger's snapshot; `fingerprint` is its name.
        policy_version: see Rules.version.
        newest_paid_on: newest payment of the ledger up to `as_of`; None if there was none.
        warnings: Bulgarian sentences for the morning report.
        DATES: the attributes that are dates; ISO texts in a receipt, empty for None.
    """

    DATES: ClassVar[tuple[str, ...]] = ("as_of", "newest_paid_on")

    as_of: date
    out: str
    work: str
    snapshot: str
    fingerprint: str
    policy_version: str
    newest_paid_on: date | None
    warnings: list[str]

    @classmethod
    def of(cls, receipt: RunReceipt) -> Self:
        """Return the run of a receipt; other keys of the receipt are ignored."""
        given = {field.name: receipt[field.name] for field in fields(cls)}
        dates = {
            name: date.fromisoformat(given[name]) if given[name] else None for name in cls.DATES
        }
        return cls(**(given | dates))

    def to_receipt(self) -> RunReceipt:
        """Return all attributes as JSON-ready values."""
        given = asdict(self)
        texts = {name: given[name].isoformat() if given[name] else "" for name in self.DATES}
        return given | texts

    @property
    def policy_folder(self) -> Path:
        """The copy of the policy files that this run uses."""
        return Path(self.work) / "policy"

    @property
    def prepared(self) -> Path:
        """The folder in which the files are made before they are published."""
        return Path(self.work) / "files"

    @property
    def given_seal(self) -> Path:
        """The seal of the policy files, actions and templates that the first step writes."""
        return Path(self.work) / "given.seal"

    def policy(self) -> Policy:
        """Return the policy that this run uses."""
        return load_policy(self.policy_folder)

    def rules(self) -> Rules:
        """Return the rules in force on the run's day."""
        return self.policy().at(self.as_of)

    def open_snapshot(self) -> Snapshot:
        """Return the ledger's snapshot; fetched from the store if it is not on this machine."""
        settings = Settings.from_environment()
        return open_kept(Path(self.snapshot), settings.snapshots, settings.snapshot_store)
