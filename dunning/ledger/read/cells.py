"""Trim cells of text; null where a cell is empty or has a word for it (`NULL`, `N/A`)."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Places

NOTHING = (
    "NULL",
    "\\N",
    "N/A",
    "#N/A",
    "NAN",
    "NONE",
    "(NULL)",
)  # an empty cell, written out; in any case


_NOTHING = pa.array(NOTHING)


_NOTHING_BEGINS = np.isin(np.arange(256), list(b"Nn\\#("))


_NOTHING_LONGEST = max(map(len, NOTHING))


def clean_text(column: pa.Array) -> pa.Array:
    """Return text (or a dictionary of it) without white space (NBSP too) at its ends.

    Null where nothing is left, or where a word in NOTHING means an empty cell.
    """
    if pa.types.is_dictionary(column.type):
        trimmed = clean_text(column.dictionary)
        if trimmed.null_count:
            return clean_text(column.dictionary_decode()).dictionary_encode()
        return pa.DictionaryArray.from_arrays(column.indices, trimmed)
    trimmed = pc.utf8_trim_whitespace(column)
    lengths = np.diff(text_offsets(trimmed))
    is_empty = lengths == 0
    is_empty[_find_nothing(trimmed, lengths)] = True
    if not is_empty.any():
        return trimmed
    return pc.if_else(pa.array(is_empty), pa.scalar(None, pa.string()), trimmed)


def is_blank(cell: str) -> bool:
    """Return whether a cell is empty or has a word that means empty.

    >>> is_blank(" null"), is_blank("\\\\N"), is_blank("Nuller")
    (True, True, False)
    """
    return cell.strip().upper() in ("", *NOTHING)


def _find_nothing(texts: pa.Array, lengths: npt.NDArray[np.int32]) -> Places:
    """Return the places of the texts that mean an empty cell.

    Most texts are too long for that and are not compared.
    """
    some = np.flatnonzero((lengths > 1) & (lengths <= _NOTHING_LONGEST))
    if not len(some):
        return some
    data = np.frombuffer(texts.buffers()[2], np.uint8)
    # By the first letter: almost no short code begins so, and the rest is compared in full.
    some = some[_NOTHING_BEGINS[data[text_offsets(texts)[some]]]]
    if not len(some):
        return some
    is_nothing = pc.is_in(pc.utf8_upper(texts.take(pa.array(some))), value_set=_NOTHING)
    return some[is_nothing.to_numpy(zero_copy_only=False)]


def text_offsets(texts: pa.Array) -> npt.NDArray[np.int32]:
    """Return the start of each text in the bytes of the array, one place more than texts."""
    if not len(texts):
        return np.zeros(1, np.int32)
    return np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
