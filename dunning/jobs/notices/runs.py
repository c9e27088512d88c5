"""A run of the monthly notices on its way from step to step, as a receipt that may stand in a log."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from dunning.gateways.settings import Settings
from dunning.gateways.snapshot_places import open_kept
from dunning.gateways.snapshots import Snapshot
from dunning.gateways.targets import Target, target_of
from dunning.policy.policies import Policy, load_policy
from dunning.policy.rules import Rules

Receipt = dict[str, Any]

_FOLDER = re.compile(r"[0-9-]+-(?P<service>[a-z]+)-[0-9a-f]+\.notices\Z")


@dataclass(frozen=True)
class NoticesRun:
    """The notices of one service on one date. Holds paths, hashes and counts only, never rows or names.

    Attributes:
        as_of: ISO date of the night that it speaks for.
        service: word of words.SERVICES.
        since: ISO date; documents issued after it are new.
        out: folder or s3:// address; the files come into `<out>/notices/<as_of>/<service>`.
        work: folder of this run's work tables; gone when the run has ended well.
        snapshot: folder of the ledger's snapshot; `fingerprint` is its name.
        policy_version: see Rules.version.
        is_recording: records what was sent: not dry, the night's books are closed, and nothing was recorded yet.
        is_signed: a certificate is configured.
        newest_paid_on: newest payment of the ledger up to `as_of`; empty if there was none.
        wording: SHA-256 by name of the templates that it uses.
        warnings: Bulgarian sentences for the morning.
    """

    as_of: str
    service: str
    since: str
    out: str
    work: str
    snapshot: str
    fingerprint: str
    policy_version: str
    is_recording: bool
    is_signed: bool
    newest_paid_on: str
    wording: dict[str, str]
    warnings: list[str]

    @classmethod
    def of(cls, receipt: Receipt) -> "NoticesRun":
        """Return the run of a receipt; what else the receipt tells is left aside."""
        return cls(**{name: receipt[name] for name in cls.__dataclass_fields__})

    def to_receipt(self) -> Receipt:
        """Return all attributes as JSON-ready values."""
        return asdict(self)

    @property
    def day(self) -> date:
        """The date that it speaks for."""
        return date.fromisoformat(self.as_of)

    @property
    def since_day(self) -> date:
        """The day after which a document is new."""
        return date.fromisoformat(self.since)

    @property
    def paid_until(self) -> date | None:
        """The day of the newest payment that the ledger knew."""
        return date.fromisoformat(self.newest_paid_on) if self.newest_paid_on else None

    @property
    def target(self) -> Target:
        """Where its files come."""
        return notices_target(self.out, self.as_of, self.service)

    @property
    def policy_folder(self) -> Path:
        """The copy of the policy files that it uses."""
        return Path(self.work) / "policy"

    @property
    def templates(self) -> Path:
        """The copy of the templates that it uses."""
        return Path(self.work) / "templates"

    @property
    def deeds(self) -> Path:
        """The deeds that its decisions know of."""
        return Path(self.work) / "deeds.parquet"

    @property
    def prepared(self) -> Path:
        """The folder in which the files are made before they are published."""
        return Path(self.work) / "files"

    @property
    def units(self) -> Path:
        """The folder of the notices in postal order, cut into what is rendered at once."""
        return Path(self.work) / "units"

    @property
    def rendered(self) -> Path:
        """The folder of what each unit's rendering told."""
        return Path(self.work) / "rendered"

    @property
    def given_seal(self) -> Path:
        """The seal of what `begin` gives to all steps: policy, templates, deeds."""
        return Path(self.work) / "given.seal"

    def policy(self) -> Policy:
        """Return the policy that it uses."""
        return load_policy(self.policy_folder)

    def rules(self) -> Rules:
        """Return what of the policy is in force on its day."""
        return self.policy().at(self.day)

    def open_snapshot(self) -> Snapshot:
        """Return the ledger's snapshot; on another machine than the one that began, the store's."""
        settings = Settings.from_environment()
        return open_kept(Path(self.snapshot), settings.snapshots, settings.snapshot_store)

    def shard_folder(self, shard: int, shards: int) -> Path:
        """Return the folder of one shard's notices."""
        return Path(self.work) / "shards" / f"{shard:02d}-of-{shards:02d}"


def notices_target(out: str, as_of: str, service: str) -> Target:
    """Return where the notices of a service on a date come below `out`."""
    return target_of(out, f"notices/{as_of}/{service}")


def new_notices_folder(settings: Settings, as_of: date, service: str) -> Path:
    """Return a folder of its own for a run's work tables; `find_notices_folders` knows its service by its name."""
    return settings.home / "work" / f"{as_of.isoformat()}-{service}-{secrets.token_hex(4)}.notices"


def find_notices_folders(settings: Settings, service: str) -> Iterable[Path]:
    """Return the work folders that runs of a service's notices have left, or still use."""
    work = settings.home / "work"
    named = {folder: _FOLDER.match(folder.name) for folder in (work.iterdir() if work.is_dir() else ())}
    return [folder for folder, found in named.items() if found and found["service"] == service]
