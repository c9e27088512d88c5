"""Count the rows of an extract that protect people; the next run sees what was lost since."""

from collections.abc import Mapping

import numpy as np

from dunning.core.arrays import Flags
from dunning.core.days import NEVER
from dunning.core.ledger_tables import CellKind
from dunning.core.words import PROTECTING_COLUMNS
from dunning.ledger.typed_tables import NO_INSTANT, TypedTable

_NOTHING = {CellKind.DAY: NEVER, CellKind.INSTANT: NO_INSTANT, CellKind.FLAG: False}


def count_protections(tables: Mapping[str, TypedTable]) -> dict[str, int]:
    """Return for each protecting column, as `payers.vulnerable`, how many taken-in rows fill it.

    Dates do not matter. A column that the extract does not have is left out; one that is there but
    empty gives 0.
    """
    return {
        f"{name}.{column}": int((_carries(tables[name], column) & tables[name].accepted).sum())
        for name, columns in PROTECTING_COLUMNS.items()
        for column in columns
        if (source := tables[name].raw.source) is not None and column in source.filled
    }


def _carries(table: TypedTable, column: str) -> Flags:
    """Return which rows are flagged, or have a day or an instant, in this column."""
    return np.asarray(table.frame[column] != _NOTHING[table.table[column].kind])
