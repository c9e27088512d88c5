"""The volume limits of a release: how many rows of a list may leave at once."""

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.decisions.lists.volume_limits import let_out
from dunning.gateways.postgres.database import Connection
from dunning.gateways.store import releases
from dunning.jobs.release.files import PublishedRows
from dunning.jobs.release.offer import Offer
from dunning.policy.rules import Release as Rule


def limit_volume(
    connection: Connection, offer: Offer, found: PublishedRows, reasons: pa.Array, rule: Rule
) -> pa.Array:
    """Return the reasons, with one added for each row beyond the volume limit.

    The most urgent rows leave first.
    """
    # only rows that leave use up the limit
    leaving = pc.is_null(reasons).to_numpy(zero_copy_only=False)
    rows = found.rows.filter(pa.array(leaving))
    if offer.list_name == "disconnections":
        limits = np.full(len(rows), rule.district_rows_max["disconnections"], np.int64)
        fits = let_out(rows, "disconnections", ("district",), limits)
        reason = "ramp"
    elif offer.list_name == "court":
        # the capacity of the court clerks is per week, from Monday
        monday = offer.as_of - timedelta(days=offer.as_of.weekday())
        left = max(
            rule.court_week_rows_max
            - releases.count_released(connection, "court", monday, offer.as_of),
            0,
        )
        fits = let_out(rows, "court", (), np.full(len(rows), left, np.int64))
        reason = "over_capacity"
    else:
        # messages have their limits when they are proposed, a district at a time
        return reasons
    # `fits` is per leaving row: back to the places among all rows
    stays = np.zeros(len(leaving), np.bool_)
    stays[np.flatnonzero(leaving)[~fits]] = True
    return pc.if_else(pa.array(stays), pa.scalar(reason), reasons)
