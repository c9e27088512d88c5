"""Columns of the extract: typed Arrow for what is right, so that a writer can print it in any
dialect.
"""

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
    """Return minor units as decimals with two places."""
    return decimals(minor, 2)


def decimals(units: Ints, scale: int) -> pa.Array:
    """Return whole numbers of the smallest unit as decimals with so many places.

    >>> decimals(np.array([-105]), 2).to_pylist()
    [Decimal('-1.05')]
    """
    units = np.asarray(units, np.int64)
    wide = np.empty((len(units), 2), np.int64)
    wide[:, 0], wide[:, 1] = units, units >> 63
    return pa.Array.from_buffers(pa.decimal128(18, scale), len(units), [None, pa.py_buffer(wide)])


def words(names: tuple[str, ...], places: Ints) -> pa.Array:
    """Return the word at each place; -1 is null."""
    places = np.asarray(places)
    return pa.array(names, pa.string()).take(pa.array(places, mask=places < 0))


def pick(texts: pa.Array, rows: Ints) -> pa.Array:
    """Return the text of each row; -1 is null."""
    return texts.take(pa.array(rows, mask=rows < 0))


def only(texts: pa.Array, where: Flags) -> pa.Array:
    """Return the texts under the mask and null elsewhere."""
    return texts.take(pa.array(np.arange(len(texts)), mask=~where))


def flags(values: Flags) -> pa.Array:
    """Return yes as `1`, no as null: an extract says only what is so."""
    return only(pa.array(["1"] * 1).take(pa.array(np.zeros(len(values), np.int64))), values)
