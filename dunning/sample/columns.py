"""Columns of the extract as typed Arrow arrays, before they are printed in a dialect."""

import numpy as np
import pyarrow as pa

from dunning.core.arrays import Cents, Days, Flags, Ints
from dunning.core.days import NEVER

MONEY = pa.decimal128(18, 2)


def days(values: Days | Ints) -> pa.Array:
    """Return days as dates; `NEVER` is null."""
    values = np.asarray(values, np.int32)
    return pa.array(values, mask=values == NEVER).cast(pa.date32())


def money(minor: Cents) -> pa.Array:
    """Return minor units as decimals with two decimal places."""
    return decimals(minor, 2)


def decimals(units: Ints, scale: int) -> pa.Array:
    """Return whole numbers of the smallest unit as decimals with `scale` decimal places.

    >>> decimals(np.array([-105]), 2).to_pylist()
    [Decimal('-1.05')]
    """
    units = np.asarray(units, np.int64)
    # decimal128 as two 64-bit halves, low and high: the high half is the repeated sign bit.
    wide = np.empty((len(units), 2), np.int64)
    wide[:, 0], wide[:, 1] = units, units >> 63
    return pa.Array.from_buffers(pa.decimal128(18, scale), len(units), [None, pa.py_buffer(wide)])


def words(names: tuple[str, ...], places: Ints) -> pa.Array:
    """Return the word with each given index; -1 becomes null."""
    places = np.asarray(places)
    return pa.array(names, pa.string()).take(pa.array(places, mask=places < 0))


def pick(texts: pa.Array, rows: Ints) -> pa.Array:
    """Return the text of each given row; -1 becomes null."""
    return texts.take(pa.array(rows, mask=rows < 0))


def only(texts: pa.Array, where: Flags) -> pa.Array:
    """Return the texts where the mask is true, and null elsewhere."""
    return texts.take(pa.array(np.arange(len(texts)), mask=~where))


def flags(values: Flags) -> pa.Array:
    """Return true as `1` and false as null: an extract has no explicit false."""
    return only(pa.array(["1"] * 1).take(pa.array(np.zeros(len(values), np.int64))), values)
