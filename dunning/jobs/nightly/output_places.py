"""Where the files of a run come: the folder of its date, or one beside it where the files of a
closed date lie.
"""

import hashlib
from dataclasses import dataclass

from dunning.gateways.files.publishing import MANIFEST
from dunning.gateways.files.targets import Target, is_published, is_same_place, target_of
from dunning.gateways.store import runs
from dunning.jobs.nightly.runs import Run

_LETTERS = 8  # of the manifest's SHA-256, by which the folder beside is named


@dataclass(frozen=True)
class Place:
    """Where the files of a run come. is_beside: not into the folder of the date, where others lie
    for good.
    """

    target: Target
    is_beside: bool

    @property
    def notice(self) -> str:
        """What the morning is told of it, in Bulgarian; empty where there is nothing to say."""
        if not self.is_beside:
            return ""
        return f"За тази дата вече има други файлове: те остават непроменени, а тези са в {self.target}."


def find_place(this: Run, record: runs.Run | None) -> Place:
    """Return where the prepared files of a run come.

    Args:
        this: a run whose files and manifest are prepared.
        record: the other run whose files speak for the date and are never replaced by others; None:
            there is none.
    """
    prepared = hashlib.sha256((this.prepared / MANIFEST).read_bytes()).hexdigest()
    if record is None or record.manifest_sha256 == prepared or not _holds(this, record):
        return Place(this.target, is_beside=False)
    return Place(target_of(this.out, f"{this.as_of}-{prepared[:_LETTERS]}"), is_beside=True)


def _holds(this: Run, record: runs.Run) -> bool:
    """Return whether the folder of the date below a run's `out` is where that record's files lie,
    or a whole copy.
    """
    return is_same_place(record.out or "", this.out) or is_published(
        this.target, record.manifest_sha256 or ""
    )
