"""Rows as read with every identifier masked: whatever has the form of an ЕГН, ЛНЧ or ЕИК, in
whatever column it stands.

Any run of 9 to 13 digits has that form, and an ЕГН written in two parts. In columns of codes, by
which the row must be found again in the source, only what is an ЕГН to the check digit is masked:
there long runs of digits are most often just numbers.
"""

import re
from collections.abc import Collection
from datetime import date

NATIONAL_ID = "national_id"
CODES = frozenset(
    {
        "premise_no",
        "payer_code",
        "invoice_no",
        "refers_to",
        "payment_no",
        "reverses",
        "agreement_no",
        "hold_no",
        "notice_no",
        "case_no",
    }
)
_RUN = re.compile(r"(?<![0-9])[0-9]{9,13}(?![0-9])")
_TEN = re.compile(r"(?<![0-9])[0-9]{10}(?![0-9])")
_SPACED = re.compile("(?<![0-9])[0-9]{6}[ \u00a0./-][0-9]{4}(?![0-9])")
_WEIGHTS = (2, 4, 8, 5, 10, 9, 7, 3, 6)
_SHORTEST, _SHOWN = 9, 4


def mask_cell(cell: str) -> str:
    """Return a cell of which the last four signs are shown.

    >>> mask_cell("7523169263"), mask_cell("123")
    ('******9263', '***')
    """
    return (
        "*" * max(len(cell) - _SHOWN, 0) + cell[-_SHOWN:] if len(cell) > _SHOWN else "*" * len(cell)
    )


def mask_cells(
    cells: tuple[str, ...], names: tuple[str, ...], codes: Collection[str]
) -> tuple[str, ...]:
    """Return a row's cells with identifiers masked; cells beyond the names are in no column of
    codes.
    """
    every = [*names, *[""] * (len(cells) - len(names))]
    return tuple(_mask(cell, name, codes) for name, cell in zip(every, cells, strict=False))


def is_egn(digits: str) -> bool:
    """Say whether ten digits are an ЕГН: a day of birth that exists, and the check digit.

    >>> is_egn("7523169263"), is_egn("1234567890")
    (True, False)
    """
    month = int(digits[2:4])
    century, shift = (2000, 40) if month > 40 else (1800, 20) if month > 20 else (1900, 0)
    try:
        date(century + int(digits[:2]), month - shift, int(digits[4:6]))
    except ValueError:
        return False
    check = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False))
    return check % 11 % 10 == int(digits[9])


def _mask(cell: str, name: str, codes: Collection[str]) -> str:
    if name == NATIONAL_ID:
        return mask_cell(cell)
    if len(cell) < _SHORTEST:
        return cell
    runs = _TEN.sub(_mask_egn, cell) if name in codes else _RUN.sub(_mask_run, cell)
    return _SPACED.sub(_mask_egn, runs)


def _mask_run(match: re.Match[str]) -> str:
    return mask_cell(match.group())


def _mask_egn(match: re.Match[str]) -> str:
    text = match.group()
    return mask_cell(text) if is_egn(re.sub("[^0-9]", "", text)) else text
