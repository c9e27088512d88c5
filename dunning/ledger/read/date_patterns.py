"""Check the date patterns of a mapping (`%d/%m/%Y`), and turn such dates into ISO text."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from dunning.ledger.read.values import SPACE, ZONE

_FIELDS = {
    "d": "(?P<d>[0-9]{1,2})",
    "m": "(?P<m>[0-9]{1,2})",
    "Y": "(?P<Y>[0-9]{4})",
    "y": "(?P<y>[0-9]{2})",
    "H": "(?P<H>[0-9]{1,2})",
    "M": "(?P<M>[0-9]{2})",
    "S": "(?P<S>[0-9]{2})",
}
_FRACTION = "(?:[.,][0-9]+)?"
_CLOCK = "[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}" + _FRACTION + ")?"
_LENGTH_MAX = 100
_FIRST_SHORT_YEAR = (
    "9"  # %y from 90 on is 19.., below it 20..: the contract's dates end with 2100-01-01
)


def refuse_pattern(pattern: str) -> str:
    """Return what is wrong with a date pattern, or an empty text.

    >>> refuse_pattern("%d/%m/%Y"), refuse_pattern("%d %B")
    ('', 'has %B; known are %d, %m, %Y, %y, %H, %M, %S')
    """
    if len(pattern) > _LENGTH_MAX:
        return f"has {len(pattern)} signs, more than {_LENGTH_MAX}"
    fields = re.findall(r"%(.?)", pattern)
    for field in fields:
        if field not in _FIELDS:
            return f"has %{field}; known are {', '.join('%' + name for name in _FIELDS)}"
        if fields.count(field) > 1:
            return f"has %{field} twice"
    if not {"d", "m"} <= set(fields) or len({"Y", "y"} & set(fields)) != 1:
        return "needs %d, %m and one of %Y and %y"
    return ""


def to_iso(column: pa.Array, pattern: str) -> pa.Array:
    """Return dates in this pattern as `yyyy-mm-dd` or `yyyy-mm-dd hh:mm:ss`; null stays null.

    A space is any of the three spaces used in dates, and before `г.` none is needed. A day may be
    followed by a time that the pattern does not name, a time by its fraction and zone, as in a
    table's own files.

    Leading zeros of day, month and hour may be missing where something separates them from the
    next field: `1112020` is no day under `%d%m%Y`, for it could be one of two. Any other text gets
    a `?` in front, so that it is a bad date later even if it looks like another kind of date.

    >>> to_iso(pa.array(["3/1/2012", "2012-01-03"]), "%d/%m/%Y").to_pylist()
    ['2012-01-03', '?2012-01-03']
    >>> to_iso(pa.array(["03012012", "1112020"]), "%d%m%Y").to_pylist()
    ['2012-01-03', '?1112020']
    """
    # Each different date once: a column of millions has some thousand days.
    encoded = column.dictionary_encode()
    texts = encoded.dictionary
    parts = pc.extract_regex(texts, _expression(pattern))
    fields = {name: pc.struct_field(parts, name) for name in re.findall(r"%(.)", pattern)}
    iso = pc.binary_join_element_wise(_year(fields), _two(fields["m"]), _two(fields["d"]), "-")
    if fields.keys() & set("HMS"):
        clock = [_two(fields[name]) if name in fields else pa.scalar("00") for name in "HMS"]
        iso = pc.binary_join_element_wise(iso, pc.binary_join_element_wise(*clock, ":"), " ")
    iso = pc.binary_join_element_wise(iso, pc.struct_field(parts, "rest"), "")
    dates = pc.coalesce(iso, pc.binary_join_element_wise("?", texts, ""))
    return dates.take(encoded.indices)


def _expression(pattern: str) -> str:
    pieces = re.split(r"%(.)", pattern)
    whole = "".join(_field(pieces, i) if i % 2 else _between(p) for i, p in enumerate(pieces))
    return f"^{whole}(?P<rest>{_rest(pieces)})$"


def _between(piece: str) -> str:
    """Return the regular expression for the text between two fields."""
    first, *others = [re.escape(word) for word in re.split(SPACE, piece)]
    return first + "".join(
        (f"{SPACE}*" if word.startswith("г") else SPACE) + word for word in others
    )


def _rest(pieces: list[str]) -> str:
    """Return the expression for what may follow: a whole time, or the end of one."""
    fields = pieces[1::2]
    if not set(fields) & set("HMS"):
        return f"(?:{_CLOCK}(?:{ZONE})?)?"
    if pieces[-1] or fields[-1] not in "MS":
        return ""
    return f"{_FRACTION if fields[-1] == 'S' else ''}(?:{ZONE})?"


def _field(pieces: list[str], place: int) -> str:
    """Return a field's expression; beside another field or a digit it needs all its digits."""
    before, after = pieces[place - 1][-1:], pieces[place + 1][:1]
    is_first, is_last = place == 1, place == len(pieces) - 2
    touches = (
        (not before and not is_first)
        or (not after and not is_last)
        or (before + after).strip("0123456789") != (before + after)
    )
    expression = _FIELDS[pieces[place]]
    return expression.replace("{1,2}", "{2}") if touches else expression


def _year(fields: dict[str, pa.Array]) -> pa.Array:
    if "Y" in fields:
        return fields["Y"]
    century = pc.if_else(pc.starts_with(fields["y"], _FIRST_SHORT_YEAR), "19", "20")
    return pc.binary_join_element_wise(century, fields["y"], "")


def _two(digits: pa.Array) -> pa.Array:
    return pc.utf8_lpad(digits, 2, "0")
