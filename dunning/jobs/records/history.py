"""What a run needs of earlier dates: recorded actions, manual holds, failed channels."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import DunningError
from dunning.core.frames import Bucket, Frame, frame_of
from dunning.core.ladder import MESSAGES
from dunning.decisions.account.assessment import Assessment
from dunning.decisions.account.classify import decide_with_actions
from dunning.decisions.account.history import join_ledger_notices
from dunning.decisions.account.manual_holds import with_manual_holds
from dunning.decisions.account.refused_notices import with_refused_notices
from dunning.decisions.frames import Decision
from dunning.decisions.lists.channel_choice import with_failures
from dunning.decisions.lists.dwellings import with_own_protections
from dunning.gateways.files.worktables import read_table, write_table
from dunning.gateways.postgres.database import Source
from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.gateways.store import actions, holds, proposals
from dunning.jobs.records.failed_channels import gather_failures
from dunning.ledger.buckets import buckets_of
from dunning.policy.rules import Rules

# Columns that no decision, list or notice reads: not loading them saves memory.
UNREAD = {
    "payments": ("named_no", "channel"),
    "contacts": ("source",),
    "holds": ("hold_no", "author", "note"),
}


@dataclass(frozen=True)
class History:
    """Records of earlier dates that a run's decisions depend on.

    actions: as `gather_actions` gives them. manual_holds: as `store.holds.fetch_seen_holds`.
    handed_over: as `store.actions.fetch_handed_over`.
    concerned: premise_no and payer_code of our actions that a refused row of the ledger's notices
    refers to.
    failures: as `failed_channels.FAILURES`. silences: as `store.proposals.fetch_silences`.
    """

    actions: pa.Table
    manual_holds: pa.Table
    handed_over: pa.Table
    concerned: pa.Table
    failures: pa.Table
    silences: pa.Table

    def decide(
        self, bucket: Bucket, as_of: date, rules: Rules
    ) -> tuple[Bucket, Decision, Assessment]:
        """Return a bucket with manual holds added, the decision on it and its assessment."""
        # Holds, refused notices and failed channels must be in the bucket before it is decided.
        bucket = with_manual_holds(bucket, self.manual_holds)
        bucket = with_own_protections(bucket, self.manual_holds)
        bucket = with_refused_notices(bucket, self.concerned)
        bucket = with_failures(bucket, self.failures)
        return bucket, *decide_with_actions(
            bucket, as_of, rules, actions_of_bucket(self.actions, bucket.index)
        )

    def write(self, work: Path) -> list[Path]:
        """Write the tables into a run's work folder; return the files, to be sealed."""
        tables = {work / f"{name}.parquet": getattr(self, name) for name in _TABLES}
        for path, table in tables.items():
            write_table(path, table)
        return list(tables)

    @classmethod
    def read(cls, work: Path) -> "History":
        """Return the history that `write` wrote.

        Raises:
            DunningError: a table is missing: another version of the program began the run.
        """
        missing = [name for name in _TABLES if not (work / f"{name}.parquet").is_file()]
        if missing:
            raise DunningError(
                f"The work folder {work} has no {missing[0]}.parquet: another version of the program began this "
                "run, which cannot be continued. Nothing of it has left. Run the whole date again from its start."
            )
        return cls(**{name: read_table(work / f"{name}.parquet") for name in _TABLES})


_TABLES = ("actions", "manual_holds", "handed_over", "concerned", "failures", "silences")


def gather_history(
    source: Source, snapshot: Snapshot, as_of: date, rules: Rules, events_seen: int
) -> History:
    """Return the records of dates before `as_of`, with holds, releases and recalls up to an event."""
    # the longest of the periods, so that one query serves every list
    acted_days = max(rules.release.acted_days.values())
    since = as_of - timedelta(days=acted_days)
    gathered = gather_actions(source, snapshot, as_of, rules, events_seen)
    return History(
        actions=gathered,
        failures=gather_failures(snapshot, gathered, as_of),
        manual_holds=holds.fetch_seen_holds(source, events_seen),
        handed_over=actions.fetch_handed_over(
            source, before=as_of, since=since, events_seen=events_seen
        ),
        concerned=gather_concerned(source, snapshot, as_of, rules, events_seen),
        silences=proposals.fetch_silences(
            source, before=as_of, since=_remember_silences_since(as_of, rules)
        ),
    )


def gather_concerned(
    source: Source, snapshot: Snapshot, as_of: date, rules: Rules, events_seen: int
) -> pa.Table:
    """Return the accounts of our earlier actions that refused rows of the notices name.

    Returns:
        One row per action: premise_no and payer_code.
    """
    refused = pa.array(snapshot.info["refused_notices"], pa.string())
    # without refused rows nothing can match: an empty period avoids the long query
    since = memory_of(as_of, rules) if len(refused) else as_of
    sent = actions.fetch_actions(source, as_of, since, events_seen)
    return sent.filter(pc.is_in(sent["reference"], value_set=refused)).select(
        ["premise_no", "payer_code"]
    )


def _remember_silences_since(as_of: date, rules: Rules) -> date:
    """Return the first date with withheld messages that matter.

    Silences, and what was withheld after one had ended.
    """
    return as_of - timedelta(days=rules.reminders.on_list_days + rules.reminders.repeat_days)


def gather_actions(
    source: Source, snapshot: Snapshot, as_of: date, rules: Rules, events_seen: int
) -> pa.Table:
    """Return the actions that matter for a run, joined with the ledger's notices.

    As `join_ledger_notices` gives them, in the store's order of references: actions of earlier dates that
    can still count; and those of the date itself and later ones (its decisions do not see them) if
    the ledger has a row for them: such rows are not notices of the ledger's own.

    Returns:
        With `bucket` (of the account) and `notice_bucket` (of the ledger's row; -1 where the ledger
        has none).
    """
    notices = snapshot.read_notices()
    joined = join_ledger_notices(
        actions.fetch_actions(source, date.max, memory_of(as_of, rules), events_seen), notices
    )
    notice = joined["notice"].to_numpy()
    # keep: the ledger has a row for it, or it is of an earlier date
    kept = (notice >= 0) | pc.less(joined["as_of"], pa.scalar(as_of)).to_numpy()
    joined, notice = joined.filter(pa.array(kept)), notice[kept]
    # notice is -1 where the ledger has no row; index -1 takes the appended last value, also -1
    where = np.r_[notices["bucket"].to_numpy(), -1][notice]
    bucket = buckets_of(joined["premise_no"].combine_chunks())
    return joined.append_column("bucket", pa.array(bucket)).append_column(
        "notice_bucket", pa.array(where)
    )


def actions_of_bucket(gathered: pa.Table, bucket: int) -> Frame:
    """Return the actions that concern one bucket: by account, or by the ledger's row."""
    concerns = pc.or_(
        pc.equal(gathered["bucket"], bucket), pc.equal(gathered["notice_bucket"], bucket)
    )
    return frame_of(gathered.filter(concerns))


def memory_of(as_of: date, rules: Rules) -> date:
    """Return the first day with actions that can still matter for a stage or a repetition.

    Or for a disconnection.
    """
    valid = max(rules.stages.notice_valid_days, rules.disconnections.notice_valid_days)
    served = max(rules.service.served_after_days.values(), default=0)
    repeat = max(rules.reminders.repeat_days_of(message) for message in MESSAGES)
    # a notice counts from when it is served, so both periods add up
    return as_of - timedelta(days=max(valid + served, repeat) + 1)
