"""Sorted streams joined into one order, whatever their batches."""

from random import Random

import pyarrow as pa
import pytest

from dunning.gateways.files.sorted_streams import merge_sorted
from dunning.gateways.files.worktables import StreamWriter

ORDER = ("key", "number")


@pytest.mark.parametrize("seed", range(20))
def test_it_is_what_sorting_all_rows_gives(tmp_path, seed):
    dice = Random(seed)
    rows = [
        (f"{dice.choice('абвz')}{dice.randrange(9)}", f"{n:03d}", [n])
        for n in range(dice.randrange(400))
    ]
    shares = [[] for _ in range(dice.randrange(1, 9))]
    for row in rows:
        dice.choice(shares).append(row)
    with StreamWriter(tmp_path) as writer:
        for number, share in enumerate(shares):
            write(writer, f"{number:02d}", sorted(share), dice)
    found = list(merge_sorted(sorted(tmp_path.glob("*.arrow")), ORDER))

    assert [tuple(row.values()) for table in found for row in table.to_pylist()] == sorted(rows)
    assert max((len(table) for table in found), default=0) <= 7 * len(shares)


def write(writer, name, share, dice):
    schema = pa.schema({"key": pa.string(), "number": pa.string(), "nested": pa.list_(pa.int64())})
    while share:
        count = dice.randrange(1, 8)
        batch, share = share[:count], share[count:]
        columns = [
            pa.array(values, field.type)
            for values, field in zip(zip(*batch, strict=True), schema, strict=True)
        ]
        writer.write({name: pa.Table.from_arrays(columns, schema=schema)})


def test_no_streams_no_rows():
    assert list(merge_sorted([], ORDER)) == []
