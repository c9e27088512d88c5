"""Publish the rendered notices and record what was sent: intent, publication, record."""

from collections.abc import Mapping

import pyarrow as pa

from dunning.core.errors import DunningError
from dunning.gateways.files.publishing import check_prepared
from dunning.gateways.files.targets import is_published
from dunning.gateways.postgres.database import NOTICES_LOCK, Connection, run_lock
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import notices, open_store, outbox
from dunning.jobs.monthly.gather import read_numbers
from dunning.jobs.monthly.plan import Planned
from dunning.jobs.monthly.runs import NoticesRun
from dunning.jobs.monthly.write import NoticeCounts, Written, read_tokens, write_lists
from dunning.jobs.run_context import RunReceipt


class PublishedNotices(NoticeCounts):
    """The counts of published notices, their state and folder.

    state: `done` (recorded), `written` (only files), `again` or `other` (recorded before; the same
    content, or not).
    """

    as_of: str
    service: str
    state: str
    folder: str


def run(run: RunReceipt, planned: Planned) -> PublishedNotices:
    """Publish and record the notices; return their counts. See `publish`."""
    this = NoticesRun.of(run)
    purpose = f"notices {this.as_of} {this.service} publish"
    engine = open_store(Settings.from_environment(), purpose)
    with run_lock(engine, purpose, NOTICES_LOCK) as connection:
        return publish(connection, this, planned)


def publish(connection: Connection, this: NoticesRun, planned: Planned) -> PublishedNotices:
    """Write lists and manifest, publish all files and record the run; return its counts.

    Recorded with it are its tokens, wording and document numbers.

    The caller holds the notices' lock. The run is recorded as intended before the files are
    published and as done after; see `store.outbox`. Notices that are recorded already are not
    recorded again: the same bytes are published again, others never replace them.

    Raises:
        DunningError: a unit was not rendered or was changed since, the files cannot be published,
            or they are not those that were sent and would replace them.
    """
    # finish what a killed process began, before it is looked up below
    outbox.recover(connection, notices.NOTICES)
    written = write_lists(this, planned)
    check_prepared(this.prepared)
    # read after the recovery: an interrupted run of this date may be recorded by now
    known = notices.fetch_notice_run(connection, this.as_of, this.service)
    if known is not None:
        state = _publish_again(this, written, known)
    elif this.is_recording:
        state = _publish_first(connection, this, written, read_numbers(this, planned["shards"]))
    else:
        this.target.publish(this.prepared)
        state = "written"
    return {
        "as_of": this.as_of.isoformat(),
        "service": this.service,
        "state": state,
        "folder": str(this.target),
        **written.counts,
    }


def _publish_first(
    connection: Connection, this: NoticesRun, written: Written, numbers: Mapping[int, pa.Array]
) -> str:
    counts = written.counts
    intended = notices.NoticeRun(
        as_of=this.as_of,
        service=this.service,
        since=this.since,
        notices=sum(counts["notices"].values()),
        withheld=counts["withheld"]["rows"],
        out=this.out,
        manifest_sha256=written.manifest_sha256,
        content_sha256=written.content_sha256,
        shown_until=this.memory.until,
    )
    outbox.publish_once(
        connection,
        notices.NOTICES,
        this.prepared,
        lambda within: notices.begin_notices(
            within, intended, read_tokens(this), this.wording, numbers
        ),
    )
    return "done"


def _publish_again(this: NoticesRun, written: Written, known: notices.NoticeRun) -> str:
    """Publish notices that are recorded already, unless they would replace different files.

    Notices with the same content under other signatures (of another time) do not replace the files
    that were sent.
    """
    sent = notices.NOTICES.target(vars(known))
    # signatures change the bytes each time: equal content without them is the same notice
    if written.manifest_sha256 != known.manifest_sha256 and known.out == this.out:
        if written.content_sha256 == known.content_sha256 and is_published(
            sent, known.manifest_sha256
        ):
            return "again"
        raise DunningError(
            f"The files are not those that were sent on {this.as_of}, and {sent} is where those lie. They were left as "
            "they are. Give --out another folder to see what would be written today."
        )
    this.target.publish(this.prepared)
    return "again" if written.content_sha256 == known.content_sha256 else "other"
