"""The how-to names every table, column, word and reason of the contract, and its mapping is a valid
one.
"""

import re
from pathlib import Path

from dunning.core.ledger_tables import REASONS, TABLES
from dunning.core.words import ITEM_KINDS
from dunning.gateways.snapshots.snapshot_store import SnapshotStore
from dunning.ledger.load import load_ledger
from dunning.ledger.read.mapping_file import read_mapping
from tests.ledger.extracts import Extract, Limits, flagged, read, refused

DOCS = Path(__file__).parents[2] / "docs" / "own-ledger.md"


def test_every_table_with_its_key_columns_and_words() -> None:
    text = DOCS.read_text("utf-8")
    for table in TABLES.values():
        row = re.search(rf"^\| `{table.name}` \({', '.join(table.key)}\) \|.*$", text, re.MULTILINE)
        assert row, table.name
        named = re.findall(r"`([a-z_]+)`(\\\*)?", row[0])
        columns = [(c.name, "\\*" if c.is_required else "") for c in table.columns]
        assert [name for name in named[1:] if name[0] in table.names] == columns
        unnamed = {word for c in table.columns for word in c.words} - set(
            re.findall(r"`([A-Za-z_]+)`", text)
        )
        assert unnamed == set()


def test_every_reason() -> None:
    assert (
        tuple(
            re.findall(
                r"^\| `([a-z_]+)` \|",
                DOCS.read_text("utf-8").split("## Quarantine")[1],
                re.MULTILINE,
            )
        )[: len(REASONS)]
        == REASONS
    )


def test_the_mappings_shown_are_valid(tmp_path: Path) -> None:
    tables = []
    for text in re.findall(r"```toml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL):
        (tmp_path / "shown.toml").write_text(text, "utf-8")
        tables.append(list(read_mapping(tmp_path / "shown.toml").tables))
    assert tables == [["invoices"], ["payments", "invoices"]]


def test_money_paid_back_is_taken_as_the_how_to_says(tmp_path: Path) -> None:
    extract = (
        Extract()
        .add("invoices", invoice_no="F1", premise_no="1", payer_code="A", amount="100")
        .add("payments", payment_no="a1", premise_no="1", payer_code="A", amount="150")
        .add(
            "payments",
            payment_no="a2",
            premise_no="1",
            payer_code="A",
            amount="-50",
            paid_on="2026-06-20",
        )
        .add(
            "payments",
            payment_no="a3",
            premise_no="1",
            payer_code="A",
            amount="7",
            paid_on="2026-06-21",
        )
        .add(
            "payments",
            payment_no="a4",
            premise_no="1",
            payer_code="A",
            amount="7-",
            paid_on="2026-06-22",
            reverses="a3",
        )
    )
    folder = extract.write(tmp_path / "ledger")
    shown = re.findall(r"```toml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)[1]
    (tmp_path / "shown.toml").write_text(shown, "utf-8")
    snapshot = load_ledger(
        folder,
        SnapshotStore(tmp_path / "snapshots"),
        mapping=tmp_path / "shown.toml",
        quarantine_limits=Limits(),
    )
    assert refused(snapshot) == {} and flagged(snapshot) == []
    payout = ITEM_KINDS.index("payout")
    assert read(snapshot, "items", "invoice_no", "kind", "due_on", "amount_minor") == [
        ("F1", 0, "2026-05-15", 10000),
        ("PAYOUT-a2", payout, "2026-06-20", 5000),
    ]
