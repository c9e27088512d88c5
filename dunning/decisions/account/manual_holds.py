"""Manual holds: those that the department set on accounts, in addition to those of the ledger."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.frames import Bucket, Frame, frame_of
from dunning.core.words import HOLD_REASONS
from dunning.decisions.account.history import accounts_of, stack_frames


def with_manual_holds(bucket: Bucket, manual_holds: pa.Table) -> Bucket:
    """Return a bucket with the manual holds on its accounts added to its `holds`.

    One row more for each.

    Args:
        manual_holds: hold_no, premise_no, payer_code, reason, note, author, valid_from, valid_until;
            those of other buckets are ignored.

    Returns:
        `holds` with its columns; the hold_no of a manual hold is `strike-<number>`.
    """
    if len(manual_holds) == 0:
        return bucket
    given = frame_of(manual_holds)
    account = accounts_of(bucket, given)
    here = np.flatnonzero(account >= 0)
    if len(here) == 0:
        return bucket
    found, holds = given.take(here), bucket.holds
    reason = pc.index_in(found.text("reason"), value_set=pa.array(HOLD_REASONS))
    own = {
        "account": account[here].astype(np.int32),
        # A manual hold is always on the whole account.
        "item": np.full(len(here), -1, np.int32),
        "hold_no": pc.binary_join_element_wise(
            "strike", pa.array(found["hold_no"]).cast(pa.string()), "-"
        ),
        "reason": reason.to_numpy(zero_copy_only=False).astype(np.int8),
        "valid_from": found["valid_from"],
        "valid_until": found["valid_until"],
        "author": found.text("author"),
        "note": found.text("note"),
    }
    merged = stack_frames(holds, Frame({name: own[name] for name in holds}))
    return Bucket(bucket.index, {**bucket.tables, "holds": merged})
