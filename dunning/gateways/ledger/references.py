"""What the rows name: each name as the place of a row in another table, and what follows where that row is not there.

'Not there' includes refused rows: who names a refused row is refused himself (`missing_reference`). Tables are looked
at in an order in which whatever a row names has been decided before it, so one pass is enough.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.gateways.ledger.raw import TypedTable
from dunning.gateways.ledger.tables import bit
from dunning.gateways.ledger.text_index import UNKNOWN, UNNAMED

Places = npt.NDArray[np.signedinteger]
Flags = npt.NDArray[np.bool_]

_KEYS = {"premise_no": "premises", "payer_code": "payers", "invoice_no": "invoices", "agreement_no": "agreements",
         "case_no": "court_cases", "refers_to": "invoices", "reverses": "payments"}
_FORGIVEN = {("payments", "invoice_no"), ("invoices", "refers_to"), ("payments", "reverses")}


class References:
    """The typed tables of an extract and what their names point to; every look-up is made once.

    A place is a row of the named table, refused ones too; UNNAMED where the cell is empty, UNKNOWN where no row of the
    extract has that key. Where several rows share a key it is the first of them (all are refused, or it is the one
    that is kept).
    """

    def __init__(
        self, tables: Mapping[str, TypedTable], numbers: Mapping[str, tuple[Places, Places]] | None = None
    ) -> None:
        """Take the tables, and of some of them the numbers of the premise and payer that their rows name."""
        self.tables = tables
        self.numbers = numbers or {}
        self._places: dict[tuple[str, str], Places] = {}

    def standing(self, name: str) -> Flags:
        """Return which rows of a table are taken in, as far as is known by now."""
        return self.tables[name].stands

    def places(self, name: str, column: str) -> Places:
        """Return what the rows of table `name` name in `column`, as places in the table that has that key."""
        if (name, column) not in self._places:
            target = self.tables[_KEYS[column]]
            keys = target.frame.text(target.table.key[0])
            self._places[name, column] = find_places(self.tables[name].frame.text(column), keys)
        return self._places[name, column]

    def mark_missing(self, name: str, *columns: str) -> None:
        """Mark the rows of table `name` that name in one of `columns` what is not there, or is refused."""
        table = self.tables[name]
        for column in columns:
            assert (name, column) not in _FORGIVEN, f"{name}.{column} may name what is not there"
            places, stands = self.places(name, column), self.standing(_KEYS[column])
            table.mark((places == UNKNOWN) | is_refused(places, stands), bit("missing_reference"))


def is_refused(places: Places, stands: Flags) -> Flags:
    """Return which places are rows that do not stand."""
    refused = places >= 0
    refused[refused] = ~stands[places[refused]]
    return refused


def take_or(values: npt.NDArray, places: Places, otherwise: int) -> npt.NDArray:
    """Return `values` at `places`, and `otherwise` where the place is none."""
    if not len(values):
        return np.full(len(places), otherwise, values.dtype)
    return np.where(places >= 0, values[np.maximum(places, 0)], otherwise)


def find_places(names: pa.Array, keys: pa.Array) -> Places:
    """Return for each name the first row whose key it is; UNNAMED for null, UNKNOWN where there is none.

    Builds its hash table over the smaller side: a few names among 24 million keys cost one pass over the keys.
    """
    is_named = pc.is_valid(names).to_numpy(zero_copy_only=False)
    places = np.where(is_named, UNKNOWN, UNNAMED).astype(np.int32)
    wanted = names if is_named.all() else names.filter(pa.array(is_named))
    if len(wanted) * 4 < len(keys):
        found = _find_few(wanted, keys)
    else:
        found = pc.fill_null(pc.index_in(wanted, value_set=keys, skip_nulls=True), UNKNOWN).to_numpy()
    places[is_named] = found
    return places


def _find_few(wanted: pa.Array, keys: pa.Array) -> Places:
    distinct = pc.unique(wanted)
    hits = pc.index_in(keys, value_set=distinct, skip_nulls=True)
    rows = np.flatnonzero(hits.is_valid().to_numpy(zero_copy_only=False))[::-1]
    row_of = np.full(len(distinct), UNKNOWN, np.int32)
    row_of[hits.take(pa.array(rows)).to_numpy(zero_copy_only=False)] = rows
    return row_of[pc.index_in(wanted, value_set=distinct).to_numpy(zero_copy_only=False)] if len(wanted) else row_of
