"""Moves between two nights as the files of the nights show them: worked out from their lists, row
by row.
"""

from collections import Counter

import pyarrow.parquet as pq

from tests.jobs.nights import Night

Key = tuple[str, str]
CENTS = {"court": "total"}
LISTS = (
    "reminders/sms",
    "reminders/email",
    "reminders/post",
    "disconnections",
    "court",
    "withheld",
)


def cents(text: str) -> int:
    """Return a sum of a list as cents.

    >>> cents("1234,05")
    123405
    """
    return int(text.replace(",", ""))


def lists_of(night: Night) -> dict[str, dict[Key, int]]:
    """Return by list, withheld rows under `withheld/<list>`, the cents of each account that stands
    there.
    """
    found: dict[str, dict[Key, int]] = {}
    for name in LISTS:
        for row in night.csv(name):
            own = f"withheld/{row['list']}" if name == "withheld" else name
            key = row["premise_no"], row["payer_code"]
            assert key not in found.setdefault(own, {})
            found[own][key] = cents(row[CENTS.get(name, "overdue")])
    return found


def accounts_of(night: Night) -> dict[Key, dict]:
    """Return every account's classification."""
    rows = pq.read_table(night.folder / "classification.parquet").to_pylist()
    return {(row["premise_no"], row["payer_code"]): row for row in rows}


def plain_moves(before: Night, after: Night) -> dict[Key, tuple[str, str, str, str]]:
    """Return stage before and after and the lists left and come to, of whoever differs in any."""
    sides = [(accounts_of(night), lists_of(night)) for night in (before, after)]
    moves = {}
    for key in {**sides[0][0], **sides[1][0]}:
        stages = [accounts[key]["stage"] if key in accounts else "" for accounts, _ in sides]
        had, has = ({name for name, rows in lists.items() if key in rows} for _, lists in sides)
        if stages[0] != stages[1] or had != has:
            moves[key] = (*stages, " ".join(sorted(had - has)), " ".join(sorted(has - had)))
    return moves


def plain_stages(before: Night, after: Night) -> Counter:
    """Return accounts, open cents before and after, by stage before and after."""
    then, now = accounts_of(before), accounts_of(after)
    sums: Counter = Counter()
    for key in {**then, **now}:
        rows = then.get(key), now.get(key)
        where = tuple(row["stage"] if row else "absent" for row in rows)
        for n, value in enumerate((1, *(row["open_cents"] if row else 0 for row in rows))):
            sums[*where, n] += value
    return +sums


def plain_lists(before: Night, after: Night) -> Counter:
    """Return rows, cents before and after, by list and movement."""
    sums: Counter = Counter()
    sides = [lists_of(night) for night in (before, after)]
    for name in {**sides[0], **sides[1]}:
        had, has = (side.get(name, {}) for side in sides)
        for key in {**had, **has}:
            movement = "stayed" if key in had and key in has else "came" if key in has else "left"
            for n, value in enumerate((1, had.get(key, 0), has.get(key, 0))):
                sums[name, movement, n] += value
    return +sums
