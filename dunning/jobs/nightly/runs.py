"""A run as its steps pass it on: a receipt that may be logged."""

import secrets
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dunning.core.frames import BUCKETS
from dunning.gateways.files.targets import Target, target_of
from dunning.gateways.settings.environment import Settings
from dunning.jobs.run_context import RunContext


@dataclass(frozen=True, kw_only=True)
class NightlyRun(RunContext):
    """One run of one date; its files are published in `<out>/<as_of>`.

    Attributes:
        run_id: its number in the store.
        is_recording: closes the date and records actions: later than the last closed date, not dry,
            and the ledger neither too old nor without its protected people. Otherwise the date
            stays open for the right ledger.
        closed_on: last closed date when the run began; None if there was none.
        stops: reason per table or column that protects people, for which no list of this run may
            leave.
        accepted_shrunk: reason, by table or column, for which a person accepts that there is less
            of what protects people.
        events_seen: the last hold, release or recall that it knows of.
    """

    DATES = (*RunContext.DATES, "closed_on")

    run_id: int
    is_recording: bool
    closed_on: date | None
    stops: dict[str, str]
    accepted_shrunk: dict[str, str]
    events_seen: int

    @property
    def target(self) -> Target:
        """The target of the date's files."""
        return target_of(self.out, self.as_of.isoformat())

    @property
    def proposed_seal(self) -> Path:
        """The seal of the joined proposals."""
        return Path(self.work) / "proposed.seal"

    @property
    def manifest_seal(self) -> Path:
        """The seal of the prepared manifest, which names the SHA-256 of the other files itself."""
        return Path(self.work) / "manifest.seal"

    def shard_folders(self, shards: int) -> list[Path]:
        """Return the folders of all shards' work tables in bucket order."""
        return [shard_folder(Path(self.work), shard, shards) for shard in range(shards)]


def shard_folder(work: Path, shard: int, shards: int) -> Path:
    """Return the folder of one shard's work tables."""
    # with the number of shards: a try with another number must not find these folders
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
    """Return a folder of its own for a run's work tables; its name appears in no output.

    The number at its end is the run's: `recovery.sweep` uses it to find out whether the folder is
    still needed.
    """
    return settings.home / "work" / f"{as_of.isoformat()}-{secrets.token_hex(4)}-{run_id}"
