"""Odd accounts from files to files: what the command writes is what the oracle says of the same
facts.
"""

from datetime import date
from pathlib import Path
from random import Random

import pyarrow.parquet as pq
import pytest

from dunning import cli
from tests.oracle import expected
from tests.oracle.facts import STAGES, Policy
from tests.oracle.next_day import next_rise
from tests.oracle.stages import decide
from tests.properties.crowds import draw_crowd
from tests.properties.ledger_crowds import as_extract, is_of_one_currency
from tests.world import World

NIGHTS = (date(2025, 12, 31), date(2026, 1, 31), date(2026, 11, 22))
KEYS = {
    "classification": ("premise_no", "payer_code"),
    "open_items": ("invoice_no",),
    "settlements": ("invoice_no", "payment_no", "currency"),
}


@pytest.mark.parametrize("as_of", NIGHTS, ids=str)
def test_a_night_of_odd_accounts_is_written_as_the_oracle_says(
    as_of: date, home: Path, tmp_path: Path
) -> None:
    drawn = draw_crowd(Random(as_of.toordinal()), 400, as_of)
    crowd = [as_extract(facts) for facts in drawn if is_of_one_currency(facts)]
    assert len(crowd) > 250
    ledger = World.of(crowd).shuffle(seed=1).write(tmp_path / "ledger")
    out = tmp_path / "out"
    assert (
        cli.main(
            ["nightly", "--ledger", str(ledger), "--as-of", as_of.isoformat(), "--out", str(out)]
        )
        == 0
    )
    folder = out / as_of.isoformat()

    decisions = [d for d in (decide(facts, Policy(), as_of) for facts in crowd) if d]
    accounts = expected.classification_cells(decisions)
    for decision in decisions:
        rise = next_rise(decision.facts, Policy(), as_of)
        accounts[(decision.facts.premise_no, decision.facts.payer_code)] |= {
            "next_stage": STAGES[rise[0]] if rise else "",
            "next_on": expected.cell(rise[1]) if rise else "",
        }
    assert _differences(accounts, _cells(folder, "classification")) == []
    assert _differences(expected.open_item_cells(decisions), _cells(folder, "open_items")) == []
    assert _differences(expected.settlement_cells(decisions), _cells(folder, "settlements")) == []


def test_neither_the_order_of_rows_nor_shards_nor_a_second_run_change_a_byte(
    home: Path, tmp_path: Path
) -> None:
    as_of = NIGHTS[-1]
    crowd = [as_extract(f) for f in draw_crowd(Random(7), 60, as_of) if is_of_one_currency(f)]
    written = []
    for seed, shards in ((1, "1"), (2, "3")):
        ledger = World.of(crowd).shuffle(seed).write(tmp_path / f"ledger-{seed}")
        out = tmp_path / f"out-{seed}-{shards}"
        command = [
            "nightly",
            "--ledger",
            str(ledger),
            "--as-of",
            as_of.isoformat(),
            "--out",
            str(out),
        ]
        assert cli.main([*command, "--shards", shards]) == 0
        files = sorted(p for p in out.rglob("*") if p.is_file() and p.name != "manifest.json")
        written.append({str(p.relative_to(out)): p.read_bytes() for p in files})
    assert len(written[0]) > 10
    assert [
        name for name, content in written[0].items() if any(w[name] != content for w in written)
    ] == []
    assert written[0].keys() == written[1].keys()


def _cells(folder: Path, table: str) -> expected.Cells:
    """Return the rows of a file as the oracle prints them, by key."""
    rows = [
        {name: expected.cell(value) for name, value in row.items()}
        for row in pq.read_table(folder / f"{table}.parquet").to_pylist()
    ]
    for row in rows:
        if "reasons" in row:
            row["limitation_near"] = "yes" if "limitation_near" in row["reasons"].split(" ") else ""
    cells = {tuple(row[name] for name in KEYS[table]): row for row in rows}
    assert len(cells) == len(rows)
    return cells


def _differences(plain: expected.Cells, written: expected.Cells) -> list[str]:
    """Return one line per row or cell that differs, in the oracle's columns."""
    found = [f"{' '.join(key)}: only written" for key in sorted(written.keys() - plain.keys())]
    found += [f"{' '.join(key)}: only plain" for key in sorted(plain.keys() - written.keys())]
    return found + [
        f"{' '.join(key)}: {name} is {written[key][name]}, {value} by the oracle"
        for key in sorted(plain.keys() & written.keys())
        for name, value in plain[key].items()
        if written[key][name] != value
    ]
