"""The attributes that nightly runs and runs of the monthly notices share."""

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Self

from dunning.gateways.settings.environment import Settings
from dunning.gateways.snapshots.remote_store import open_kept
from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.policy.policies import Policy, load_policy
from dunning.policy.rules import Rules

# The attributes of a run as JSON values: what goes from task to task, and `AnyRun.of` reads.
RunReceipt = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class AnyRun:
    """What the steps of a run need, as a receipt that may be logged.

    Paths, hashes and counts, never rows or names.

    Attributes:
        as_of: ISO date that the run is for.
        out: folder or s3:// address below which the files are published.
        work: folder of this run's work tables; removed when the run has ended well.
        snapshot: folder of the ledger's snapshot; `fingerprint` is its name.
        policy_version: see Rules.version.
        newest_paid_on: newest payment of the ledger up to `as_of`; empty if there was none.
        warnings: Bulgarian sentences for the morning report.
    """

    as_of: str
    out: str
    work: str
    snapshot: str
    fingerprint: str
    policy_version: str
    newest_paid_on: str
    warnings: list[str]

    @classmethod
    def of(cls, receipt: RunReceipt) -> Self:
        """Return the run of a receipt; other keys of the receipt are ignored."""
        return cls(**{name: receipt[name] for name in cls.__dataclass_fields__})

    def to_receipt(self) -> RunReceipt:
        """Return all attributes as JSON-ready values."""
        return asdict(self)

    @property
    def day(self) -> date:
        """The date that the run is for."""
        return date.fromisoformat(self.as_of)

    @property
    def paid_until(self) -> date | None:
        """The day of the newest payment in the ledger."""
        return date.fromisoformat(self.newest_paid_on) if self.newest_paid_on else None

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
        return self.policy().at(self.day)

    def open_snapshot(self) -> Snapshot:
        """Return the ledger's snapshot; fetched from the store if it is not on this machine."""
        settings = Settings.from_environment()
        return open_kept(Path(self.snapshot), settings.snapshots, settings.snapshot_store)
