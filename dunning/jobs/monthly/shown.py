"""What a group's notices have shown before a run, so that each document is new exactly once."""

from dataclasses import dataclass
from datetime import date

from dunning.decisions.monthly.notice_rows import Shown
from dunning.gateways.postgres.database import Source
from dunning.gateways.store import notices, shown


@dataclass(frozen=True)
class Memory:
    """until: what was issued up to this day counts as shown. run_no: the last run whose numbers
    count besides.
    """

    until: date
    run_no: int

    def of_bucket(self, source: Source, service: str, bucket: int) -> Shown:
        """Return what was shown to the accounts of a bucket."""
        return Shown(self.until, shown.fetch_shown(source, service, bucket, self.run_no))


def recall_shown(
    source: Source, service: str, since: date, known: notices.NoticeRun | None
) -> Memory:
    """Return what a run knows to have been shown.

    One that is recorded knows what it knew then. Before the first numbers of a group whatever was
    issued up to its last run counts as shown, else what was before its first month.

    Args:
        since: day of the group's last run, else the end of the month before its first.
        known: the run of this very date, if it is recorded.
    """
    if known is not None:
        return Memory(known.shown_until or known.since, (known.run_no or 1) - 1)
    return Memory(
        shown.first_shown_until(source, service) or since, shown.newest_run_no(source, service)
    )
