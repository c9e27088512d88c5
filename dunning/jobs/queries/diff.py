"""The differences between two nights, per account and in sums."""

from datetime import date

from dunning.core.errors import UsageError
from dunning.core.progress import Progress, no_progress
from dunning.decisions.compare.changes import Comparison
from dunning.jobs.queries.compare import compare_nights
from dunning.jobs.queries.past_night import open_night, open_nights


def run(before_on: date, after_on: date, progress: Progress = no_progress) -> Comparison:
    """Return the differences between two past nights, each under its own run's policy.

    Nothing is recorded.

    Raises:
        DunningError: no run of either date is known, or its snapshot is not kept any more or was
            harmed.
    """
    if before_on == after_on:
        raise UsageError(
            f"Both days are {before_on}; give two different ones, or `dunning simulate` another policy."
        )
    with open_nights(f"diff {before_on} {after_on}") as (settings, engine):
        progress("отваряне на двете нощи")
        before, after = (open_night(settings, engine, day) for day in (before_on, after_on))
        return compare_nights("diff", before, after, progress)
