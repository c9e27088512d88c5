"""List refused rows with identifiers masked, and refuse a load that has too many of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Protocol, TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import DunningError
from dunning.core.frames import QUARANTINE_SCHEMA
from dunning.core.ledger_tables import ANY_REASON, OWN_FAULT, TABLES, bit, names_of
from dunning.core.named_cells import format_cells
from dunning.ledger.check.cures import describe_cures, guess_cures
from dunning.ledger.check.masking import mask_cell, mask_cells
from dunning.ledger.check.refused_cells import cells_at_fault
from dunning.ledger.side_by_side import do_all
from dunning.ledger.typed_tables import TypedTable


class QuarantineLimits(Protocol):
    """The largest share of refused rows that a table may have.

    `dunning.policy.rules.Loading` is one.
    """

    def share_max_of(self, table: str) -> Decimal: ...


class RefusalsInfo(TypedDict):
    """The refusals of a table in `snapshot.json`; see `Refusals`."""

    read: int
    refused: int
    first: str


@dataclass(frozen=True)
class Refusals:
    """The number of refused rows of a table with a fault of their own, and the first of them.

    A row that is refused only because it names a refused row is not counted.
    """

    read: int
    refused: int
    first: str = ""

    def as_info(self) -> RefusalsInfo:
        """Return the entry for `snapshot.json`."""
        return {"read": self.read, "refused": self.refused, "first": self.first}


def count_refusals(tables: Mapping[str, TypedTable]) -> dict[str, Refusals]:
    """Return for each table the refusals that count against its limit."""
    return {name: _count(table) for name, table in tables.items()}


def check_limits(
    refusals: Mapping[str, Refusals],
    limits: QuarantineLimits,
    tables: Mapping[str, TypedTable] | None = None,
) -> None:
    """Raise DunningError, naming all such tables, where too large a share of rows is refused.

    Args:
        tables: all tables, if available: the cells of refused rows may show the cure.
    """
    over = {
        name: of
        for name, of in refusals.items()
        # Decimal times int is exact; a limit is the largest allowed share, so equal passes.
        if of.refused > limits.share_max_of(name) * of.read
    }
    if over:
        shares = "; ".join(
            _describe_excess(name, of, limits.share_max_of(name)) for name, of in over.items()
        )
        alone = " ".join(
            f"--quarantine-limit {name}={_least_share(of)}" for name, of in over.items()
        )
        cures = (
            describe_cures(over, tables)
            if tables
            else guess_cures({name: of.first for name, of in over.items()})
        )
        raise DunningError(
            f"Too many rows are refused: {shares}. Nothing was loaded. Correct these rows at their source.{cures} "
            f"Or, if the rest may go on without them this once, load again with {alone}: it holds for "
            f"{'this table' if len(over) == 1 else 'these tables'} alone, and whoever the refused rows name stays off "
            "every list."
        )


Cells = dict[int, tuple[str, ...]]


def read_refused(tables: Mapping[str, TypedTable]) -> dict[str, Cells]:
    """Return the cells of every refused row as read, by table and line.

    Each file is read again at most once.
    """
    return dict(
        zip(
            tables,
            do_all(lambda table: table.cells_at(_refused(table)[0]), tables.values()),
            strict=True,
        )
    )


def list_refused(
    tables: Mapping[str, TypedTable], cells: Mapping[str, Cells], *, is_mapped: bool
) -> pa.Table:
    """Return the refused rows under QUARANTINE_SCHEMA, by table (in contract order) and line.

    Args:
        cells: as `read_refused` returns them.
        is_mapped: the extract was read through a mapping, so that any row may carry a payer's
            identifier.
    """
    # A foreign file may have an identifier in any column, also in one with an unclear name.
    identifiers = _all_identifiers(tables["payers"]) if is_mapped else None
    names = QUARANTINE_SCHEMA.names
    rows = (row for name in TABLES for row in _rows_of(tables[name], cells[name], identifiers))
    return pa.Table.from_pylist(
        [dict(zip(names, row, strict=True)) for row in rows], QUARANTINE_SCHEMA
    )


def _count(table: TypedTable) -> Refusals:
    lines, reasons, _ = _refused(table)
    # One refused premise would refuse all its invoices; only the premise counts then.
    follows = (reasons & ANY_REASON == bit("missing_reference")) & (reasons & OWN_FAULT == 0)
    lines, reasons = lines[~follows], reasons[~follows]
    first = ""
    if len(lines):
        file, line = table.place_of(int(lines[0]))
        first = f"{file}:{line} ({names_of(int(reasons[0]))})"
    return Refusals(table.rows_read, len(lines), first)


def _least_share(refusals: Refusals) -> Decimal:
    """Return the smallest share in whole percents with which a table passes."""
    return (Decimal(refusals.refused) / refusals.read).quantize(Decimal("0.01"), ROUND_CEILING)


def _describe_excess(name: str, refusals: Refusals, limit: Decimal) -> str:
    share = (Decimal(100 * refusals.refused) / refusals.read).quantize(Decimal("0.01"))
    return (
        f"{name} {refusals.refused} of {refusals.read} rows ({share} %, the limit is "
        f"{(100 * limit).normalize():f} %), the first at {refusals.first}"
    )


def _refused(table: TypedTable) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return lines, reasons and places of the refused rows, by line.

    A ragged row has place -1, for it is in no column.
    """
    rows = np.flatnonzero(table.is_refused)
    ragged = np.full(len(table.ragged_lines), bit("ragged_row"), np.int32)
    lines = np.concatenate((table.lines[rows], table.ragged_lines))
    places = np.concatenate((rows, np.full(len(ragged), -1, np.int64)))
    # Ragged rows are kept apart from the others; by line they are in their place again.
    order = np.argsort(lines, kind="stable")
    return lines[order], np.concatenate((table.reasons[rows], ragged))[order], places[order]


def _rows_of(
    table: TypedTable, cells_at: Cells, identifiers: pa.Array | None
) -> Iterator[tuple[str, str, int, str, str, str]]:
    known = _find_identifiers(cells_at.values(), identifiers) if identifiers is not None else set()
    lines, reasons, places = _refused(table)
    read = [cells_at.get(line, ()) for line in lines.tolist()]
    # A ragged row has no certain columns, so no cells can be named for it.
    whole = np.flatnonzero(places >= 0)
    named = [dict(zip(table.header, read[at], strict=False)) for at in whole.tolist()]
    is_mapped = identifiers is not None
    cells = cells_at_fault(table, places[whole], named, is_mapped=is_mapped)
    found = dict(zip(whole.tolist(), cells, strict=True))
    for at, (line, bits) in enumerate(zip(lines.tolist(), reasons.tolist(), strict=True)):
        masked = _mask(read[at], table.header if at in found else (), table, known)
        row = table.delimiter.join(_quote(cell, table.delimiter) for cell in masked)
        at_fault = found.get(at, {})
        shown = _mask(tuple(at_fault.values()), tuple(at_fault), table, known)
        explained = format_cells(zip(at_fault, shown, strict=True))
        yield table.table.name, *table.place_of(line), names_of(bits), row, explained


def _mask(
    cells: tuple[str, ...], names: tuple[str, ...], table: TypedTable, known: set[str]
) -> tuple[str, ...]:
    # First known identifiers, in any form; then whatever looks like one.
    masked = tuple(mask_cell(cell) if cell.strip() in known else cell for cell in cells)
    return mask_cells(masked, names, table.code_columns)


def _find_identifiers(rows: Iterable[tuple[str, ...]], identifiers: pa.Array) -> set[str]:
    """Return the cells of these rows that are a payer's identifier."""
    cells = pa.array(sorted({cell.strip() for row in rows for cell in row}), pa.string())
    return set(cells.filter(pc.is_in(cells, value_set=identifiers)).to_pylist())


def _all_identifiers(payers: TypedTable) -> pa.Array:
    return pc.drop_null(pc.unique(payers.frame.text("national_id")))


def _quote(cell: str, delimiter: str) -> str:
    if delimiter in cell or '"' in cell or "\n" in cell or "\r" in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell
