"""What drivers of other engines give, as text; and what they give that is not taken."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from dunning.core.errors import DunningError
from dunning.core.ledger_tables import TABLES
from dunning.gateways.billing.columns import from_values
from dunning.gateways.billing.queries import Query

GOOD: list[tuple[str, str, list[Any], list[str | None]]] = [
    ("invoices", "amount", [Decimal("12.5"), None, Decimal("-0.004")], ["12.50", None, "-0.004"]),
    ("invoices", "amount", [Decimal("12.5000"), 7], ["12.50", "7.00"]),
    ("invoices", "amount", [Decimal("0E-10"), Decimal("1E+2")], ["0", "100.00"]),
    ("invoices", "amount", [12, None], ["12", None]),
    ("invoices", "amount", ["12,50", ""], ["12,50", ""]),
    (
        "invoices",
        "due_on",
        [date(2026, 11, 22), None, date(9999, 12, 31)],
        ["2026-11-22", None, "9999-12-31"],
    ),
    ("invoices", "payer_code", [None, None], [None, None]),
    ("invoices", "payer_code", [UUID(int=7), None], ["00000000-0000-0000-0000-000000000007", None]),
    ("payers", "vulnerable", [True, None, False], ["true", None, "false"]),
    ("payers", "vulnerable", [1, 0], ["1", "0"]),
    ("instalments", "seq", [1, 2], ["1", "2"]),
    ("invoice_lines", "quantity", [Decimal("0.261"), Decimal("3")], ["0.261", "3.00"]),
    ("contacts", "registered_at", [datetime(2026, 1, 2, 3, 4, 5, 999)], ["2026-01-02 03:04:05"]),
    (
        "contacts",
        "registered_at",
        [datetime(2026, 7, 1, 8, tzinfo=UTC), None],
        ["2026-07-01 11:00:00", None],
    ),
    ("contacts", "registered_at", [date(2026, 1, 2)], ["2026-01-02"]),
]
BAD: list[tuple[str, str, list[Any], str]] = [
    ("invoices", "amount", [Decimal("12.5"), 12.5], r"type float.*binary floats.*numeric\(14, 2\)"),
    ("invoices", "amount", [True], "type bool.*not clear how it reads"),
    ("invoices", "amount", [7, "12,50"], r"cannot stand in one column \(int, str\)"),
    ("invoices", "payer_code", [123], "type int.*lose leading zeros.*CAST it to text"),
    ("invoices", "payer_code", [b"123"], "type bytes.*CAST it to text"),
    ("invoices", "payer_code", ["\ud800"], "cannot stand in one column"),
    (
        "invoices",
        "due_on",
        [datetime(2026, 11, 22)],
        "type datetime.*which day it is.*CAST it to date",
    ),
    ("invoices", "due_on", [timedelta(1)], "type timedelta.*not clear"),
    ("instalments", "seq", [Decimal(1)], "type Decimal.*not clear.*CAST it to integer"),
]


def query(table: str) -> Query:
    return Query(f"{table}.sql", "SELECT 1", TABLES[table])


@pytest.mark.parametrize(("table", "column", "values", "expected"), GOOD)
def test_values_become_text(
    table: str, column: str, values: list[Any], expected: list[str | None]
) -> None:
    assert from_values(query(table), column, values).to_pylist() == expected


@pytest.mark.parametrize(("table", "column", "values", "said"), BAD)
def test_other_values_are_refused(table: str, column: str, values: list[Any], said: str) -> None:
    with pytest.raises(DunningError, match=rf"{table}\.sql: column {column} .*{said}"):
        from_values(query(table), column, values)
