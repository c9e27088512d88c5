"""How many rows carry what protects people is counted, so that a renamed or emptied column is
found.
"""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from dunning.core.words import PROTECTING_COLUMNS, PROTECTING_TABLES
from dunning.decisions.lists.missing_protections import find_shrunk
from dunning.gateways.snapshots.snapshot_store import SnapshotStore
from dunning.ledger.load import load_ledger
from dunning.policy.rules import Loading
from tests.ledger.extracts import Extract, Limits

COLUMNS = [(table, column) for table, columns in PROTECTING_COLUMNS.items() for column in columns]
CARRIED = {
    "valid_until": "2026-08-01",
    "revoked_at": "2026-08-01 10:00:00",
    "signed_on": "2031-05-25",
}
RULE = Loading(Decimal(1), Decimal(1), PROTECTING_TABLES, PROTECTING_TABLES, Decimal("0.20"), 5)


def extract() -> Extract:
    """Return one row that carries each protection, and one that does not; a flagged row that is
    refused is no row.
    """
    found = Extract().add("contacts", payer_code="A").add("contacts", payer_code="B")
    for number in ("G1", "G2"):
        found.add("agreements", agreement_no=number, premise_no="1", payer_code="A", signed_on="")
    for table, column in COLUMNS:
        found.rows[table][1][column] = CARRIED.get(column, "да")
    return found.add("payers", payer_code="C", kind="x", vulnerable="1", life_support="1")


def sizes(
    folder: Path, turn: tuple[str, str] | None = None, to: str | None = None
) -> dict[str, int]:
    """Load the extract and return its sizes; one column is renamed, or emptied, or gets another
    text in all rows.
    """
    found = extract()
    if turn:
        for row in found.rows[turn[0]]:
            row[turn[1]] = to or ""
    ledger = found.write(folder / "ledger")
    if turn and to is None:
        path = ledger / f"{turn[0]}.csv"
        path.write_text(path.read_text("utf-8").replace(turn[1], f"{turn[1]}2", 1), "utf-8")
    return load_ledger(
        ledger, SnapshotStore(folder / "snapshots"), quarantine_limits=Limits()
    ).table_sizes()


def test_rows_that_carry_a_protection_are_counted_whatever_their_days(tmp_path: Path) -> None:
    counted = sizes(tmp_path)
    assert {name: count for name, count in counted.items() if "." in name} == {
        f"{table}.{column}": 1 for table, column in COLUMNS
    }
    assert counted["payers"] == 2


@pytest.mark.parametrize("turn", COLUMNS, ids=".".join)
def test_a_column_that_is_renamed_or_emptied_is_found(
    tmp_path: Path, turn: tuple[str, str]
) -> None:
    before, name = sizes(tmp_path / "before"), ".".join(turn)
    renamed, emptied = sizes(tmp_path / "renamed", turn), sizes(tmp_path / "emptied", turn, "")
    assert find_shrunk(before, before, RULE) == {}
    assert (name in renamed, emptied[name]) == (False, 0)
    assert find_shrunk(renamed, before, RULE) == {name: f"{name}_missing"}
    assert find_shrunk(emptied, before, RULE) == {name: f"{name}_shrank"}
    assert (
        find_shrunk(renamed, before, RULE, [turn[0]])
        == find_shrunk(renamed, before, RULE, [name])
        == {}
    )


def test_what_was_not_recorded_is_not_compared() -> None:
    assert find_shrunk({"payers": 5}, {"payers": 5}, RULE) == find_shrunk({}, {}, RULE) == {}


def test_a_column_filled_by_a_mapping_is_there(tmp_path: Path) -> None:
    ledger = extract().write(tmp_path / "ledger")
    with (ledger / "clients.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([["code", "fragile"], ["A", "1"], ["B", "0"]])
    mapping = tmp_path / "own.toml"
    mapping.write_text(
        '[tables.payers]\nfile = "clients.csv"\n[tables.payers.columns]\npayer_code = "code"\n'
        'kind = { value = "person" }\nname = "code"\nvulnerable = "fragile"\n',
        "utf-8",
    )
    found = load_ledger(
        ledger, SnapshotStore(tmp_path), mapping=mapping, quarantine_limits=Limits()
    ).table_sizes()
    assert found["payers.vulnerable"] == 1
    assert "payers.life_support" not in found
