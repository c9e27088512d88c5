"""Reason codes of a stage, and of why the next stage is not reached."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from dunning.core.arrays import Flags

# Every code that `reasons` may contain.
REASONS = (
    "adjudged",
    "agreement_broken",
    "agreement_kept",
    "bad_identifier",
    "below_minimum",
    "credit",
    "expired",
    "forecast_unequalised",
    "hold_application",
    "hold_complaint",
    "hold_deceased",
    "hold_dispute",
    "hold_insolvency",
    "hold_life_support",
    "hold_manual",
    "hold_promise",
    "hold_vulnerable",
    "in_court",
    "instalments_differ",
    "limitation_near",
    "missing_identifier",
    "not_due",
    "nothing_open",
    "overdue",
    "refused_evidence",
)

# Codes of `why_not`: the condition of the next stage that is not met.
WHY_NOT = ("nothing_overdue", "nothing_claimable", "no_notice", "amount", "days")


def join_codes(flags: dict[str, Flags]) -> pa.Array:
    """Return per row the sorted codes with their flag set, joined by spaces; empty if none.

    >>> join_codes({"b": np.array([True, False]), "a": np.array([True, False])}).to_pylist()
    ['a b', '']
    """
    names = sorted(flags)
    # Each row is a bit mask; each different mask is written as text only once.
    bits = sum((flags[name].astype(np.int64) << n for n, name in enumerate(names)), np.int64(0))
    different = pa.array(np.atleast_1d(bits)).dictionary_encode()
    texts = [" ".join(_set_names(mask, names)) for mask in different.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(different.indices)


def _set_names(mask: int, names: list[str]) -> Iterator[str]:
    return (name for n, name in enumerate(names) if mask >> n & 1)
