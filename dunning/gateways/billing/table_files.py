"""Write a table of an extract into its Parquet file and count it on the way."""

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NotRequired, TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dunning.core.ledger_tables import CellKind, Table
from dunning.core.words import CURRENCIES
from dunning.ledger.read.cells import clean_text
from dunning.ledger.read.values import read_amounts, read_words

PROGRESS_ROWS = 500_000
# kinds with few different texts, which a dictionary stores once
_FEW = (CellKind.WORD, CellKind.FLAG, CellKind.DAY, CellKind.NUMBER, CellKind.SHARE)


class ManifestTable(TypedDict):
    """A table in the contract's manifest; amounts as decimals by currency."""

    rows: int
    amount: NotRequired[dict[str, str]]


@dataclass
class FileCounts:
    """The content of a file: rows, minor units by currency, SHA-256.

    minor is empty for a table without money.
    """

    rows: int
    minor: dict[str, int]
    sha256: str = ""

    def to_manifest(self) -> ManifestTable:
        """Return the counts in the form of the contract's manifest."""
        amounts = {
            currency: str(Decimal(minor).scaleb(-2)) for currency, minor in self.minor.items()
        }
        return {"rows": self.rows, "amount": amounts} if amounts else {"rows": self.rows}


def write_table(
    path: Path, table: Table, batches: Iterable[pa.Table], progress: Callable[[int], None]
) -> FileCounts:
    """Write the batches into `path`, readable by its owner only; return their counts.

    Memory is bounded by the size of a batch. The same batches give the same bytes.

    Args:
        batches: at least one, maybe empty; columns of text under the contract's names.
        progress: called with the number of rows so far, every `PROGRESS_ROWS`.
    """
    counts = FileCounts(0, dict.fromkeys(CURRENCIES, 0) if table.has_money else {})
    batches = iter(batches)
    schema = pa.schema([(name, pa.string()) for name in table.names])
    few = [column.name for column in table.columns if column.kind in _FEW]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with (
        os.fdopen(descriptor, "wb") as file,
        pq.ParquetWriter(
            file, schema, compression="lz4", use_dictionary=few, write_statistics=False
        ) as writer,
    ):
        for batch in batches:
            rows = _complete(batch, schema)
            writer.write_table(rows, row_group_size=max(len(rows), 1))
            reported = counts.rows // PROGRESS_ROWS
            _count(counts, rows)
            if counts.rows // PROGRESS_ROWS > reported:
                progress(counts.rows)
    with path.open("rb") as written:
        counts.sha256 = hashlib.file_digest(written, "sha256").hexdigest()
    return counts


def _complete(batch: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a batch with all columns of the table in its order; missing ones are empty."""
    nothing = pa.nulls(len(batch), pa.string())
    columns = [batch[name] if name in batch.column_names else nothing for name in schema.names]
    return pa.table(columns, schema=schema)


def _count(counts: FileCounts, rows: pa.Table) -> None:
    """Add a batch: an amount or a currency that cannot be read counts as a row only."""
    counts.rows += len(rows)
    if not counts.minor:
        return
    currencies, _ = read_words(_cells(rows, "currency"), CURRENCIES)
    amounts, _ = read_amounts(_cells(rows, "amount"), currencies)
    for place, currency in enumerate(CURRENCIES):
        # `place` is the code that `read_words` gives for this currency
        counts.minor[currency] += int(np.sum(amounts[currencies == place]))


def _cells(rows: pa.Table, name: str) -> pa.Array:
    column = rows[name].combine_chunks()
    return clean_text(column.chunk(0) if isinstance(column, pa.ChunkedArray) else column)
