"""A run on its way from step to step: what the steps must know of it, as a receipt that may stand in a log."""

import secrets
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from dunning.core.frames import BUCKETS
from dunning.gateways.settings import Settings
from dunning.gateways.snapshot_places import open_kept
from dunning.gateways.snapshots import Snapshot
from dunning.gateways.targets import Target, target_of
from dunning.policy.policies import Policy, load_policy
from dunning.policy.rules import Rules

Receipt = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One run of one date. Holds paths, hashes and counts only, never rows or names.

    Attributes:
        run_id: its number in the store.
        as_of: ISO date that the run speaks for.
        out: folder or s3:// address above the date's; the files come into `<out>/<as_of>`.
        work: folder of this run's work tables; gone when the run has ended well.
        snapshot: folder of the ledger's snapshot; `fingerprint` is its name.
        policy_version: see Rules.version.
        is_recording: closes books and records deeds: later than the last closed date, not dry, and the ledger neither
            too old nor without its protected people. Otherwise the date stays open for the right ledger.
        closed_on: last closed date when the run began; empty if there was none.
        newest_paid_on: newest payment of the ledger up to `as_of`; empty if there was none.
        stops: reason per list that may not leave the house tonight.
        warnings: Bulgarian sentences for the morning.
    """

    run_id: int
    as_of: str
    out: str
    work: str
    snapshot: str
    fingerprint: str
    policy_version: str
    is_recording: bool
    closed_on: str
    newest_paid_on: str
    stops: dict[str, str]
    warnings: list[str]

    @classmethod
    def of(cls, receipt: Receipt) -> "Run":
        """Return the run of a receipt; what else the receipt tells is left aside."""
        return cls(**{name: receipt[name] for name in cls.__dataclass_fields__})

    def to_receipt(self) -> Receipt:
        """Return all attributes as JSON-ready values."""
        return asdict(self)

    @property
    def day(self) -> date:
        """The date that the run speaks for."""
        return date.fromisoformat(self.as_of)

    @property
    def paid_until(self) -> date | None:
        """The day of the newest payment that the ledger knew."""
        return date.fromisoformat(self.newest_paid_on) if self.newest_paid_on else None

    @property
    def target(self) -> Target:
        """Where the date's files come."""
        return target_of(self.out, self.as_of)

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
        """The seal of what the load gives to all steps: the policy files, the deeds."""
        return Path(self.work) / "given.seal"

    @property
    def proposed_seal(self) -> Path:
        """The seal of the joined proposals."""
        return Path(self.work) / "proposed.seal"

    @property
    def manifest_seal(self) -> Path:
        """The seal of the prepared manifest, which names the SHA-256 of the other files itself."""
        return Path(self.work) / "manifest.seal"

    def policy(self) -> Policy:
        """Return the policy that this run uses."""
        return load_policy(self.policy_folder)

    def rules(self) -> Rules:
        """Return what of the policy is in force on its day."""
        return self.policy().at(self.day)

    def open_snapshot(self) -> Snapshot:
        """Return the ledger's snapshot; on another machine than the one that loaded it, the store's."""
        settings = Settings.from_environment()
        return open_kept(Path(self.snapshot), settings.snapshots, settings.snapshot_store)

    def shard_folders(self, shards: int) -> list[Path]:
        """Return the folders of all shards' work tables in bucket order."""
        return [shard_folder(Path(self.work), shard, shards) for shard in range(shards)]


def shard_folder(work: Path, shard: int, shards: int) -> Path:
    """Return the folder of one shard's work tables."""
    return work / "shards" / f"{shard:02d}-of-{shards:02d}"


def shard_seal(folder: Path) -> Path:
    """Return the seal of one shard's work tables."""
    return folder / "shard.seal"


def shard_buckets(shard: int, shards: int) -> range:
    """Return the buckets of one shard: consecutive, so that shards in order are buckets in order.

    >>> [list(shard_buckets(n, 3))[:1] for n in range(3)]
    [[0], [21], [42]]
    """
    return range(shard * BUCKETS // shards, (shard + 1) * BUCKETS // shards)


def new_work_folder(settings: Settings, as_of: date, run_id: int) -> Path:
    """Return a folder of its own for a run's work tables; its name shows in no output.

    The number at its end is the run's: `recovery.sweep` finds out by it whether anybody still needs the folder.
    """
    return settings.home / "work" / f"{as_of.isoformat()}-{secrets.token_hex(4)}-{run_id}"
