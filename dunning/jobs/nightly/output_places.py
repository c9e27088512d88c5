"""The target of a run's files: the date's folder, or one beside the files of a closed date."""

import hashlib
from dataclasses import dataclass

from dunning.gateways.files.publishing import MANIFEST
from dunning.gateways.files.targets import Target, is_published, is_same_place, target_of
from dunning.gateways.store import runs
from dunning.jobs.nightly.runs import NightlyRun

# The folder beside is named with so many letters of the manifest's SHA-256.
_LETTERS = 8


@dataclass(frozen=True)
class Place:
    """The target of a run's files.

    is_beside: not the folder of the date, as other files are in it for good.
    """

    target: Target
    is_beside: bool

    @property
    def notice(self) -> str:
        """A Bulgarian sentence about the folder, for the morning report; may be empty."""
        if not self.is_beside:
            return ""
        return f"За тази дата вече има други файлове: те остават непроменени, а тези са в {self.target}."


def find_place(this: NightlyRun, record: runs.RecordedRun | None) -> Place:
    """Return the target of a run's prepared files.

    Args:
        this: a run with files and manifest prepared.
        record: the other run, which closed the date: its files are never replaced by others;
            None: there is none.
    """
    prepared = hashlib.sha256((this.prepared / MANIFEST).read_bytes()).hexdigest()
    # the same files may be published again over themselves
    if record is None or record.manifest_sha256 == prepared or not _holds(this, record):
        return Place(this.target, is_beside=False)
    return Place(target_of(this.out, f"{this.as_of}-{prepared[:_LETTERS]}"), is_beside=True)


def _holds(this: NightlyRun, record: runs.RecordedRun) -> bool:
    """Return whether the date's folder below `out` holds that run's files, or a full copy."""
    return is_same_place(record.out or "", this.out) or is_published(
        this.target, record.manifest_sha256 or ""
    )
