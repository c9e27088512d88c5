"""Volume limits: how much may leave in one night; the rest waits for another night.

What was handed over lately is withheld, too.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Flags
from dunning.core.ladder import MESSAGES
from dunning.core.lists import PRINCIPAL
from dunning.decisions.lists.proposals import Proposed
from dunning.decisions.lists.withheld import withhold_rows
from dunning.policy.rules import Release

# The most urgent first: what expires or fell due first, then the largest sum, then by number.
_URGENT_FROM = {
    "reminders": "oldest_due_on",
    "disconnections": "oldest_due_on",
    "court": "limitation_on",
}


def let_out(
    rows: pa.Table, list_name: str, groups: Sequence[str], limits: npt.NDArray[np.int64]
) -> Flags:
    """Return which rows are among the most urgent of their group, up to its limit.

    Args:
        rows: with premise_no, payer_code, the columns of `groups`, and a day and a sum to rank by.
        limits: of the group of each row.
    """
    if len(rows) == 0:
        return np.zeros(0, np.bool_)
    ranked = pa.table(
        {
            "group": _join([pc.fill_null(rows[name], "") for name in groups], len(rows)),
            "day": rows[_URGENT_FROM[list_name]],
            "cents": pc.negate(rows[PRINCIPAL]),
            "premise_no": rows["premise_no"],
            "payer_code": rows["payer_code"],
        }
    )
    order = pc.sort_indices(
        ranked, [(name, "ascending") for name in ranked.column_names]
    ).to_numpy()
    group = ranked["group"].combine_chunks().dictionary_encode().indices.to_numpy()[order]
    starts = np.r_[True, group[1:] != group[:-1]]
    # group    a a a b b
    # first    0 0 0 3 3      row where the group begins
    # rank     0 1 2 0 1
    first = np.maximum.accumulate(np.where(starts, np.arange(len(group)), 0))
    rank = np.empty(len(group), np.int64)
    # Back from the sorted order to that of the rows.
    rank[order] = np.arange(len(group)) - first
    return rank < limits


def limit_reminders(proposed: Proposed, rule: Release) -> Proposed:
    """Return the proposals with messages beyond the limit of their stage and district withheld.

    The reason is `ramp`.
    """
    rows = proposed["reminders"]
    limits = np.array([rule.district_rows_max[stage] for stage in MESSAGES], np.int64)
    stage = pc.index_in(rows["stage"], value_set=pa.array(MESSAGES)).to_numpy()
    kept = let_out(rows, "reminders", ("stage", "district"), limits[stage])
    return withhold_rows(proposed, "reminders", kept, "ramp")


def withhold_handed_over(
    proposed: Proposed, handed_over: pa.Table, as_of: date, rule: Release
) -> Proposed:
    """Return the proposals without rows handed over lately and not in the ledger yet.

    The reason is `acted`.

    Args:
        handed_over: list, premise_no, payer_code, as_of of what was handed over.
    """
    for name, days in rule.acted_days.items():
        since = pa.scalar(as_of - timedelta(days=days), pa.date32())
        recent = handed_over.filter(
            pc.and_(pc.equal(handed_over["list"], name), pc.greater(handed_over["as_of"], since))
        )
        if len(recent):
            kept = ~pc.is_in(key_of(proposed[name]), value_set=key_of(recent)).to_numpy(
                zero_copy_only=False
            )
            proposed = withhold_rows(proposed, name, kept, "acted")
    return proposed


def _join(columns: Sequence[pa.ChunkedArray], rows: int) -> pa.ChunkedArray:
    return (
        pc.binary_join_element_wise(*columns, "\x1f")
        if columns
        else pa.chunked_array([pa.repeat("", rows)])
    )


def key_of(rows: pa.Table) -> pa.Array:
    """Return one text per row that identifies its account."""
    joined = pc.binary_join_element_wise(rows["premise_no"], rows["payer_code"], "\x1f")
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined
