"""Ageing of the open debt: items and cents by service, district, stage and age."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Ints
from dunning.core.frames import Bucket
from dunning.core.words import SERVICES, STAGES
from dunning.decisions.frames import Decision
from dunning.decisions.segments import sum_by
from dunning.policy.rules import Rules

# By days overdue; every open item counts in exactly one of them.
AGES = ("not_due", "0-30", "31-60", "61-90", "91-180", "181-365", "over_365")
_STARTS = np.array([1, 31, 61, 91, 181, 366])
# In addition to its age: open, not expired, and close to limitation.
NEAR_LIMITATION = "near_limitation"
BANDS = (*AGES, NEAR_LIMITATION)

AGEING = pa.schema(
    [(name, pa.string()) for name in ("service", "district", "stage", "band")]
    + [("items", pa.int64()), ("cents", pa.int64())]
)
_KEYS = AGEING.names[:4]


def age(bucket: Bucket, decision: Decision, rules: Rules) -> pa.Table:
    """Return the ageing of a bucket as AGEING.

    One row per service, district, stage and band that has an item.

    Every open item counts in one of AGES; an item that expires within the policy's days counts
    in NEAR_LIMITATION, too.
    """
    items = decision.open_items
    if len(items) == 0:
        return AGEING.empty_table()
    stage = np.zeros(len(bucket.accounts), np.int64)
    stage[decision.accounts["account"]] = decision.accounts["stage"]
    district = bucket.premises.text("district").dictionary_encode()
    premise = bucket.accounts["premise"][items["account"]]
    place = (
        district.indices.to_numpy()[premise].astype(np.int64) * len(SERVICES)
        + bucket.premises["service"][premise]
    )
    # One number a group, so that one `bincount` counts all groups:
    #
    # key = district | service | stage | band      as digits, each in the base of its own list
    key = (place * len(STAGES) + stage[items["account"]]) * len(BANDS)
    band = np.searchsorted(_STARTS, items["days_overdue"], side="right")
    near = (
        items["limitation_on"].astype(np.int64) - decision.as_of
        <= rules.stages.limitation_near_days
    )
    near &= ~items["is_expired"]
    # Items near limitation count a second time, in their own band.
    keys = np.r_[key + band, key[near] + BANDS.index(NEAR_LIMITATION)]
    cents = np.r_[items["open_cents"], items["open_cents"][near]]
    size = len(district.dictionary) * len(SERVICES) * len(STAGES) * len(BANDS)
    counts, sums = np.bincount(keys, minlength=size), sum_by(keys, cents, size)
    found = np.flatnonzero(counts)
    groups = _split_keys(found, district.dictionary)
    return _sorted({**groups, "items": counts[found], "cents": sums[found]})


def _split_keys(keys: Ints, districts: pa.Array) -> dict[str, pa.Array]:
    """Return the words of the groups by their keys: the digits taken apart again."""
    rest, band = np.divmod(keys, len(BANDS))
    rest, stage = np.divmod(rest, len(STAGES))
    district, service = np.divmod(rest, len(SERVICES))
    return {
        "service": pa.array(SERVICES).take(pa.array(service)),
        "district": districts.take(pa.array(district)),
        "stage": pa.array(STAGES).take(pa.array(stage)),
        "band": pa.array(BANDS).take(pa.array(band)),
    }


def join_ageing(tables: Iterable[pa.Table]) -> pa.Table:
    """Return the ageing of all parts as one."""
    parts = pa.concat_tables([AGEING.empty_table(), *tables])
    sums = parts.group_by(_KEYS).aggregate([("items", "sum"), ("cents", "sum")])
    return _sorted(
        {
            **{name: sums[name] for name in _KEYS},
            "items": sums["items_sum"],
            "cents": sums["cents_sum"],
        }
    )


def _sorted(columns: dict[str, object]) -> pa.Table:
    table = pa.table(columns).cast(AGEING)
    return table.take(pc.sort_indices(table, [(name, "ascending") for name in _KEYS]))
