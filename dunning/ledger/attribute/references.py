"""Find the rows that other rows name, and mark rows that name a missing or refused row.

A refused row counts as missing: a row that names it is refused too (`missing_reference`). Tables
are checked in an order in which every named row has been decided before, so one pass is enough.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Flags, Places
from dunning.core.ledger_tables import MISSING_IN, OWN_FAULT, bit
from dunning.ledger.text_index import UNKNOWN, TextIndex, are_few, find_places
from dunning.ledger.typed_tables import TypedTable

_KEYS = {
    "premise_no": "premises",
    "payer_code": "payers",
    "invoice_no": "invoices",
    "agreement_no": "agreements",
    "case_no": "court_cases",
    "refers_to": "invoices",
    "reverses": "payments",
}
_FORGIVEN = {("payments", "invoice_no"), ("invoices", "refers_to"), ("payments", "reverses")}


class References:
    """The typed tables of an extract and the rows that they name; each search is done once.

    A place is a row of the named table, also a refused one; UNNAMED where the cell is empty,
    UNKNOWN where no row of the extract has that key. Where several rows share a key it is the
    first of them (all are refused, or it is the one that is kept).
    """

    def __init__(
        self,
        tables: Mapping[str, TypedTable],
        numbers: Mapping[str, tuple[Places, Places]] | None = None,
    ) -> None:
        """Store the tables, and for some of them known premise and payer numbers.

        Args:
            tables: typed tables by name.
            numbers: by table, the numbers of the premise and payer that its rows name.
        """
        self.tables = tables
        self.numbers = numbers or {}
        self._places: dict[tuple[str, str], Places] = {}
        self._indexes: dict[str, TextIndex] = {}

    def accepted(self, name: str) -> Flags:
        """Return which rows of a table are taken in, as far as is known by now."""
        return self.tables[name].accepted

    def places(self, name: str, column: str) -> Places:
        """Return the rows that table `name` names in `column`, as places in the named table."""
        if (name, column) not in self._places:
            self._places[name, column] = self._find(
                _KEYS[column], self.tables[name].frame.text(column)
            )
        return self._places[name, column]

    def _find(self, name: str, names: pa.Array) -> Places:
        table = self.tables[name]
        keys = table.frame.text(table.table.key[0])
        if name not in self._indexes:
            # Few names: no index, which costs as much as reading all keys.
            if are_few(names, keys):
                return find_places(names, keys)
            self._indexes[name] = TextIndex(keys)
        return self._indexes[name].find(names)

    def mark_missing(self, name: str, *columns: str) -> None:
        """Mark the rows of table `name` that name a missing or refused row in one of `columns`."""
        table = self.tables[name]
        for column in columns:
            assert (name, column) not in _FORGIVEN, f"{name}.{column} may name what is not there"
            places, accepted = self.places(name, column), self.accepted(_KEYS[column])
            missing = places == UNKNOWN
            table.mark(
                missing | is_refused(places, accepted),
                bit("missing_reference") | MISSING_IN[column],
            )
            table.mark(
                # A name that a ragged row has is not this row's own fault: the ragged row is
                # counted already.
                missing & ~self._is_ragged(_KEYS[column], table.frame.text(column), missing),
                OWN_FAULT,
            )

    def _is_ragged(self, name: str, names: pa.Array, asked: Flags) -> Flags:
        """Return which of the asked names are keys of ragged rows of table `name`.

        The key is read where the header has it.
        """
        table = self.tables[name]
        header = [cell.strip().lower() for cell in table.header]
        key = table.table.key[0]
        if not asked.any() or not len(table.ragged_lines) or key not in header:
            return np.zeros(len(names), bool)
        at = header.index(key)
        rows = table.cells_at(table.ragged_lines).values()
        keys = pa.array([row[at].strip() for row in rows if at < len(row)], pa.string())
        return np.asarray(pc.is_in(names, value_set=keys).to_numpy(zero_copy_only=False))


def is_refused(places: Places, accepted: Flags) -> Flags:
    """Return which places are rows that are not taken in."""
    refused = places >= 0
    refused[refused] = ~accepted[places[refused]]
    return refused


def take_or(values: npt.NDArray, places: Places, otherwise: int) -> npt.NDArray:
    """Return `values` at `places`, and `otherwise` where the place is below 0."""
    if not len(values):
        return np.full(len(places), otherwise, values.dtype)
    # `where` evaluates both sides: -1 must not pick the last value, nor -2 fail.
    return np.where(places >= 0, values[np.maximum(places, 0)], otherwise)
