"""Trials of damaged Parquet files."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from dunning.gateways.snapshots.snapshot import Snapshot
from tests.fuzz.file_ledgers import copy_ledger
from tests.fuzz.files import flip_bits, overwrite, truncate
from tests.fuzz.good_rows import VARIETIES
from tests.fuzz.trials import Outcome, scratch, try_door

# Values under which a column is written instead of its own, and their types.
_OTHERS: tuple[tuple[object, pa.DataType], ...] = (
    (1.5, pa.float64()),
    (1.5, pa.float32()),
    (5, pa.int64()),
    (5, pa.uint8()),
    (True, pa.bool_()),
    (b"\xff\xfe", pa.binary()),
    (date(2026, 5, 1), pa.date32()),
    (date(2026, 5, 1), pa.date64()),
    (0, pa.timestamp("us")),
    (0, pa.timestamp("ns", "UTC")),
    (Decimal("1.500"), pa.decimal128(9, 3)),
    (Decimal("1.555"), pa.decimal128(9, 3)),
    (Decimal(7), pa.decimal256(40, 0)),
    (["x"], pa.list_(pa.string())),
    ({"a": "x"}, pa.struct([("a", pa.string())])),
    (None, pa.null()),
    ("x", pa.large_string()),
    (2147483647, pa.date32()),
    (1 << 62, pa.timestamp("us")),
    (0, pa.time32("s")),
    (0, pa.duration("s")),
)


def try_parquet(random: Random, ledgers: dict[str, Path]) -> Outcome:
    """One Parquet file, damaged as bytes, in a column's type, or with texts that are no UTF-8."""
    with scratch() as folder:
        ledger = copy_ledger(random, ledgers, ("Parquet",), folder / "ledger")
        table = random.choice((*VARIETIES, "invoices", "payments"))
        path = ledger / f"{table}.parquet"
        rows = pq.read_metadata(path).num_rows
        what = random.choice((_damage_bytes, _change_type, _break_text))(random, path)
        return try_door(
            "Parquet", what, ledger, table, lambda snapshot: _judge(snapshot, table, rows)
        )


def _judge(snapshot: Snapshot, table: str, rows: int) -> list[str]:
    read = snapshot.info["books"]["tables"][table]["read"]
    return [] if read == rows else [f"{read} rows read of {rows}"]


def _damage_bytes(random: Random, path: Path) -> str:
    damage = random.choice((truncate, flip_bits, flip_bits, overwrite))
    path.write_bytes(damage(random, path.read_bytes()))
    return damage.__name__


def _change_type(random: Random, path: Path) -> str:
    rows = pq.read_table(path)
    place = random.randrange(rows.num_columns)
    value, kind = random.choice(_OTHERS)
    column = pa.array([value] * len(rows), kind)
    pq.write_table(rows.set_column(place, rows.column_names[place], column), path)
    return f"a column as {kind}"


def _break_text(random: Random, path: Path) -> str:
    rows = pq.read_table(path)
    place = random.randrange(rows.num_columns)
    broken = pa.array([b"\xd0"] * len(rows), pa.binary()).view(pa.string())
    pq.write_table(rows.set_column(place, rows.column_names[place], broken), path)
    return "a column that is no UTF-8"
