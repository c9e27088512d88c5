"""The differences that another policy makes in a night, per account and in sums."""

from datetime import date
from pathlib import Path

from dunning.core.progress import Progress, no_progress
from dunning.decisions.compare.changes import Comparison
from dunning.jobs.nightly.load import load_checked_policy
from dunning.jobs.queries.compare import compare_nights
from dunning.jobs.queries.past_night import open_night, open_nights


def run(policy: Path, as_of: date, progress: Progress = no_progress) -> Comparison:
    """Return the differences between a night as it was and under a folder's policy files.

    Nothing is recorded.

    Rule files that the folder does not have are the built-in ones, as with `nightly --policy`.

    Raises:
        DunningError: the policy is refused; no run of the date is known, or its snapshot is not
            kept or was harmed.
    """
    changed = load_checked_policy(policy)
    with open_nights(f"simulate {as_of}") as (settings, engine):
        progress("отваряне на нощта")
        before = open_night(settings, engine, as_of)
        after = open_night(settings, engine, as_of, changed)
        return compare_nights("simulate", before, after, progress)
