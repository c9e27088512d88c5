"""Refused evidence of accounts with an action named by a refused row of the notices.

It is not known what became of such a message.
"""

import numpy as np
import pyarrow as pa

from dunning.core.frames import Bucket, frame_of
from dunning.decisions.account.history import accounts_of


def with_refused_notices(bucket: Bucket, concerned: pa.Table) -> Bucket:
    """Return a bucket with refused evidence set where a refused notice is our action.

    Args:
        concerned: premise_no and payer_code of such actions; those of other buckets are ignored.
    """
    if len(concerned) == 0:
        return bucket
    account = accounts_of(bucket, frame_of(concerned))
    # A copy: frames are shared and never changed.
    flags = bucket.accounts["has_refused_evidence"].copy()
    flags[account[account >= 0]] = True
    accounts = bucket.accounts.with_columns(has_refused_evidence=np.asarray(flags, np.bool_))
    return Bucket(bucket.index, {**bucket.tables, "accounts": accounts})
