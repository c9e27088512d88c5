"""Order the rows of a snapshot: by whole numbers packed into one, then by text where these tie.

Account and days separate almost all rows. Comparing 24 million invoice numbers would cost more
than all other sorting; so only the rows that tie are compared by text (by UTF-8 bytes, which is
code point order).
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Places


def text_ranks(texts: pa.Array) -> Places:
    """Return the rank of each text among the different texts, by code point; null is last."""
    if len(texts) == 0:
        return np.zeros(0, np.int64)
    return pc.rank(texts, tiebreaker="dense").to_numpy(zero_copy_only=False).astype(np.int64)


def pack_keys(*keys: npt.NDArray) -> Places:
    """Return one int64 per row that orders as the keys do, first key first.

    keys     account 0..9, day 0..99, kind 0..4       spans 10, 100, 5
    packed   (account * 100 + day) * 5 + kind

    Where their ranges are too wide for 63 bits together, the keys are replaced by their ranks.
    """
    packed: Places | None = None
    width = 1
    for key in keys:
        values = np.asarray(key).astype(np.int64)
        low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
        span = high - low + 1
        if packed is None:
            packed, width = values - low, span
        elif width * span < 2**63:
            packed, width = packed * span + (values - low), width * span
        else:
            packed = np.unique(packed, return_inverse=True)[1].astype(np.int64)
            values = np.unique(values, return_inverse=True)[1].astype(np.int64)
            span = int(values.max()) + 1
            packed, width = packed * span + values, (int(packed.max()) + 1) * span
    assert packed is not None, "an order needs a key"
    return packed


def order_rows(keys: tuple[npt.NDArray, ...], text: pa.Array | None = None) -> Places:
    """Return the places of the rows in ascending order of the keys, then of `text`.

    Rows that tie in all of it keep their order. If `text` is given, it must be different for all
    rows of a tie.
    """
    packed = pack_keys(*keys)
    # The stable sort takes the runs that an extract has: faster here than the unstable one.
    order = np.argsort(packed, kind="stable")
    return order if text is None else _break_ties(order, packed[order], text)


def _break_ties(order: Places, sorted_keys: Places, text: pa.Array) -> Places:
    same = sorted_keys[1:] == sorted_keys[:-1]
    tied = np.zeros(len(order), bool)
    # Both neighbours of an equal pair are tied:  keys 3 5 5 5 8 -> 0 1 1 1 0
    tied[1:] |= same
    tied[:-1] |= same
    places = np.flatnonzero(tied)
    if not places.size:
        return order
    ranks = text_ranks(text.take(pa.array(order[places])))
    order = order.copy()
    # Only tied places change, and only within their tie.
    order[places] = order[places[order_rows((sorted_keys[places], ranks))]]
    return order
