"""Faults that the fuzz of the door found, each by its name: what once crashed, hung or passed in
silence.
"""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dunning.core.errors import DunningError
from dunning.gateways.snapshots.snapshot_store import SnapshotStore
from dunning.ledger.check.manifest import read_manifest
from dunning.ledger.load import load_ledger
from dunning.ledger.read.date_patterns import refuse_pattern, to_iso
from dunning.ledger.read.mapping_file import read_mapping
from tests.ledger.extracts import Extract, Limits


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return Extract().add("invoices", invoice_no="I", premise_no="1").write(tmp_path / "ledger")


def refusal(ledger: Path) -> str:
    with pytest.raises(DunningError) as caught:
        load_ledger(ledger, SnapshotStore(ledger.parent / "snapshots"), quarantine_limits=Limits())
    assert not (ledger.parent / "snapshots").exists()
    return str(caught.value)


def mapping_refusal(tmp_path: Path, text: str) -> str:
    (tmp_path / "map.toml").write_text(text)
    with pytest.raises(DunningError) as caught:
        read_mapping(tmp_path / "map.toml")
    return str(caught.value)


def manifest_refusal(tmp_path: Path, text: str) -> str:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(DunningError) as caught:
        read_manifest(tmp_path)
    return str(caught.value)


def test_a_pipe_is_not_waited_for(ledger: Path) -> None:
    os.mkfifo(ledger / "holds.csv")
    assert refusal(ledger).startswith("holds.csv is no file that can be read")


@pytest.mark.parametrize("target", ["nothing.csv", "holds.csv", "."])
def test_a_link_that_leads_nowhere_is_no_absent_table(ledger: Path, target: str) -> None:
    (ledger / "holds.csv").symlink_to(target)
    assert refusal(ledger).startswith("holds.csv is no file that can be read")


@pytest.mark.parametrize("name", ["Holds.csv", "HOLDS.CSV", " holds.csv", "holds.CSV.gz"])
def test_an_optional_table_under_a_misspelled_name_is_not_left_out(ledger: Path, name: str) -> None:
    (ledger / name).write_text("hold_no;reason;valid_from\n")
    assert f"{name!r} in {ledger} looks like table holds" in refusal(ledger)


def test_a_manifest_that_is_no_file_is_no_absent_one(ledger: Path) -> None:
    (ledger / "manifest.json").symlink_to("nothing.json")
    assert refusal(ledger).startswith("manifest.json is no file")


def test_a_column_name_beyond_the_csv_limit(ledger: Path) -> None:
    (ledger / "holds.csv").write_text(f"hold_no;reason;valid_from;{'x' * 200_000}\n")
    assert refusal(ledger).startswith(
        "holds.csv, line 1: the name of a column is longer than 128 KiB"
    )


def test_a_refusal_does_not_repeat_a_whole_header(ledger: Path) -> None:
    (ledger / "holds.csv").write_text(";".join(f"{i}{'x' * 900}" for i in range(900)) + "\n")
    message = refusal(ledger)
    assert "and 860 more" in message
    assert len(message) < 3000


def test_a_parquet_file_of_too_many_columns(ledger: Path) -> None:
    pq.write_table(
        pa.table({f"c{i}": pa.nulls(0, pa.string()) for i in range(1001)}), ledger / "holds.parquet"
    )
    assert refusal(ledger).startswith("holds.parquet, line 1: more than 1,000 columns")


def test_parquet_text_that_is_no_utf8(ledger: Path) -> None:
    names = pa.array([b"\xd0"], pa.binary()).view(pa.string())
    pq.write_table(
        pa.table({"hold_no": names, "reason": ["dispute"], "valid_from": ["2026-01-01"]}),
        ledger / "holds.parquet",
    )
    assert refusal(ledger).startswith("holds.parquet cannot be read as Parquet")


def test_a_parquet_page_whose_sum_is_wrong(ledger: Path) -> None:
    path = ledger / "holds.parquet"
    rows = pa.table(
        {"hold_no": ["H1", "H2"], "reason": ["dispute", "manual"], "valid_from": ["2026-01-01"] * 2}
    )
    pq.write_table(rows, path, write_page_checksum=True, compression="none", write_statistics=False)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"H2", b"H3", 1))
    assert refusal(ledger).startswith("holds.parquet cannot be read as Parquet")


@pytest.mark.parametrize(
    "text", ['{"a":' * 50_000, '{"as_of": "2026-11-22", "tables": ' + "[" * 50_000]
)
def test_a_manifest_nested_deep(tmp_path: Path, text: str) -> None:
    assert manifest_refusal(tmp_path, text).startswith("manifest.json is nested too deep")


def test_a_manifest_that_says_a_thing_twice(tmp_path: Path) -> None:
    text = '{"as_of": "2026-11-22", "tables": {"holds": {"rows": 4}, "holds": {"rows": 5}}}'
    assert "holds stands there more than once" in manifest_refusal(tmp_path, text)


def test_a_manifest_beyond_all_size(tmp_path: Path) -> None:
    assert "larger than 1 MiB" in manifest_refusal(tmp_path, " " * (1 << 21))


def test_a_manifest_is_not_repeated_in_the_message(tmp_path: Path) -> None:
    text = f'{{"as_of": "{"9" * 100_000}", "tables": {{}}}}'
    assert len(manifest_refusal(tmp_path, text)) < 300


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 50_000 + "]" * 50_000,
        ".".join("a" * 3000) + " = 1",
        ".".join(['"a"'] * 3000) + " = 1",
    ],
)
def test_a_mapping_nested_deep(tmp_path: Path, text: str) -> None:
    assert mapping_refusal(tmp_path, text).startswith("map.toml is nested too deep")


def test_a_mapping_beyond_all_size(tmp_path: Path) -> None:
    assert mapping_refusal(tmp_path, "#" * (1 << 21)).startswith("map.toml is larger than 1 MiB")


def test_a_mapping_of_an_empty_column(tmp_path: Path) -> None:
    text = '[tables.agreement_items]\nfile = "a.csv"\n[tables.agreement_items.columns]\nagreement_no = ""\n'
    assert "map.toml, line 4" in mapping_refusal(tmp_path, text + 'invoice_no = "i"\n')


@pytest.mark.parametrize("name", ["n" * 300 + ".csv", "a\\u0000.csv"])
def test_a_mapping_of_a_file_that_cannot_be_called_so(tmp_path: Path, name: str) -> None:
    text = f'[tables.agreement_items]\nfile = "{name}"\n[tables.agreement_items.columns]\nagreement_no = "a"\n'
    assert "which no file can be called" in mapping_refusal(tmp_path, text + 'invoice_no = "i"\n')


def test_a_search_for_a_keys_line_does_not_take_for_ever(tmp_path: Path) -> None:
    text = 'tables = 1\ny = """\n' + "[" * 500_000 + '\n"""\n'
    assert mapping_refusal(tmp_path, text).startswith("map.toml, line 2: y")


def test_a_date_pattern_beyond_what_can_be_compiled() -> None:
    assert refuse_pattern("x" * 5000 + "%d%m%Y") == "has 5006 signs, more than 100"


def test_dates_without_separators_are_read_in_one_way_only() -> None:
    days = pa.array(["01112020", "1112020", "11120"])
    assert to_iso(days, "%d%m%Y").to_pylist() == ["2020-11-01", "?1112020", "?11120"]
    assert to_iso(pa.array(["1.112020", "1.112020"]), "%d.%m%Y").to_pylist() == [
        "2020-11-01",
        "2020-11-01",
    ]
