"""The extract queries that come along: one a table, exactly its columns, in a total order that
begins with its key.
"""

import re

import pytest

from dunning.core.ledger_tables import TABLES
from dunning.gateways.billing.queries import read_queries
from dunning.gateways.postgres.sql_files import sql_folder

QUERIES = {query.file: query for query in read_queries().tables}


def test_every_table_has_one():
    assert list(QUERIES) == [f"{name}.sql" for name in TABLES]


@pytest.mark.parametrize("file", QUERIES)
def test_the_header_says_everything(file):
    lines = (sql_folder() / "billing" / file).read_text("utf-8").splitlines()
    labels = [
        found[1] for line in lines if (found := re.match(r"-- (What|Grain|Takes|Used by): .", line))
    ]

    assert labels == ["What", "Grain", "Takes", "Used by"]
    assert [line for line in lines if line.startswith("--")] == lines[:4]


@pytest.mark.parametrize("file", QUERIES)
def test_it_selects_the_columns_of_the_contract_in_a_total_order(file):
    query = QUERIES[file]
    found = re.fullmatch(r"SELECT\s+(.+)\sFROM (\w+)\sORDER BY\s+(.+)", query.sql, re.S)
    assert found
    selected, ordered = ([name.strip() for name in found[place].split(",")] for place in (1, 3))

    assert (selected, found[2]) == (list(query.table.names), query.table.name)
    assert ordered == [
        *query.table.key,
        *(name for name in query.table.names if name not in query.table.key),
    ]
