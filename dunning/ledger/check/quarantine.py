"""Refused rows: how many a load may have, and the list of them, identifiers masked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import DunningError
from dunning.core.frames import QUARANTINE_SCHEMA
from dunning.core.ledger_tables import ANY_REASON, OWN_FAULT, TABLES, bit, names_of
from dunning.core.named_cells import tell_cells
from dunning.ledger.check.cures import guess_cures, tell_cures
from dunning.ledger.check.masking import mask_cell, mask_cells
from dunning.ledger.check.refused_cells import cells_at_fault
from dunning.ledger.side_by_side import do_all
from dunning.ledger.typed_tables import TypedTable


class QuarantineLimits(Protocol):
    """The largest share of refused rows a table may have; `dunning.policy.rules.Loading` is one."""

    def share_max_of(self, table: str) -> Decimal: ...


@dataclass(frozen=True)
class Refusals:
    """How many of a table's rows are refused by a fault of their own; the first of them in the
    file, and why.

    A row that is refused only because another one is (it names that) is not among them.
    """

    read: int
    refused: int
    first: str = ""

    def as_info(self) -> dict[str, Any]:
        """Return it as `snapshot.json` keeps it."""
        return {"read": self.read, "refused": self.refused, "first": self.first}


def count_refusals(tables: Mapping[str, TypedTable]) -> dict[str, Refusals]:
    """Return of each table the refusals that count against its limit."""
    return {name: _count(table) for name, table in tables.items()}


def check_limits(
    refusals: Mapping[str, Refusals],
    limits: QuarantineLimits,
    tables: Mapping[str, TypedTable] | None = None,
) -> None:
    """Raise DunningError where a table has a larger share of refused rows than it may; names all
    such tables.

    Args:
        tables: all tables, where they are at hand: what stands in the refused rows may tell the
            cure.
    """
    over = {
        name: of
        for name, of in refusals.items()
        if of.refused > limits.share_max_of(name) * of.read
    }
    if over:
        told = "; ".join(_tell(name, of, limits.share_max_of(name)) for name, of in over.items())
        alone = " ".join(
            f"--quarantine-limit {name}={_least_share(of)}" for name, of in over.items()
        )
        cures = (
            tell_cures(over, tables)
            if tables
            else guess_cures({name: of.first for name, of in over.items()})
        )
        raise DunningError(
            f"Too many rows are refused: {told}. Nothing was loaded. Correct these rows at their source.{cures} Or, if "
            f"the rest may go on without them this once, load again with {alone}: it holds for "
            f"{'this table' if len(over) == 1 else 'these tables'} alone, and whoever the refused rows name stays off "
            "every list."
        )


Cells = dict[int, tuple[str, ...]]


def read_refused(tables: Mapping[str, TypedTable]) -> dict[str, Cells]:
    """Return the cells of every refused row as read, by table and line; reads each file again at
    most once.
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
    """Return the refused rows under QUARANTINE_SCHEMA, by table (the contract's order) and line.

    Args:
        cells: as `read_refused` gives them.
        is_mapped: the extract was read through a mapping, so that any row may carry a payer's
            identifier.
    """
    identifiers = _all_identifiers(tables["payers"]) if is_mapped else None
    names = QUARANTINE_SCHEMA.names
    rows = (row for name in TABLES for row in _rows_of(tables[name], cells[name], identifiers))
    return pa.Table.from_pylist(
        [dict(zip(names, row, strict=True)) for row in rows], QUARANTINE_SCHEMA
    )


def _count(table: TypedTable) -> Refusals:
    lines, reasons, _ = _refused(table)
    follows = (reasons & ANY_REASON == bit("missing_reference")) & (reasons & OWN_FAULT == 0)
    lines, reasons = lines[~follows], reasons[~follows]
    first = ""
    if len(lines):
        file, line = table.place_of(int(lines[0]))
        first = f"{file}:{line} ({names_of(int(reasons[0]))})"
    return Refusals(table.rows_read, len(lines), first)


def _least_share(refusals: Refusals) -> Decimal:
    """Return the smallest share of whole percents that lets a table pass."""
    return (Decimal(refusals.refused) / refusals.read).quantize(Decimal("0.01"), ROUND_CEILING)


def _tell(name: str, refusals: Refusals, limit: Decimal) -> str:
    share = (Decimal(100 * refusals.refused) / refusals.read).quantize(Decimal("0.01"))
    return (
        f"{name} {refusals.refused} of {refusals.read} rows ({share} %, the limit is "
        f"{(100 * limit).normalize():f} %), the first at {refusals.first}"
    )


def _refused(table: TypedTable) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return lines, reasons and places (-1: ragged, in no column) of the refused rows, by line."""
    rows = np.flatnonzero(table.is_refused)
    ragged = np.full(len(table.ragged_lines), bit("ragged_row"), np.int32)
    lines = np.concatenate((table.lines[rows], table.ragged_lines))
    places = np.concatenate((rows, np.full(len(ragged), -1, np.int64)))
    order = np.argsort(lines, kind="stable")
    return lines[order], np.concatenate((table.reasons[rows], ragged))[order], places[order]


def _rows_of(
    table: TypedTable, cells_at: Cells, identifiers: pa.Array | None
) -> Iterator[tuple[str, str, int, str, str, str]]:
    known = _find_identifiers(cells_at.values(), identifiers) if identifiers is not None else set()
    for line, bits, place in zip(*(of.tolist() for of in _refused(table)), strict=True):
        read = cells_at.get(line, ())
        names = () if place < 0 else table.header
        cells = _mask(read, names, table, known)
        row = table.delimiter.join(_quote(cell, table.delimiter) for cell in cells)
        by_name = dict(zip(names, read, strict=False))
        is_mapped = identifiers is not None
        found = cells_at_fault(table, place, by_name, is_mapped=is_mapped) if place >= 0 else {}
        told = tell_cells(
            zip(found, _mask(tuple(found.values()), tuple(found), table, known), strict=True)
        )
        yield table.table.name, *table.place_of(line), names_of(bits), row, told


def _mask(
    cells: tuple[str, ...], names: tuple[str, ...], table: TypedTable, known: set[str]
) -> tuple[str, ...]:
    masked = tuple(mask_cell(cell) if cell.strip() in known else cell for cell in cells)
    return mask_cells(masked, names, table.code_columns)


def _find_identifiers(rows: Iterable[tuple[str, ...]], identifiers: pa.Array) -> set[str]:
    """Return the cells of these rows that are some payer's identifier."""
    cells = pa.array(sorted({cell.strip() for row in rows for cell in row}), pa.string())
    return set(cells.filter(pc.is_in(cells, value_set=identifiers)).to_pylist())


def _all_identifiers(payers: TypedTable) -> pa.Array:
    return pc.drop_null(pc.unique(payers.frame.text("national_id")))


def _quote(cell: str, delimiter: str) -> str:
    if delimiter in cell or '"' in cell or "\n" in cell or "\r" in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell
