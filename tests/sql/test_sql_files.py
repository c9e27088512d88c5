"""Every SQL file: one static statement with explicit columns, under a header that says what, grain,
takes, used by.
"""

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from dunning.core.errors import DunningError
from dunning.gateways.postgres import sql_files
from dunning.gateways.postgres.sql_files import read_sql, sql_folder
from dunning.gateways.store.rows import (
    ACTIONS,
    AGEING,
    DECISIONS,
    PAST_ACTIONS,
    PROPOSALS,
    RECEIPT_TOKENS,
)

OWN_FOLDERS = ("billing", "migrations", "report", "roles")
STATEMENTS = sorted(
    path for path in sql_folder().glob("*/*.sql") if path.parent.name not in OWN_FOLDERS
)
COPIES = {
    ("decisions", "copy"): DECISIONS,
    ("decisions", "fetch"): DECISIONS,
    ("proposals", "copy"): PROPOSALS,
    ("proposals", "fetch"): PROPOSALS,
    ("deeds", "copy"): ACTIONS,
    ("deeds", "fetch"): PAST_ACTIONS,
    ("receipt_tokens", "copy"): RECEIPT_TOKENS,
    ("ageing", "copy"): AGEING,
}
each_statement = pytest.mark.parametrize(
    "path", STATEMENTS, ids=lambda path: f"{path.parent.name}/{path.stem}"
)


def header_of(path):
    lines = path.read_text("utf-8").splitlines()
    comments = [line for line in lines if line.startswith("--")]
    assert comments == lines[: len(comments)], "comments stand in the header only"
    return dict(re.findall(r"^-- (What|Grain|Takes|Used by): (.+)$", "\n".join(comments), re.M))


def parameters_of(sql):
    return set(text(sql)._bindparams) | set(re.findall(r"%\((\w+)\)s", sql))


@each_statement
def test_the_header_says_everything(path):
    assert ["What", "Grain", "Takes", "Used by"] == list(header_of(path))


@each_statement
def test_what_a_statement_takes_stands_in_its_header(path):
    takes = path.read_text("utf-8").split("-- Takes:")[1].split("-- Used by:")[0]
    parameters = parameters_of(read_sql(path.parent.name, path.stem))
    assert set() == {name for name in parameters if not re.search(rf"\b{name}\b", takes)}


@each_statement
def test_it_is_one_statement_with_explicit_columns(path):
    sql = read_sql(path.parent.name, path.stem)
    assert ";" not in sql
    assert not re.search(r"SELECT\s+\*|\.\*", sql)


@each_statement
def test_who_uses_it_does(path):
    module = header_of(path)["Used by"]
    parts = module.split(".")
    root = sql_folder().parent
    file = next(
        f
        for n in (len(parts), len(parts) - 1)
        if (f := root / Path(*parts[:n]).with_suffix(".py")).exists()
    )
    assert f'"{path.stem}"' in file.read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "schema"), COPIES.items(), ids=lambda value: "/".join(value) if len(value) == 2 else ""
)
def test_a_bulk_statement_has_the_columns_of_its_rows_in_their_order(name, schema):
    sql = read_sql(*name)
    listed = re.search(
        r"SELECT\s(.+?)\sFROM" if "SELECT" in sql else r"\((.+?)\) FROM STDIN", sql, re.S
    )
    assert schema.names == [column.strip().rpartition(".")[2] for column in listed[1].split(",")]


def test_comments_bind_nothing():
    assert "--" not in read_sql("runs", "insert")


def test_a_package_without_its_repository_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(
        sql_files, "__file__", str(tmp_path / "lib" / "dunning" / "gateways" / "sql_files.py")
    )
    with pytest.raises(DunningError, match="with the SQL statements is missing"):
        sql_folder()
