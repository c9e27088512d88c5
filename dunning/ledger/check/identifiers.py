"""Check the check digits of ЕГН, ЛНЧ and ЕИК (БУЛСТАТ), a whole column at a time.

A person's number is an ЕГН or an ЛНЧ, whichever passes. A company's is an ЕИК of 9 or 13 digits,
or a person's number for a sole trader. Source: shared domain notes, 7.1; python-stdnum `bg.egn`,
`bg.pnf` and `bg.vat`, the tests' oracle.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core import words
from dunning.core.arrays import Codes, Flags
from dunning.ledger.buckets import text_bytes

Digits = npt.NDArray[np.int64]

OK, MISSING, WRONG = (words.code(words.IDENTIFIERS, word) for word in ("ok", "missing", "wrong"))
# Weights of the digits before the check digit; ЕИК has a second set for a remainder of 10.
_EGN = np.array([2, 4, 8, 5, 10, 9, 7, 3, 6])
_PNF = np.array([21, 19, 17, 13, 11, 9, 7, 3, 1])
_EIK, _EIK_AGAIN = np.arange(1, 9), np.arange(3, 11)
_BRANCH, _BRANCH_AGAIN = np.array([2, 7, 3, 5]), np.array([4, 9, 5, 7])


def check_identifiers(national_ids: pa.Array, is_person: Flags) -> Codes:
    """Return whether each payer's identifier is ok, missing or wrong (`words.IDENTIFIERS`).

    Args:
        national_ids: as read, spaces around them trimmed; null or empty is missing.
        is_person: persons bear an ЕГН or ЛНЧ, companies an ЕИК (or the ЕГН or ЛНЧ of a sole
            trader).
    """
    texts = pc.fill_null(pc.utf8_trim_whitespace(national_ids), "")
    lengths = pc.binary_length(texts).to_numpy(zero_copy_only=False)
    result = np.where(lengths == 0, MISSING, WRONG).astype(np.int8)
    is_numeric = pc.match_substring_regex(texts, "^[0-9]+$").to_numpy(zero_copy_only=False)
    for length, check in ((9, _is_eik), (10, _is_personal), (13, _is_branch)):
        rows = np.flatnonzero(is_numeric & (lengths == length) & ((length == 10) | ~is_person))
        if rows.size:
            passed = check(_digits(texts.take(pa.array(rows)), length))
            result[rows[passed]] = OK
    return result


def _digits(texts: pa.Array, length: int) -> Digits:
    starts, octets = text_bytes(texts)
    # All texts have this length, so their bytes are a table of digits.
    return octets[starts[0] : starts[-1]].reshape(-1, length).astype(np.int64) - ord("0")


def _is_personal(digits: Digits) -> Flags:
    return _is_egn(digits) | (digits[:, :9] @ _PNF % 10 == digits[:, 9])


def _is_egn(digits: Digits) -> Flags:
    """Return which are an ЕГН: a right check digit, and a day of birth that exists.

    The month has 20 added for years 18xx, and 40 for 20xx.
    """
    shifted = digits[:, 2] * 10 + digits[:, 3]
    century = np.select([shifted > 40, shifted > 20], [2000, 1800], 1900)
    month = shifted - np.select([shifted > 40, shifted > 20], [40, 20], 0)
    year, day = century + digits[:, 0] * 10 + digits[:, 1], digits[:, 4] * 10 + digits[:, 5]
    is_month = (month >= 1) & (month <= 12)
    # A month that does not exist is calculated as January and dropped by `is_month`.
    start = ((year - 1970) * 12 + np.where(is_month, month, 1) - 1).astype("datetime64[M]")
    # Days of the month: first day of the next month minus the first of this one.
    length = ((start + 1).astype("datetime64[D]") - start.astype("datetime64[D]")).astype(np.int64)
    is_day = is_month & (day >= 1) & (day <= length)
    return is_day & (digits[:, :9] @ _EGN % 11 % 10 == digits[:, 9])


def _is_eik(digits: Digits) -> Flags:
    return _mod_11(digits[:, :8], _EIK, _EIK_AGAIN) == digits[:, 8]


def _is_branch(digits: Digits) -> Flags:
    return _is_eik(digits[:, :9]) & (
        _mod_11(digits[:, 8:12], _BRANCH, _BRANCH_AGAIN) == digits[:, 12]
    )


def _mod_11(digits: Digits, weights: npt.NDArray, weights_again: npt.NDArray) -> Digits:
    once, again = digits @ weights % 11, digits @ weights_again % 11 % 10
    return np.where(once == 10, again, once)
