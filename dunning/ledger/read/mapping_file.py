"""Read a mapping file, which describes how another layout becomes the contract's tables.

Documented in `docs/own-ledger.md`.
"""

import re
import tomllib
from pathlib import Path
from string import Formatter
from typing import Any

from dunning.core.errors import DunningError
from dunning.core.ledger_tables import TABLES, CellKind, LedgerColumn
from dunning.ledger.read.cells import is_blank
from dunning.ledger.read.date_patterns import refuse_pattern
from dunning.ledger.read.dialects import DELIMITERS
from dunning.ledger.read.encodings import ENCODINGS
from dunning.ledger.read.mapping import (
    ColumnRule,
    FileRule,
    Filter,
    Mapping,
    TableRule,
    cut_short,
    refuse_key,
)

TAKES = ("first", "earliest", "latest")
_FILE_KEYS = ("encoding", "delimiter", "skip_lines", "date", "decimal", "thousands")
_TABLE_KEYS = ("file", "where", "except", "distinct", "columns")
_RULE_KEYS = ("column", "value", "text", "words", "date", "take", "without_sign")
_FILTER_KEYS = ("column", "equals", "not_equals", "empty", "negative")
_THOUSANDS = ("", ".", ",", "'", " ")
# A mapping may be any file by mistake; these limits keep a wrong one from filling memory.
_BYTES_MAX = 1 << 20
_NAME_BYTES_MAX = 255
_LINES_MAX = 1000
_QUOTED = re.compile(r""""[^"\n]*"|'[^'\n]*'""")
_DEEP_KEY = re.compile(
    r"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){20}"
)  # tomllib takes cubic time for keys with many dots


def read_mapping(path: Path) -> Mapping:
    """Return the mapping of a file.

    Whether its source files and columns exist is checked when they are read.

    Raises:
        DunningError: not readable, no TOML, an unknown key, table or column, a wrong type, a
            required column without a rule; with file, line and cure.
    """
    try:
        text = _read_text(path)
        content = tomllib.loads(text)
    except OSError as error:
        raise DunningError(
            f"The mapping {path} cannot be read ({error.strerror}). Check --mapping."
        ) from error
    except RecursionError as error:
        raise _too_deep(path.name) from error
    except ValueError as error:
        raise DunningError(
            f"{path.name} is not valid TOML in UTF-8: {error}. Correct it there."
        ) from error
    return _Checker(path.name, text).read(content)


def _read_text(path: Path) -> str:
    """Return the text of the file.

    Raises where it would keep the TOML reader busy for hours, or wait for ever.
    """
    if path.exists() and not path.is_file():
        raise DunningError(
            f"The mapping {path} is no file, but a folder or a pipe. Check --mapping."
        )
    if path.stat().st_size > _BYTES_MAX:
        raise DunningError(
            f"{path.name} is larger than {_BYTES_MAX >> 20} MiB: no mapping of 14 tables is. Check it."
        )
    text = path.read_text("utf-8-sig")
    if _DEEP_KEY.search(_QUOTED.sub("q", text)):
        raise _too_deep(path.name)
    return text


def _too_deep(file: str) -> DunningError:
    return DunningError(
        f"{file} is nested too deep to be a mapping. It is described in docs/own-ledger.md."
    )


class _Checker:
    """Makes rules from the parsed file, and raises for what it does not know.

    `path` is always the keys from the top down to the value.
    """

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text

    def read(self, content: dict[str, Any]) -> Mapping:
        self.keys((), content, ("files", "tables"))
        files = self.section(("files",), content.get("files", {}))
        tables = self.section(("tables",), content.get("tables", {}))
        self.keys(("tables",), tables, tuple(TABLES))
        if not tables:
            raise self.refuse((), "fills no table: give at least one [tables.NAME]")
        file_rules = {name: self.file_rule(("files", name), given) for name, given in files.items()}
        table_rules = {
            name: self.table_rules(("tables", name), given) for name, given in tables.items()
        }
        for name in file_rules.keys() - {
            rule.file for rules in table_rules.values() for rule in rules
        }:
            raise self.refuse(("files", name), "no table is made from this file; check its name")
        return Mapping(self.file, self.text, file_rules, table_rules)

    def file_rule(self, path: tuple[str, ...], given: Any) -> FileRule:
        given = self.section(path, given)
        self.keys(path, given, _FILE_KEYS)
        return FileRule(
            encoding=self.choice((*path, "encoding"), given.get("encoding"), ENCODINGS),
            delimiter=self.choice((*path, "delimiter"), given.get("delimiter"), (*DELIMITERS, "|")),
            skip_lines=self.count((*path, "skip_lines"), given.get("skip_lines", 0)),
            date=self.pattern((*path, "date"), given.get("date")),
            decimal=self.choice((*path, "decimal"), given.get("decimal"), (",", ".")),
            thousands=self.thousands((*path, "thousands"), given) or "",
        )

    def thousands(self, path: tuple[str, ...], given: dict[str, Any]) -> str | None:
        separator = self.choice(path, given.get("thousands"), _THOUSANDS)
        if separator is not None and "decimal" not in given:
            raise self.refuse(path, "thousands needs decimal beside it")
        if separator and separator == given["decimal"]:
            raise self.refuse(
                path, "thousands and decimal are the same sign, so amounts are ambiguous"
            )
        return separator

    def table_rules(self, path: tuple[str, ...], given: Any) -> tuple[TableRule, ...]:
        if not isinstance(given, list):
            return (self.table_rule(path, given),)
        if not given:
            raise self.refuse(path, "is an empty list and names no file")
        return tuple(
            self.table_rule((*path, f"#{number}"), one) for number, one in enumerate(given, 1)
        )

    def table_rule(self, path: tuple[str, ...], given: Any) -> TableRule:
        given = self.section(path, given)
        self.keys(path, given, _TABLE_KEYS)
        table = TABLES[path[1]]
        columns = self.section((*path, "columns"), given.get("columns", {}))
        self.keys((*path, "columns"), columns, table.names)
        is_distinct = self.flag((*path, "distinct"), given.get("distinct", False))
        rules = {
            name: self.column_rule((*path, "columns", name), rule, table[name], is_distinct)
            for name, rule in columns.items()
        }
        missing = [c.name for c in table.columns if c.is_required and c.name not in rules]
        if missing:
            raise self.refuse(
                path,
                f"gives no rule for the required column {', '.join(missing)}; add it to columns",
            )
        file = self.file_name((*path, "file"), given.get("file"))
        where, but = (self.filters((*path, key), given.get(key, [])) for key in ("where", "except"))
        return TableRule(table, path, file, where, but, is_distinct, rules)

    def file_name(self, path: tuple[str, ...], name: Any) -> str:
        if not self.string(path, name) or "/" in name or "\\" in name:
            raise self.refuse(path, "is not the bare name of a file in the ledger folder")
        if len(name.encode()) > _NAME_BYTES_MAX or not name.isprintable():
            raise self.refuse(path, f"is {_show(name)}, which no file can be called")
        if not name.endswith((".csv", ".csv.gz", ".txt", ".txt.gz", ".parquet")):
            raise self.refuse(
                path, f"{_show(name)} ends neither in .csv, .txt (also with .gz) nor in .parquet"
            )
        return str(name)

    def column_rule(
        self, path: tuple[str, ...], given: Any, column: LedgerColumn, is_distinct: bool
    ) -> ColumnRule:
        if isinstance(given, str):
            given = {"column": given}
        given = self.section(path, given)
        self.keys(path, given, _RULE_KEYS)
        # Exactly one source for a column, so that no key is without effect.
        if len(given.keys() & {"column", "value", "text"}) != 1:
            raise self.refuse(path, 'needs one of column = "…", value = "…" or text = "…{column}…"')
        if "value" in given and len(given) > 1:
            raise self.refuse(
                path, "a constant value stands alone, without words, date, take or without_sign"
            )
        take = self.choice((*path, "take"), given.get("take"), TAKES)
        self.refuse_misplaced(path, given, column, take, is_distinct)
        return ColumnRule(
            parts=self.parts(path, given),
            value=self.string((*path, "value"), given["value"]) if "value" in given else "",
            words=tuple(self.words((*path, "words"), given.get("words", {})).items()),
            date=self.pattern((*path, "date"), given.get("date")),
            take=take,
            is_bare=self.flag((*path, "without_sign"), given.get("without_sign", False)),
        )

    def refuse_misplaced(
        self,
        path: tuple[str, ...],
        given: dict[str, Any],
        column: LedgerColumn,
        take: str | None,
        is_distinct: bool,
    ) -> None:
        """Raise where a key of a column's rule has no effect on a column of this kind."""
        is_dated = column.kind in (CellKind.DAY, CellKind.INSTANT)
        if take and not is_distinct:
            raise self.refuse((*path, "take"), "take needs distinct = true in its table")
        # Earliest and latest need an order; only dates have a useful one.
        if take in TAKES[1:] and not is_dated:
            raise self.refuse(
                (*path, "take"), f"{take} is for columns of dates; {column.name} is none"
            )
        if "date" in given and not is_dated:
            raise self.refuse((*path, "date"), f"{column.name} is no column of dates")
        if "without_sign" in given and column.kind is not CellKind.AMOUNT:
            raise self.refuse((*path, "without_sign"), f"{column.name} is no column of amounts")

    def parts(
        self, path: tuple[str, ...], given: dict[str, Any]
    ) -> tuple[tuple[str, str | None], ...]:
        if "column" in given:
            return (("", self.column((*path, "column"), given["column"])),)
        if "text" not in given:
            return ()
        path = (*path, "text")
        try:
            parsed = list(Formatter().parse(self.string(path, given["text"])))
        except ValueError as error:
            raise self.refuse(
                path, f"braces do not match ({error}); a brace itself is written {{{{ or }}}}"
            ) from error
        if any(form or conversion or name == "" for _, name, form, conversion in parsed):
            raise self.refuse(path, "between braces only the name of a column may stand")
        if not any(name for _, name, _, _ in parsed):
            raise self.refuse(path, 'names no column; a constant is written value = "…"')
        return tuple((text, name) for text, name, _, _ in parsed)

    def column(self, path: tuple[str, ...], given: Any) -> str:
        name = self.string(path, given)
        if not name:
            raise self.refuse(path, "is empty and names no column")
        return name

    def words(self, path: tuple[str, ...], given: Any) -> dict[str, str]:
        given = self.section(path, given)
        words = {word: self.string((*path, word), becomes) for word, becomes in given.items()}
        # NULL and the like are empty cells by the time that words are compared.
        return {"" if is_blank(word) else word: becomes for word, becomes in words.items()}

    def filters(self, path: tuple[str, ...], given: Any) -> tuple[Filter, ...]:
        if not isinstance(given, list):
            raise self.refuse(path, 'is not a list: [{ column = "…", equals = "…" }]')
        return tuple(self.filter(path, self.section(path, one)) for one in given)

    def filter(self, path: tuple[str, ...], given: dict[str, Any]) -> Filter:
        self.keys(path, given, _FILTER_KEYS)
        tests = given.keys() - {"column"}
        if "column" not in given or len(tests) != 1:
            raise self.refuse(
                path, "each filter needs column and one of equals, not_equals, empty, negative"
            )
        column, (test,) = self.column(path, given["column"]), tests
        if test == "empty":
            return Filter(column, ("",), is_not=not self.flag(path, given["empty"], "empty "))
        if test == "negative":
            return Filter(
                column, (), is_not=not self.flag(path, given["negative"], "negative "), is_sign=True
            )
        values = given[test] if isinstance(given[test], list) else [given[test]]
        return Filter(
            column, tuple(self.word(path, value) for value in values), test == "not_equals"
        )

    def word(self, path: tuple[str, ...], given: Any) -> str:
        """Return the text that a cell must have; a word that means an empty cell becomes ""."""
        text = self.string(path, given).strip()
        return "" if is_blank(text) else text

    def flag(self, path: tuple[str, ...], given: Any, what: str = "") -> bool:
        if not isinstance(given, bool):
            raise self.refuse(path, f"{what}is not true or false")
        return given

    def count(self, path: tuple[str, ...], given: Any) -> int:
        if not isinstance(given, int) or isinstance(given, bool) or not 0 <= given <= _LINES_MAX:
            raise self.refuse(
                path, f"is {_show(given)}, not a number of lines from 0 to {_LINES_MAX}"
            )
        return given

    def section(self, path: tuple[str, ...], given: Any) -> dict[str, Any]:
        if not isinstance(given, dict):
            raise self.refuse(path, "is not a section of keys and values")
        return given

    def keys(self, path: tuple[str, ...], given: dict[str, Any], known: tuple[str, ...]) -> None:
        for key in given:
            if key not in known:
                raise self.refuse((*path, key), f"is not known here; known are {', '.join(known)}")

    def string(self, path: tuple[str, ...], given: Any) -> str:
        if not isinstance(given, str):
            raise self.refuse(
                path,
                f"is {_show(given)}, not a text in quotes" if given is not None else "is missing",
            )
        return given

    def choice(self, path: tuple[str, ...], given: Any, known: tuple[str, ...]) -> str | None:
        if given is not None and given not in known:
            raise self.refuse(path, f"is {_show(given)}, none of {', '.join(map(repr, known))}")
        return given

    def pattern(self, path: tuple[str, ...], given: Any) -> str | None:
        if given is None:
            return None
        problem = refuse_pattern(self.string(path, given))
        if problem:
            raise self.refuse(path, problem)
        return str(given)

    def refuse(self, path: tuple[str, ...], problem: str) -> DunningError:
        return refuse_key(self.file, self.text, path, problem)


def _show(given: Any) -> str:
    return cut_short(repr(given))
