"""Compare `manifest.json`, the extract's own counts and sums, with what was read, to the cent.

`{"as_of": "2026-11-22", "tables": {"invoices": {"rows": 10, "amount": {"EUR": "123.45"}}}}`. Rows
are all rows of the file: good, bad, repeated and ragged ones; with a mapping, the rows that the
mapping makes. An amount that could not be read, or without a readable currency, counts as a row only.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from dunning.core.arrays import Cents
from dunning.core.errors import DunningError
from dunning.core.ledger_tables import TABLES
from dunning.core.words import CURRENCIES
from dunning.ledger.read.dialects import show_names
from dunning.ledger.typed_tables import TypedTable

MANIFEST = "manifest.json"
IS_ASKED = "as_of_is_asked"  # in manifests of our own extracts from a database
_AMOUNT = re.compile(r"-?[0-9]{1,16}(?:\.[0-9]{1,2})?")
_BYTES_MAX = 1 << 20
_SHOWN = 60
_CURE = "Correct the file or leave it out."


@dataclass(frozen=True)
class TableCounts:
    """Rows and sums of one table; `minor` by currency, empty where no amount is given."""

    rows: int
    minor: dict[str, int]


@dataclass(frozen=True)
class Manifest:
    """The day of the extract, and the counts of the tables that the manifest names.

    Attributes:
        is_asked: the day is only the one that was asked for: a database does not state its own
            day, and may hold rows of whatever later days.
    """

    as_of: date
    tables: dict[str, TableCounts]
    is_asked: bool = False


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest of the folder, or None if there is none.

    Raises:
        DunningError: the manifest is not valid.
    """
    path = folder / MANIFEST
    # lexists: a link to nothing is a broken manifest, not a missing one.
    if not os.path.lexists(path):
        return None
    if not path.is_file():
        raise DunningError(
            f"{MANIFEST} is no file, but a folder, a pipe, or a link that leads to none. {_CURE}"
        )
    if path.stat().st_size > _BYTES_MAX:
        raise DunningError(
            f"{MANIFEST} is larger than {_BYTES_MAX >> 20} MiB: no manifest of 14 tables is. {_CURE}"
        )
    try:
        content = json.loads(
            # As text: a binary float would not keep cents.
            path.read_text("utf-8-sig"),
            parse_float=str,
            object_pairs_hook=_refuse_twice,
        )
    except RecursionError as error:
        raise DunningError(f"{MANIFEST} is nested too deep to be one. {_CURE}") from error
    except json.JSONDecodeError as error:
        raise DunningError(
            f"{MANIFEST}, line {error.lineno}: not valid JSON ({error.msg}). {_CURE}"
        ) from error
    except (OSError, ValueError) as error:
        raise DunningError(
            f"{MANIFEST} cannot be read as JSON in UTF-8 ({error}). {_CURE}"
        ) from error
    _refuse_keys("the file", content, None, {"as_of", "tables"})
    tables = content["tables"]
    _refuse_keys('"tables"', tables, set(TABLES), set())
    counts = {name: _read_counts(name, given) for name, given in tables.items()}
    return Manifest(_read_day(content["as_of"]), counts, is_asked=content.get(IS_ASKED) is True)


def check_manifest(
    manifest: Manifest, read: Mapping[str, TableCounts], files: Mapping[str, str]
) -> None:
    """Raise DunningError, naming all differences, where what was read is not as in the manifest.

    Args:
        read: what was read of each table.
        files: the file of each table; empty where it is absent.
    """
    differences = [
        difference
        for name, stated in manifest.tables.items()
        for difference in _compare(files[name] or f"{name} (no file)", stated, read[name])
    ]
    if differences:
        raise DunningError(
            f"{MANIFEST} disagrees with what was read: {'; '.join(differences)}. A file is incomplete or was changed "
            "after the manifest was written. Export the ledger again."
        )


def count_table(typed: TypedTable) -> TableCounts:
    """Return rows and sums as a manifest has them, with all currencies, also those with nothing."""
    if not typed.table.has_money:
        return TableCounts(typed.rows_read, {})
    amounts, currencies = typed.frame["amount"], typed.frame["currency"]
    return TableCounts(
        typed.rows_read, {word: _sum(amounts[currencies == i]) for i, word in enumerate(CURRENCIES)}
    )


def add_counts(one: TableCounts, other: TableCounts) -> TableCounts:
    """Return the sum of the counts of two stretches of a table."""
    words = one.minor.keys() | other.minor.keys()
    return TableCounts(
        one.rows + other.rows,
        {word: one.minor.get(word, 0) + other.minor.get(word, 0) for word in words},
    )


def refuse_stale(manifest_as_of: date, as_of: date) -> None:
    """Raise DunningError where the day of the extract is before the run's."""
    if manifest_as_of < as_of:
        raise DunningError(
            f"{MANIFEST} says that the ledger speaks for {manifest_as_of}, but the run is for {as_of}: what was paid "
            "since would be missing. Wait for the ledger of that day, or run with its own date."
        )


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; raises where it has a name twice, for it may mean either."""
    twice = sorted(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
    if twice:
        raise DunningError(
            f"{MANIFEST}: {show_names(twice)} stands there more than once in one object. {_CURE}"
        )
    return dict(pairs)


def _show(given: Any) -> str:
    """Return a value for a message, cut to a readable length."""
    try:
        text = repr(given)
    except RecursionError:
        return "something nested deep"
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _compare(name: str, counts: TableCounts, read: TableCounts) -> list[str]:
    differences = []
    if counts.rows != read.rows:
        differences.append(f"{name} should have {counts.rows} rows and has {read.rows}")
    if counts.minor:
        differences += [
            f"{name} should sum to {_decimal(counts.minor.get(word, 0))} {word} and sums to {_decimal(minor)} {word}"
            # All currencies, also those that the manifest leaves out: these must be 0.
            for word, minor in ((word, read.minor.get(word, 0)) for word in CURRENCIES)
            if counts.minor.get(word, 0) != minor
        ]
    return differences


def _sum(amounts: Cents) -> int:
    """Return the sum as an exact integer, also beyond int64."""
    # Upper and lower halves are summed apart, so that neither sum overflows int64.
    return (int(np.sum(amounts >> 32)) << 32) + int(np.sum(amounts & 0xFFFFFFFF))


def _decimal(minor: int) -> str:
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def _read_counts(name: str, given: Any) -> TableCounts:
    where = f"table {name}"
    may_have = {"rows", "amount"} if TABLES[name].has_money else {"rows"}
    _refuse_keys(where, given, may_have, {"rows"})
    rows = given["rows"]
    # In Python True is an int.
    if not isinstance(rows, int) or isinstance(rows, bool) or rows < 0:
        raise DunningError(
            f"{MANIFEST}, {where}: rows is {_show(rows)}, not a whole number of rows. {_CURE}"
        )
    amounts = given.get("amount", {})
    _refuse_keys(f"{where}, amount", amounts, set(CURRENCIES), set())
    return TableCounts(rows, {word: _read_minor(where, amount) for word, amount in amounts.items()})


def _read_minor(where: str, amount: Any) -> int:
    text = amount if isinstance(amount, str) else str(amount) if isinstance(amount, int) else ""
    if isinstance(amount, bool) or not _AMOUNT.fullmatch(text):
        raise DunningError(
            f"{MANIFEST}, {where}: amount {_show(amount)} is no decimal number with at most two decimals "
            f'("123.45"). {_CURE}'
        )
    whole, _, rest = text.lstrip("-").partition(".")
    # Cents from text by whole numbers, never by a float:  "123.4" -> 123 * 100 + 40
    minor = int(whole) * 100 + int(rest.ljust(2, "0"))
    return -minor if text.startswith("-") else minor


def _read_day(text: Any) -> date:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        return date.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise DunningError(
            f'{MANIFEST}: as_of is {_show(text)}, not a day as "2026-11-22". {_CURE}'
        ) from error


def _refuse_keys(where: str, given: Any, known: set[str] | None, required: set[str]) -> None:
    if not isinstance(given, dict):
        raise DunningError(f"{MANIFEST}: {where} is not an object of names and values. {_CURE}")
    unknown, missing = sorted(set(given) - (known or set(given))), sorted(required - set(given))
    if known and unknown:
        raise DunningError(
            f"{MANIFEST}: {where} has {show_names(unknown)}, which is none of {', '.join(sorted(known))}. {_CURE}"
        )
    if missing:
        raise DunningError(f"{MANIFEST}: {where} lacks {', '.join(missing)}. {_CURE}")
