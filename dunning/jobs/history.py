"""The deeds that a night must know of, with what the ledger tells of each."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.frames import Frame, frame_of
from dunning.decisions.history import tell_deeds
from dunning.gateways.database import Source
from dunning.gateways.ledger.buckets import buckets_of
from dunning.gateways.snapshots import Snapshot
from dunning.gateways.store import deeds
from dunning.policy.rules import Rules


def gather_deeds(source: Source, snapshot: Snapshot, rules: Rules) -> pa.Table:
    """Return the deeds that matter on a night, as `tell_deeds` gives them, by reference's order in the store.

    Those of earlier dates that can still count; and of the night itself and later ones, which its decisions do not see,
    those that the ledger tells of: their rows are no notices of the ledger.

    Returns:
        With `bucket` (of the account) and `notice_bucket` (where the ledger's row stands; -1 where untold).
    """
    notices = snapshot.read_notices()
    told = tell_deeds(deeds.fetch_deeds(source, before=date.max, since=memory_of(rules)), notices)
    notice = told["notice"].to_numpy()
    kept = (notice >= 0) | pc.less(told["as_of"], pa.scalar(rules.as_of)).to_numpy()
    told, notice = told.filter(pa.array(kept)), notice[kept]
    where = np.r_[notices["bucket"].to_numpy(), -1][notice]
    bucket = buckets_of(told["premise_no"].combine_chunks())
    return told.append_column("bucket", pa.array(bucket)).append_column("notice_bucket", pa.array(where))


def deeds_of_bucket(gathered: pa.Table, bucket: int) -> Frame:
    """Return the deeds that concern one bucket: by account, or by the ledger's row."""
    concerns = pc.or_(pc.equal(gathered["bucket"], bucket), pc.equal(gathered["notice_bucket"], bucket))
    return frame_of(gathered.filter(concerns))


def memory_of(rules: Rules) -> date:
    """Return the first day whose deeds can still matter: for a stage, for a repetition, for a disconnection."""
    valid = max(rules.stages.notice_valid_days, rules.disconnections.notice_valid_days)
    served = max(rules.service.served_after_days.values(), default=0)
    repeat = max(rules.reminders.repeat_days, rules.reminders.final_warning_repeat_days)
    return rules.as_of - timedelta(days=max(valid + served, repeat) + 1)
