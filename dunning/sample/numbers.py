"""Numbers as text: fixed digits, scrambled so that they look handed out, identifiers with valid
check digits.
"""

import numpy as np
import pyarrow as pa

from dunning.core.arrays import Flags, Ints

_MULTIPLIER = 157_480_327  # prime, so that multiplying modulo a power of ten permutes


def digits(numbers: Ints, widths: int | Ints, prefix: str = "") -> pa.StringArray:
    """Return numbers as text of so many digits with leading zeros, at most 13.

    >>> digits(np.array([7, 1234]), np.array([3, 6])).to_pylist()
    ['007', '001234']
    """
    numbers = np.asarray(numbers, np.int64)
    rows = len(numbers)
    columns = np.broadcast_to(np.asarray(widths, np.int64), rows)
    full = int(columns.max()) if rows else 0
    head = prefix.encode("ascii")
    matrix = np.empty((rows, len(head) + full), np.uint8)
    matrix[:, : len(head)] = np.frombuffer(head, np.uint8)
    rest = numbers.copy()
    for place in range(full - 1, -1, -1):
        rest, digit = np.divmod(rest, 10)
        matrix[:, len(head) + place] = digit + ord("0")
    keep = np.arange(full) >= (full - columns)[:, None]
    text = matrix[np.concatenate([np.ones((rows, len(head)), bool), keep], axis=1)]
    offsets = np.concatenate([[0], np.cumsum(columns + len(head))]).astype(np.int32)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(text))


def scramble(numbers: Ints, widths: int | Ints, salt: int | Ints) -> Ints:
    """Return a permutation of the numbers of so many digits (6 to 11): distinct stay distinct."""
    modulus = np.power(
        10, np.broadcast_to(np.asarray(widths, np.int64), len(numbers)), dtype=np.int64
    )
    mixed = (np.asarray(numbers, np.uint64) * np.uint64(_MULTIPLIER)) % modulus.astype(np.uint64)
    return (mixed.astype(np.int64) + salt % 999_983) % modulus


def personal_numbers(born_on: Ints, is_male: Flags, order: Ints, is_wrong: Flags) -> pa.Array:
    """Return ЕГН of people born from 1800 to 1899: month + 20, ninth digit even for men, weighted
    check digit.

    Args:
        born_on: day numbers, of the nineteenth century.
        is_male: sex, one row a person.
        order: 0 … 499, the place among those born on that day.
        is_wrong: whose check digit shall be wrong.

    Source: domain.md 7.1; Наредба за функциониране на ЕСГРАОН.
    """
    dates = born_on.astype("datetime64[D]")
    months = dates.astype("datetime64[M]").astype(np.int64) + 1970 * 12
    day = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    body = ((months // 12 % 100) * 100 + months % 12 + 21) * 100 + day
    body = body * 1000 + order * 2 + ~is_male
    return digits(
        body * 10 + (_weighted(body, (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10 + is_wrong) % 10, 10
    )


def company_numbers(order: Ints, is_wrong: Flags) -> pa.Array:
    """Return ЕИК of nine digits that begin with 9, which the register does not give out.

    Source: domain.md 7.1.
    """
    body = 90_000_000 + order % 10_000_000
    check = _weighted(body, (1, 2, 3, 4, 5, 6, 7, 8)) % 11
    check = np.where(check == 10, _weighted(body, (3, 4, 5, 6, 7, 8, 9, 10)) % 11 % 10, check)
    return digits(body * 10 + (check + is_wrong) % 10, 9)


def _weighted(numbers: Ints, weights: tuple[int, ...]) -> Ints:
    total = np.zeros(len(numbers), np.int64)
    rest = numbers
    for weight in reversed(weights):
        rest, digit = np.divmod(rest, 10)
        total += weight * digit
    return total
