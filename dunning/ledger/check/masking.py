"""Mask identifiers in rows as read: whatever has the form of an ЕГН, ЛНЧ or ЕИК, in any column.

Any run of 9 to 13 digits has that form, and so has an ЕГН written in two parts. Columns of codes
are needed to find the row again in the source, and long runs of digits there are most often just
numbers: in these only a valid ЕГН (by its check digit) is masked.
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
    """Return a cell with only its last four signs shown; one of up to four signs shows none.

    >>> mask_cell("7523169263"), mask_cell("123")
    ('******9263', '***')
    """
    return (
        "*" * max(len(cell) - _SHOWN, 0) + cell[-_SHOWN:] if len(cell) > _SHOWN else "*" * len(cell)
    )


def mask_cells(
    cells: tuple[str, ...], names: tuple[str, ...], codes: Collection[str]
) -> tuple[str, ...]:
    """Return the cells of a row with identifiers masked.

    Cells beyond the names are in no column of codes.
    """
    # A ragged row may have more cells than the header has names.
    every = [*names, *[""] * (len(cells) - len(names))]
    return tuple(_mask(cell, name, codes) for name, cell in zip(every, cells, strict=False))


def is_egn(digits: str) -> bool:
    """Return whether ten digits are an ЕГН: a day of birth that exists, and the check digit.

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
    # Most cells are short: no search in them.
    if len(cell) < _SHORTEST:
        return cell
    runs = _TEN.sub(_mask_egn, cell) if name in codes else _RUN.sub(_mask_run, cell)
    # Two numbers side by side are common (dates, phones): only a valid ЕГН is masked here.
    return _SPACED.sub(_mask_egn, runs)


def _mask_run(match: re.Match[str]) -> str:
    return mask_cell(match.group())


def _mask_egn(match: re.Match[str]) -> str:
    text = match.group()
    return mask_cell(text) if is_egn(re.sub("[^0-9]", "", text)) else text
