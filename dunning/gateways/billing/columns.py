"""Columns of a query: check them against the contract, and turn their values into text.

An extract's columns are all text, as a CSV's would be: a wrong cell is then a row in quarantine
with a reason, and not the end of the run. Types that would lose something are refused.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import DunningError
from dunning.core.ledger_tables import CellKind, LedgerColumn, Table
from dunning.core.sofia_time import SOFIA
from dunning.gateways.billing.queries import Query


class Form(Enum):
    """The kinds of values that a database returns in a column."""

    TEXT = "text"
    WHOLE = "a whole number"
    DECIMAL = "an exact decimal"
    FLOAT = "a binary float"
    FLAG = "a boolean"
    DAY = "a date"
    INSTANT = "a timestamp"
    OTHER = "of another type"


# Per kind of the contract the forms that lose nothing; text is always taken.
_TAKEN = {
    CellKind.AMOUNT: {Form.WHOLE, Form.DECIMAL},
    CellKind.NUMBER: {Form.WHOLE},
    CellKind.FLAG: {Form.FLAG, Form.WHOLE},
    CellKind.DAY: {Form.DAY},
    CellKind.INSTANT: {Form.DAY, Form.INSTANT},
}
# figures of invoice lines: text in the contract, but they have no leading zeros to lose
_FIGURES = ("quantity", "unit_price")
_CURES = {
    CellKind.AMOUNT: (
        "CAST it to an exact decimal, numeric(14, 2), or text with two decimals "
        "(SQLite: printf('%.2f', …))"
    ),
    CellKind.NUMBER: "CAST it to integer",
    CellKind.FLAG: "write a boolean, or 1 and 0",
    CellKind.DAY: "CAST it to date (Oracle: TO_CHAR(…, 'YYYY-MM-DD'))",
    CellKind.INSTANT: "CAST it to timestamp",
}
_BY_TYPE = {
    str: Form.TEXT,
    UUID: Form.TEXT,
    int: Form.WHOLE,
    Decimal: Form.DECIMAL,
    float: Form.FLOAT,
    bool: Form.FLAG,
    date: Form.DAY,
    datetime: Form.INSTANT,
}


def check_names(query: Query, names: Sequence[str]) -> None:
    """Refuse a query with other columns than its table.

    Optional ones may be missing, and are empty then.

    Raises:
        DunningError: a required column is missing, one is unknown (a misspelled one would go
            unnoticed), or twice.
    """
    table = _table(query)
    missing = [
        column.name for column in table.columns if column.is_required and column.name not in names
    ]
    unknown = [name for name in names if name not in table.names]
    twice = [name for name, count in Counter(names).items() if count > 1]
    wrong = [
        f"{what} {', '.join(found)}"
        for what, found in (("lacks", missing), ("has the unknown", unknown), ("has twice", twice))
        if found
    ]
    if wrong:
        raise DunningError(
            f"The columns of {query.file} are not those of the table {table.name}: it {'; it '.join(wrong)}. "
            f"Name them with AS; {table.name} has {', '.join(table.names)}."
        )


def check_form(query: Query, name: str, form: Form, shown: str) -> None:
    """Refuse a column of a type that could not be turned into the contract's values without loss.

    Args:
        shown: the type as the database calls it.
    """
    column = _table(query)[name]
    if form is Form.TEXT or form in _taken(column):
        return
    if form is Form.FLOAT:
        why = "binary floats cannot hold cents exactly"
    elif column.kind is CellKind.TEXT and form in (Form.WHOLE, Form.DECIMAL):
        why = "numbers lose leading zeros, and 00123 is not 123"
    elif column.kind is CellKind.DAY and form is Form.INSTANT:
        why = "which day it is depends on the time zone"
    else:
        why = "it is not clear how it reads"
    raise DunningError(
        f"{query.file}: column {name} is of type {shown}, which is not taken: {why}. In the query, "
        f"{_cure(column)}."
    )


def plain(values: pa.Array, form: Form) -> pa.Array:
    """Return a column as the extract writes it: text; decimals without zeros beyond two places.

    >>> plain(pa.array(["12.5000", "12.505"]), Form.DECIMAL).to_pylist()
    ['12.50', '12.505']
    """
    if pa.types.is_timestamp(values.type):
        values = _sofia(values)
    texts = values.cast(pa.string())
    if form is Form.DECIMAL:
        # zero with a scale may be written as 0E-8
        texts = pc.replace_substring_regex(texts, r"^-?0E-[0-9]+$", "0")
        texts = pc.replace_substring_regex(texts, r"(\.[0-9]{2})0+$", r"\1")
    return texts


def from_values(query: Query, name: str, values: Sequence[Any]) -> pa.Array:
    """Return a column of Python values, as SQLAlchemy's drivers give them, as text.

    Raises:
        DunningError: values that are not taken, or of several kinds that do not fit into one
            column.
    """
    types = sorted(set(map(type, values)) - {type(None)}, key=lambda kind: kind.__name__)
    forms = {_form_of(kind) for kind in types}
    for kind in types:
        check_form(query, name, _form_of(kind), kind.__name__)
    if UUID in types:
        values = [None if value is None else str(value) for value in values]
    try:
        # several forms that are all taken are whole numbers among decimals
        form = forms.pop() if len(forms) == 1 else Form.DECIMAL
        return plain(pa.array(values) if types else pa.nulls(len(values), pa.string()), form)
    except (pa.ArrowException, UnicodeError, TypeError) as error:
        raise DunningError(
            f"{query.file}: column {name} holds values that cannot stand in one column "
            f"({', '.join(kind.__name__ for kind in types)}). In the query, CAST it to text."
        ) from error


def joined(columns: Iterable[pa.Array], names: Sequence[str]) -> pa.Table:
    """Return columns as a table of text."""
    return pa.table(list(columns), schema=pa.schema([(name, pa.string()) for name in names]))


def _form_of(kind: type) -> Form:
    return _BY_TYPE.get(kind, Form.OTHER)


def _taken(column: LedgerColumn) -> set[Form]:
    return {Form.WHOLE, Form.DECIMAL} if column.name in _FIGURES else _TAKEN.get(column.kind, set())


def _cure(column: LedgerColumn) -> str:
    return (
        "CAST it to numeric"
        if column.name in _FIGURES
        else _CURES.get(column.kind, "CAST it to text")
    )


def _sofia(instants: pa.Array) -> pa.Array:
    """Return timestamps by Sofia's wall clock, to the second.

    Without a time zone they count as that already.
    """
    if instants.type.tz is not None:
        instants = pc.local_timestamp(instants.cast(pa.timestamp("us", SOFIA.key)))
    return instants.cast(pa.timestamp("s"), safe=False)


def _table(query: Query) -> Table:
    assert query.table is not None
    return query.table
