"""The documents that notices have shown before a run, so that each one is new exactly once."""

from dataclasses import dataclass
from datetime import date

from dunning.decisions.monthly.notice_rows import Shown
from dunning.gateways.postgres.database import Source
from dunning.gateways.store import notices, shown


@dataclass(frozen=True)
class Memory:
    """The documents that count as shown before a run.

    until: what was issued up to this day counts as shown. run_no: number of the last run whose
    documents count, too.
    """

    until: date
    run_no: int

    def of_bucket(self, source: Source, service: str, bucket: int) -> Shown:
        """Return the documents that were shown to the accounts of a bucket."""
        return Shown(self.until, shown.fetch_shown(source, service, bucket, self.run_no))


def recall_shown(
    source: Source, service: str, since: date, known: notices.NoticeRun | None
) -> Memory:
    """Return the documents that count as shown for a run.

    A run that is recorded sees the same as when it was made. Before the first recorded document
    numbers of a group, all documents issued up to its last run count as shown, else those of before
    its first month.

    Args:
        since: day of the group's last run, else the end of the month before its first.
        known: the run of this very date, if it is recorded.
    """
    if known is not None:
        # without its own documents: made again, it must show them as new again
        return Memory(known.shown_until or known.since, (known.run_no or 1) - 1)
    return Memory(
        shown.first_shown_until(source, service) or since, shown.newest_run_no(source, service)
    )
