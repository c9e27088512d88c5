"""Numbers as text: fixed digits, scrambled order, identifiers with valid check digits."""

import numpy as np
import pyarrow as pa

from dunning.core.arrays import Flags, Ints

_MULTIPLIER = 157_480_327  # prime, so that multiplying modulo a power of ten permutes


def digits(numbers: Ints, widths: int | Ints, prefix: str = "") -> pa.StringArray:
    """Return numbers as text with a fixed number of digits (at most 13), with leading zeros.

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
    # All digits of all rows in one matrix, filled from the right; the text is the kept part:
    #   0 0 0 7   keep 3 of 4   . 0 0 7
    #   1 2 3 4   keep 4 of 4   1 2 3 4     text 0071234, offsets 0 3 7
    for place in range(full - 1, -1, -1):
        rest, digit = np.divmod(rest, 10)
        matrix[:, len(head) + place] = digit + ord("0")
    keep = np.arange(full) >= (full - columns)[:, None]
    text = matrix[np.concatenate([np.ones((rows, len(head)), bool), keep], axis=1)]
    offsets = np.concatenate([[0], np.cumsum(columns + len(head))]).astype(np.int32)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(text))


def scramble(numbers: Ints, widths: int | Ints, salt: int | Ints) -> Ints:
    """Return scrambled numbers with `widths` digits (6 to 11); distinct numbers stay distinct."""
    modulus = np.power(
        10, np.broadcast_to(np.asarray(widths, np.int64), len(numbers)), dtype=np.int64
    )
    mixed = (np.asarray(numbers, np.uint64) * np.uint64(_MULTIPLIER)) % modulus.astype(np.uint64)
    return (mixed.astype(np.int64) + salt % 999_983) % modulus


def personal_numbers(born_on: Ints, is_male: Flags, order: Ints, is_wrong: Flags) -> pa.Array:
    """Return personal numbers (ЕГН) of people born from 1800 to 1899.

    Month + 20, ninth digit even for men, weighted check digit.

    Args:
        born_on: day numbers, of the nineteenth century.
        is_male: sex, one row a person.
        order: 0 … 499, the place among those born on that day.
        is_wrong: mask of the numbers with a wrong check digit.

    Source: domain.md 7.1; Наредба за функциониране на ЕСГРАОН.
    """
    dates = born_on.astype("datetime64[D]")
    months = dates.astype("datetime64[M]").astype(np.int64) + 1970 * 12
    day = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    body = ((months // 12 % 100) * 100 + months % 12 + 21) * 100 + day
    # `~is_male` as a number: the ninth digit is odd for women.
    body = body * 1000 + order * 2 + ~is_male
    return digits(
        body * 10 + (_weighted(body, (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10 + is_wrong) % 10, 10
    )


def company_numbers(order: Ints, is_wrong: Flags) -> pa.Array:
    """Return company numbers (ЕИК) of nine digits with a leading 9, which the register never uses.

    Source: domain.md 7.1.
    """
    body = 90_000_000 + order % 10_000_000
    check = _weighted(body, (1, 2, 3, 4, 5, 6, 7, 8)) % 11
    # The rule of the second weights applies only where the first ones give 10.
    check = np.where(check == 10, _weighted(body, (3, 4, 5, 6, 7, 8, 9, 10)) % 11 % 10, check)
    return digits(body * 10 + (check + is_wrong) % 10, 9)


def _weighted(numbers: Ints, weights: tuple[int, ...]) -> Ints:
    total = np.zeros(len(numbers), np.int64)
    rest = numbers
    for weight in reversed(weights):
        rest, digit = np.divmod(rest, 10)
        total += weight * digit
    return total
