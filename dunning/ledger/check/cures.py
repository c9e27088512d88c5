"""Suggest a correction for refused rows, for the message that refuses a load."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.ledger_tables import bit
from dunning.ledger.typed_tables import TypedTable

_TARGETS = {
    "premise_no": "premises",
    "payer_code": "payers",
    "agreement_no": "agreements",
    "case_no": "court_cases",
}
# Enough to see a pattern; more would only make the refusal slow.
_ROWS_MAX = 1000
_WRITTEN_OTHERWISE = (
    "Dates that are written otherwise (bad_date) are read where a mapping (--mapping) says how: "
    'date = "%d/%m/%Y".'
)
_PAID_BACK = (
    "A negative payment that takes back none (wrong_sign) is money paid back: write it as an invoice of kind payout; "
    "docs/own-ledger.md has a mapping that does."
)
_MISSING, _DATE, _SIGN = (bit(reason) for reason in ("missing_reference", "bad_date", "wrong_sign"))


def describe_cures(names: Iterable[str], tables: Mapping[str, TypedTable]) -> str:
    """Return a sentence for each known cure of the refused rows of some tables; empty if none.

    Args:
        tables: all tables of the extract; of large ones at least the refused rows.
    """
    # Each cure once, however many tables ask for it.
    sentences = list(
        dict.fromkeys(cure for name in names for cure in _cures_of(tables[name], tables))
    )
    return "".join(f" {cure}" for cure in sentences)


def guess_cures(firsts: Mapping[str, str]) -> str:
    """Return the same cures, as far as each table's first refused row shows them.

    Only the place and reasons of that row are known.
    """
    cures = [_WRITTEN_OTHERWISE] if any("bad_date" in first for first in firsts.values()) else []
    if "wrong_sign" in firsts.get("payments", ""):
        cures.append(_PAID_BACK)
    return "".join(f" {cure}" for cure in cures)


def describe_lost_zeros(table: TypedTable, tables: Mapping[str, TypedTable]) -> str:
    """Return how many of the missing codes that a table names exist but for leading zeros.

    Only where most of them do: then a program has dropped the zeros. Empty otherwise.
    """
    rows = np.flatnonzero(table.is_refused & ((table.reasons & _MISSING) != 0))[:_ROWS_MAX]
    for column, target in _TARGETS.items():
        if column not in table.table.names or target == table.table.name or not len(rows):
            continue
        named = _named(table, column, rows)
        keys = tables[target].frame.text(column).drop_null()
        lost = named.filter(pc.invert(pc.is_in(named, value_set=keys)))
        # Compared without leading zeros on both sides:  00123 and 123 -> 123
        alike = int(pc.sum(pc.is_in(_bare(lost), value_set=_bare(keys))).as_py() or 0)
        # A few such codes happen by chance; most of them do not.
        if 2 * alike > len(lost):
            return (
                f"{alike} of {len(lost)} values of {column} in {table.raw.file} that are not in "
                f"{tables[target].raw.file} match but for leading zeros: a program has read the codes as numbers. "
                "Export them as text."
            )
    return ""


def _named(table: TypedTable, column: str, rows: npt.NDArray[np.int64]) -> pa.Array:
    """Return what rows name in a column.

    Large tables have their codes as numbers only, so these are read from the file again.
    """
    if column in table.frame:
        return table.frame.text(column).take(pa.array(rows)).drop_null()
    if column not in table.header:
        return pa.array([], pa.string())
    place = table.header.index(column)
    cells = table.cells_at(table.lines[rows]).values()
    return pa.array(
        [row[place].strip() for row in cells if len(row) > place and row[place].strip()],
        pa.string(),
    )


def _cures_of(table: TypedTable, tables: Mapping[str, TypedTable]) -> Iterator[str]:
    reasons = table.reasons[table.is_refused]
    if (reasons & _DATE).any():
        yield _WRITTEN_OTHERWISE
    if lost := describe_lost_zeros(table, tables):
        yield lost
    if table.table.name == "payments" and (reasons & _SIGN).any():
        yield _PAID_BACK


def _bare(codes: pa.Array) -> pa.Array:
    return pc.utf8_ltrim(codes, "0")
