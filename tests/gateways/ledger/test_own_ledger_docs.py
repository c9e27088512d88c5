"""The how-to names every table, column, word and reason of the contract, and its mapping is a valid one."""

import re
from pathlib import Path

from dunning.gateways.ledger.mapping import read_mapping
from dunning.gateways.ledger.tables import REASONS, TABLES

DOCS = Path(__file__).parents[3] / "docs" / "own-ledger.md"


def test_every_table_with_its_key_columns_and_words() -> None:
    text = DOCS.read_text("utf-8")
    for table in TABLES.values():
        row = re.search(rf"^\| `{table.name}` \({', '.join(table.key)}\) \|.*$", text, re.MULTILINE)
        assert row, table.name
        named = re.findall(r"`([a-z_]+)`(\\\*)?", row[0])
        columns = [(c.name, "\\*" if c.is_required else "") for c in table.columns]
        assert [name for name in named[1:] if name[0] in table.names] == columns
        unnamed = {word for c in table.columns for word in c.words} - set(re.findall(r"`([A-Za-z_]+)`", text))
        assert unnamed == set()


def test_every_reason() -> None:
    assert (
        tuple(re.findall(r"^\| `([a-z_]+)` \|", DOCS.read_text("utf-8").split("## Quarantine")[1], re.MULTILINE))[
            : len(REASONS)
        ]
        == REASONS
    )


def test_the_mapping_shown_is_valid(tmp_path: Path) -> None:
    shown = re.search(r"```toml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert shown
    (tmp_path / "shown.toml").write_text(shown[1], "utf-8")
    assert list(read_mapping(tmp_path / "shown.toml").tables) == ["invoices"]
