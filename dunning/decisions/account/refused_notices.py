"""Accounts to which we sent what a refused row of the ledger's notices speaks of: what became of it
is not known.
"""

import numpy as np
import pyarrow as pa

from dunning.core.frames import Bucket, frame_of
from dunning.decisions.account.history import accounts_of


def with_refused_notices(bucket: Bucket, concerned: pa.Table) -> Bucket:
    """Return a bucket whose accounts also have refused evidence where a refused notice is a deed of
    ours.

    Args:
        concerned: premise_no and payer_code of such deeds; those of other buckets are passed over.
    """
    if len(concerned) == 0:
        return bucket
    account = accounts_of(bucket, frame_of(concerned))
    flags = bucket.accounts["has_refused_evidence"].copy()
    flags[account[account >= 0]] = True
    accounts = bucket.accounts.with_columns(has_refused_evidence=np.asarray(flags, np.bool_))
    return Bucket(bucket.index, {**bucket.tables, "accounts": accounts})
