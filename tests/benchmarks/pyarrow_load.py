"""The yardstick of the load: pyarrow's own CSV to Parquet of the same files, on one thread.

Columns are typed as far as pyarrow itself can (decimal128, date32); a column with a cell that
pyarrow cannot read is text. It checks nothing, follows no reference, sorts and shards nothing. What
it costs to find out which columns must be text is not counted.
"""

import re
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from dunning.core.ledger_tables import TABLES, CellKind

_TYPES = {
    CellKind.AMOUNT: pa.decimal128(14, 2),
    CellKind.DAY: pa.date32(),
    CellKind.NUMBER: pa.int32(),
}
_BLOCK = 8 << 20


def load_plainly(ledger: str, out: str) -> dict[str, float]:
    """Convert every file of an extract; return rows, and seconds of the processor (of the attempts
    that succeeded).
    """
    Path(out).mkdir(parents=True, exist_ok=True)
    rows, cpu = 0, 0.0
    for path in sorted(Path(ledger).glob("*.csv")):
        types = {
            column.name: _TYPES.get(column.kind, pa.string())
            for column in TABLES[path.stem].columns
        }
        while True:
            begun = time.process_time()
            try:
                rows += _convert(path, Path(out) / f"{path.stem}.parquet", types)
                break
            except pa.ArrowInvalid as error:
                types[_column(path, str(error))] = pa.string()
        cpu += time.process_time() - begun
    return {"rows": rows, "cpu": cpu}


def _convert(path: Path, target: Path, types: dict[str, pa.DataType]) -> int:
    rows = 0
    reader = pa_csv.open_csv(
        path,
        read_options=pa_csv.ReadOptions(use_threads=False, encoding="cp1251", block_size=_BLOCK),
        parse_options=pa_csv.ParseOptions(delimiter=";", invalid_row_handler=lambda _: "skip"),
        convert_options=pa_csv.ConvertOptions(
            column_types=types,
            decimal_point=",",
            timestamp_parsers=["%d.%m.%Y"],
            strings_can_be_null=True,
            null_values=[""],
        ),
    )
    with (
        reader,
        pq.ParquetWriter(target, reader.schema, compression="lz4", use_dictionary=False) as writer,
    ):
        for batch in reader:
            writer.write_batch(batch)
            rows += len(batch)
    return rows


def _column(path: Path, said: str) -> str:
    """Return the column that pyarrow could not read."""
    found = re.search(r"column #(\d+)", said)
    if found is None:
        raise SystemExit(f"{path}: {said}")
    with path.open(encoding="cp1251") as file:
        return file.readline().strip().split(";")[int(found[1])]
