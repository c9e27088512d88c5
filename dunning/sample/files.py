"""The files of a sample: written under temporary names, then renamed together, manifest last."""

import gzip
import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dunning.core.arrays import Ints
from dunning.core.errors import DunningError
from dunning.sample.dialects import SampleDialect, csv_bytes, in_dialect, ragged_bytes, to_text
from dunning.sample.flaws import FLAWS, Flawed, break_rows

FORMATS = ("csv", "csv.gz", "parquet")
_UNFINISHED = ".part"


@dataclass
class TableReceipt:
    """The content of one file: rows, sums and refusals.

    All rows, bad and repeated ones too; readable sums per currency; refused rows per reason.
    """

    rows: int = 0
    amounts: dict[str, Decimal] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    repeated: int = 0
    size: int = 0


class TableFile:
    """One table's file, written chunk by chunk."""

    def __init__(self, folder: Path, table: str, file_format: str, dialect: SampleDialect) -> None:
        self.path = folder / f"{table}.{file_format}"
        self.receipt = TableReceipt()
        self._table, self._format, self._dialect = table, file_format, dialect
        self._part = self.path.with_name(self.path.name + _UNFINISHED)
        self._file: IO[bytes] | None = None
        self._parquet: pq.ParquetWriter | None = None

    def append(self, good: pa.Table, eligible: Ints, chunk: int) -> None:
        """Write a chunk's rows, with the flawed ones."""
        text = to_text(good)
        flawed = break_rows(self._table, text, eligible, chunk, is_text=self._format != "parquet")
        self._count(text, flawed.rows, flawed.reasons(self._table), int((flawed.flaw_of < 0).sum()))
        if self._format == "parquet":
            self._append_parquet(pa.concat_tables([good, _typed(flawed.rows, good.schema)]))
        else:
            self._append_csv(text, flawed, good.schema)

    def close(self) -> None:
        """Finish the file, still under its temporary name."""
        if self._parquet is not None:
            self._parquet.close()
        if self._file is not None:
            self._file.close()
        self.receipt.size = self._part.stat().st_size

    def put_in_place(self) -> None:
        """Rename the file to its final name."""
        self._part.replace(self.path)

    def discard(self) -> None:
        """Close and remove the unfinished file."""
        if self._parquet is not None:
            self._parquet.close()
        if self._file is not None:
            self._file.close()
        self._part.unlink(missing_ok=True)

    def _open(self) -> IO[bytes]:
        if self._file is None:
            if self._format == "csv.gz":
                # mtime=0: the time of writing must not change the bytes.
                self._file = gzip.GzipFile(self._part, "wb", compresslevel=1, mtime=0)  # type: ignore[assignment]
            else:
                self._file = self._part.open("wb")
        return self._file  # type: ignore[return-value]

    def _append_csv(self, text: pa.Table, flawed: Flawed, shape: pa.Schema) -> None:
        is_ragged = np.isin(
            flawed.flaw_of,
            [p for p, flaw in enumerate(FLAWS.get(self._table, ())) if flaw.is_ragged],
        )
        whole = pa.concat_tables([text, flawed.rows.filter(pa.array(~is_ragged))])
        with_header = self._file is None
        out = self._open()
        out.write(csv_bytes(in_dialect(whole, shape, self._dialect), self._dialect, with_header))
        torn = flawed.rows.filter(pa.array(is_ragged))
        out.write(ragged_bytes(in_dialect(torn, shape, self._dialect), self._dialect))

    def _append_parquet(self, rows: pa.Table) -> None:
        if self._parquet is None:
            self._parquet = pq.ParquetWriter(self._part, rows.schema, compression="zstd")
        self._parquet.write_table(rows)

    def _count(self, good: pa.Table, bad: pa.Table, reasons: dict[str, int], repeated: int) -> None:
        receipt = self.receipt
        receipt.rows += good.num_rows + bad.num_rows
        receipt.repeated += repeated
        for reason, count in reasons.items():
            receipt.refused[reason] = receipt.refused.get(reason, 0) + count
        if "currency" in good.column_names:
            for rows in (good, bad):
                _add_amounts(receipt.amounts, rows)


def _add_amounts(amounts: dict[str, Decimal], rows: pa.Table) -> None:
    """Add the readable sums of text rows; a sum with more than two decimals is unreadable."""
    readable = rows.filter(pc.match_substring_regex(rows["amount"], r"^-?\d+\.\d{1,2}$"))
    for currency in pc.unique(readable["currency"]).to_pylist():
        texts = readable["amount"].filter(pc.equal(readable["currency"], currency))
        total = pc.sum(texts.cast(pa.decimal128(38, 2))).as_py()
        amounts[currency] = amounts.get(currency, Decimal(0)) + total


def _typed(text: pa.Table, shape: pa.Schema) -> pa.Table:
    columns = []
    for each in shape:
        column = text[each.name]
        if not pa.types.is_string(each.type):
            column = pc.if_else(pc.equal(column, ""), None, column)
        columns.append(column.cast(each.type))
    return pa.table(columns, schema=shape)


def make_room(out: Path, tables: tuple[str, ...]) -> None:
    """Create the folder; refuse one that holds anything other than a sample.

    Raises:
        DunningError: the folder has files that no sample has written.
    """
    if out.exists() and not out.is_dir():
        raise DunningError(f"{out} is a file; a sample is a folder. Name another --out.")
    out.mkdir(parents=True, exist_ok=True)
    ours = {f"{table}.{file_format}" for table in tables for file_format in FORMATS} | {
        "manifest.json"
    }
    found = {path.name.removesuffix(_UNFINISHED) for path in out.iterdir()}
    finished = {path.name for path in out.iterdir() if not path.name.endswith(_UNFINISHED)}
    if found - ours or (finished and not _is_sample(out / "manifest.json")):
        raise DunningError(
            f"{out} holds files that are no sample ({len(finished)} of them); they would be overwritten. "
            "Name an empty folder or one that does not exist."
        )


def _is_sample(manifest: Path) -> bool:
    try:
        return "sample" in json.loads(manifest.read_text("utf-8"))
    except (OSError, ValueError):
        return False


def finish(out: Path, files: list[TableFile], manifest: dict[str, object]) -> None:
    """Rename all files over those of an earlier sample, the manifest last."""
    # First: without its manifest a half-replaced folder is not taken for a sample.
    (out / "manifest.json").unlink(missing_ok=True)
    fresh = {file.path.name for file in files}
    for file in files:
        for file_format in FORMATS:
            name = file.path.name.split(".")[0] + "." + file_format
            if name not in fresh:
                (out / name).unlink(missing_ok=True)
        file.put_in_place()
    part = out / f"manifest.json{_UNFINISHED}"
    part.write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", "utf-8")
    part.replace(out / "manifest.json")
