"""Make a table from another file by the rules of a mapping."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Places
from dunning.core.frames import days_to_arrow
from dunning.core.ledger_tables import OPEN_ENDS, CellKind, LedgerColumn
from dunning.ledger.check.masking import CODES
from dunning.ledger.read.cells import clean_text
from dunning.ledger.read.date_patterns import to_iso
from dunning.ledger.read.dialects import show_names
from dunning.ledger.read.mapping import ColumnRule, FileRule, Filter, Mapping, TableRule
from dunning.ledger.read.readers import open_reader
from dunning.ledger.read.values import read_amounts, read_days, read_instants, take_signs
from dunning.ledger.typed_tables import Place, RawBatch

_DATES = (CellKind.DAY, CellKind.INSTANT)
_AGGREGATES = {"first": "first", "earliest": "min", "latest": "max"}
_LINE = "(line)"


class MappedSource:
    """The rows of a source file as rows of a table.

    Lines, ragged rows and cells as read are the source's. A ragged row counts for every table made
    from the file: no filter can be applied to it.
    """

    unknown: tuple[str, ...] = ()

    def __init__(self, folder: Path, mapping: Mapping, rule: TableRule) -> None:
        path = rule.path
        if not (folder / rule.file).is_file():
            raise mapping.refuse(
                (*path, "file"), f"{rule.file} is not in the ledger folder {folder}"
            )
        self._rule, self._file_rule = rule, mapping.files.get(rule.file, FileRule())
        self._reader = open_reader(
            folder / rule.file,
            self._file_rule.encoding,
            self._file_rule.delimiter,
            self._file_rule.skip_lines,
        )
        self.file = rule.file
        self.delimiter = self._reader.delimiter
        self.header = self._reader.header
        self.filled = tuple(rule.columns)
        self.files: tuple[str, ...] = (rule.file,)
        self.code_columns = _code_columns(mapping, rule.file)
        if not rule.source_columns:
            raise mapping.refuse(
                (*path, "columns"), f"takes no column of {rule.file}, so all rows would be the same"
            )
        for column in rule.source_columns:
            if problem := self._problem(column):
                raise mapping.refuse((*path, *_key_of(rule, column)), f"{rule.file} has {problem}")

    def _problem(self, column: str) -> str:
        if column not in self.header:
            return (
                f"no column {show_names([column])!r} in line {self._reader.header_line}; it has "
                f"{show_names(self.header)}. If that line is no header, say with skip_lines how many lines stand above "
                "the header"
            )
        if pa.types.is_floating(self._reader.types.get(column, pa.string())):
            return f"{column!r} as binary floats, which hold neither cents nor codes exactly; write decimal128 or text"
        return ""

    def batches(self, encoded: Collection[str] = ()) -> Iterator[RawBatch]:
        """Yield the rows made by the rules, all columns as text; see `typed_tables.Source`."""
        made = (self._make(batch) for batch in self._reader.read(self._rule.source_columns))
        if not self._rule.is_distinct:
            yield from made
            return
        # `distinct` needs all rows at once: equal rows may be anywhere in the file.
        parts = list(made)
        if parts:
            yield _distinct(self._rule, _join(parts))

    def cells_at(self, lines: Places) -> dict[int, tuple[str, ...]]:
        """Return the source's cells as read; see `typed_tables.Source`."""
        return self._reader.cells_at(np.asarray(lines, np.int64))

    def place_of(self, line: int) -> Place:
        """Return the file and its line; see `typed_tables.Source`."""
        return self.file, line

    def _make(self, batch: RawBatch) -> RawBatch:
        keep = np.ones(len(batch), bool)
        for one in self._rule.where:
            keep &= self._passes(one, batch.columns[one.column])
        if self._rule.but:
            # A row is left out only if it meets all conditions of `except`.
            keep &= ~np.all(
                [self._passes(one, batch.columns[one.column]) for one in self._rule.but], axis=0
            )
        cells = {name: column.filter(pa.array(keep)) for name, column in batch.columns.items()}
        rows = int(keep.sum())
        columns = {
            column.name: self._column(column, cells, rows) for column in self._rule.table.columns
        }
        return RawBatch(columns, batch.lines[keep], batch.ragged_lines)

    def _column(self, column: LedgerColumn, cells: dict[str, pa.Array], rows: int) -> pa.Array:
        rule = self._rule.columns.get(column.name)
        if rule is None:
            return pa.nulls(rows, pa.string())
        if not rule.parts:
            return clean_text(pa.array([rule.value] * rows, pa.string()))
        # The order matters: words first, so that a word may become a date or an amount; then the
        # forms.
        texts = _translate(_fill(rule, cells), rule)
        if column.kind in _DATES and (pattern := rule.date or self._file_rule.date):
            texts = to_iso(texts, pattern)
        if column.kind is CellKind.AMOUNT:
            texts = self._amounts(texts)
            texts = take_signs(clean_text(texts)) if rule.is_bare else texts
        return clean_text(texts)

    def _amounts(self, texts: pa.Array) -> pa.Array:
        """Return amounts in the form of the contract."""
        if not self._file_rule.decimal:
            return texts
        return _to_point(texts, self._file_rule.decimal, self._file_rule.thousands)

    def _passes(self, one: Filter, column: pa.Array) -> np.ndarray:
        if one.is_sign:
            # A cell that is no amount is not negative.
            minor, is_bad = read_amounts(clean_text(self._amounts(column)))
            return ((minor < 0) & ~is_bad) != one.is_not
        is_in = pc.is_in(pc.fill_null(column, ""), value_set=pa.array(one.values, pa.string()))
        return is_in.to_numpy(zero_copy_only=False) != one.is_not


def _code_columns(mapping: Mapping, file: str) -> frozenset[str]:
    """Return a file's columns that fill only columns of codes, in any table."""
    # A column that also fills another kind of column may have identifiers in it: not only codes.
    codes: set[str] = set()
    others: set[str] = set()
    for rule in (rule for rules in mapping.tables.values() for rule in rules if rule.file == file):
        for name, column in rule.columns.items():
            (codes if name in CODES else others).update(used for _, used in column.parts if used)
    return frozenset(codes - others)


def _key_of(rule: TableRule, column: str) -> tuple[str, ...]:
    """Return the key under which a source column is named, for the line of an error."""
    for name, column_rule in rule.columns.items():
        if any(used == column for _, used in column_rule.parts):
            return "columns", name
    return ("where",) if any(one.column == column for one in rule.where) else ("except",)


def _fill(rule: ColumnRule, cells: dict[str, pa.Array]) -> pa.Array:
    """Return the texts with their columns filled in; null where any of these is null."""
    if len(rule.parts) == 1 and rule.parts[0][0] == "" and rule.parts[0][1]:
        return cells[rule.parts[0][1]]
    pieces: list[pa.Array | str] = []
    for text, column in rule.parts:
        pieces += [text] if column is None else [text, cells[column]]
    return pc.binary_join_element_wise(*pieces, "", null_handling="emit_null")


def _translate(texts: pa.Array, rule: ColumnRule) -> pa.Array:
    if not rule.words:
        return texts
    words, becomes = (pa.array(side, pa.string()) for side in zip(*rule.words, strict=True))
    places = pc.index_in(pc.fill_null(texts, ""), value_set=words)
    return pc.if_else(pc.is_valid(places), becomes.take(places), texts)


def _to_point(amounts: pa.Array, decimal: str, thousands: str) -> pa.Array:
    """Return amounts with a decimal point and no thousands; any other text gets a `?` in front.

    Signs and currencies around the figure do not change; `values` checks them.
    """
    point, separator = re.escape(decimal), re.escape(thousands)
    digits = rf"(?:[0-9]+|[0-9]{{1,3}}(?:{separator}[0-9]{{3}})+)" if thousands else "[0-9]+"
    figure = rf"(?P<figure>{digits}(?:{point}[0-9]+)?)"
    parts = pc.extract_regex(amounts, f"^(?P<before>[^0-9]*){figure}(?P<behind>[^0-9]*)$")
    plain = pc.struct_field(parts, "figure")
    plain = pc.replace_substring(plain, thousands, "") if thousands else plain
    plain = pc.replace_substring(plain, decimal, ".")
    whole = pc.binary_join_element_wise(
        pc.struct_field(parts, "before"), plain, pc.struct_field(parts, "behind"), ""
    )
    return pc.coalesce(whole, pc.binary_join_element_wise("?", amounts, ""))


def _join(parts: list[RawBatch]) -> RawBatch:
    names = parts[0].columns
    return RawBatch(
        {name: pa.concat_arrays([part.columns[name] for part in parts]) for name in names},
        np.concatenate([part.lines for part in parts]),
        np.concatenate([part.ragged_lines for part in parts]),
    )


def _distinct(rule: TableRule, batch: RawBatch) -> RawBatch:
    """Return one row for all rows that agree in the columns without `take`.

    Its line and order are those of the first of them.
    """
    taken = {name: r.take for name, r in rule.columns.items() if r.take}
    same = [name for name in batch.columns if name not in taken]
    cells = {
        name: _comparable(rule, name, column) if taken.get(name, "first") != "first" else column
        for name, column in batch.columns.items()
    }
    # One thread: "first" depends on the order of the rows.
    rows = pa.table({**cells, _LINE: batch.lines}).group_by(same, use_threads=False)
    grouped = rows.aggregate(
        [*((name, _AGGREGATES[take]) for name, take in taken.items()), (_LINE, "first")]
    )
    # Grouping does not keep the order of the file: sort by the first line of each group.
    grouped = grouped.rename_columns([*same, *taken, _LINE]).sort_by(_LINE)
    columns = {name: _as_text(grouped[name]) for name in batch.columns}
    return RawBatch(columns, grouped[_LINE].to_numpy(), batch.ragged_lines)


def _comparable(rule: TableRule, name: str, column: pa.Array) -> pa.Array:
    """Return dates as values that compare.

    Unreadable ones are null, so that any other date is taken before them.
    """
    if rule.table[name].kind is CellKind.DAY:
        return days_to_arrow(read_days(column, may_be_open=name in OPEN_ENDS)[0])
    seconds, is_bad = read_instants(column)
    return pa.array(seconds, mask=is_bad | column.is_null().to_numpy(zero_copy_only=False)).cast(
        pa.timestamp("s")
    )


def _as_text(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks().cast(pa.string())
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
