"""Find the line of each key in a TOML text, for messages; tomllib keeps no lines."""

import re

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\-\"']+)\s*=(.*)$")
_QUOTED = re.compile(r"\"\"\".*?(\"\"\"|$)|'''.*?('''|$)|\"(?:\\.|[^\"\\])*\"|'[^']*'")

Place = tuple[int, str]


def find_lines(text: str) -> dict[Place, int]:
    """Return the line of every key and table of a rule file.

    Args:
        text: TOML that `tomllib` accepts.

    Returns:
        (version number from 0, or -1 for what is above the first; dotted key) to line number
        from 1. A version itself has the key "". Keys within arrays and inline tables have no line
        of their own.

    >>> find_lines("a = 1\\n[[version]]\\nb = 2\\n[version.c]\\nd = 3\\n")[(0, "c.d")]
    5
    """
    lines: dict[Place, int] = {}
    version = -1
    table = ""
    depth = 0
    closing = ""
    for number, line in enumerate(text.splitlines(), 1):
        # Inside a text of several lines nothing is a key.
        if closing:
            closing = "" if closing in line else closing
            continue
        if depth == 0 and (header := _HEADER.match(line)):
            version, table = _open_table(header[2], version, is_array=header[1] == "[[")
            lines.setdefault((version, table), number)
            continue
        value = line
        if depth == 0 and (key := _KEY.match(line)):
            lines.setdefault((version, _join(table, key[1])), number)
            value = key[2]
        closing = _opened_text(value)
        bare = _QUOTED.sub("", value).split("#")[0]
        # Open brackets minus closed ones: above 0, the next line is still inside an array or
        # inline table.
        depth += sum(map(bare.count, "[{")) - sum(map(bare.count, "]}"))
    return lines


def _open_table(name: str, version: int, *, is_array: bool) -> tuple[int, str]:
    first, _, rest = name.replace('"', "").replace(" ", "").partition(".")
    if first != "version":
        return version, name
    return (version + 1 if is_array and not rest else version), rest


def _join(table: str, key: str) -> str:
    key = key.replace('"', "").replace("'", "")
    return f"{table}.{key}" if table else key


def _opened_text(value: str) -> str:
    """Return the closing mark of a multi-line text that begins on this line, or nothing."""
    for mark in ('"""', "'''"):
        if value.count(mark) % 2:
            return mark
    return ""
