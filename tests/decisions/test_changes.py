"""What moves between two nights, against the same comparison written plainly, account after
account.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from dunning.core.frames import Frame
from dunning.core.ladder import MESSAGES, RUNG_NAMES
from dunning.core.lists import LISTS
from dunning.core.words import CHANNELS, STAGES
from dunning.decisions.compare.account_state import ComparedNight
from dunning.decisions.compare.changes import (
    MOVES,
    PLACES,
    Changes,
    compare,
    find_biggest,
    join_changes,
)
from dunning.decisions.compare.list_membership import MEMBERSHIPS
from dunning.decisions.lists.proposals import SCHEMAS

Key = tuple[str, str]
KEYS = [(premise, payer) for premise in ("1", "01", "A-1", "A") for payer in ("1", "7", "1-7")]
REASONS = {
    "reminders": ("no_address", "refused_evidence"),
    "disconnections": ("vulnerable", "no_lawful_day"),
    "court": ("refused_evidence",),
}


@dataclass(frozen=True)
class Row:
    """An account on one side: its stage, the way that won, sums, and its place per group: a
    channel, `listed`, or a reason with `withheld`; None where it stands nowhere. `place_cents`: of
    that row; `message`: which message.
    """

    stage: int
    is_near: bool
    open_cents: int
    overdue_cents: int
    reasons: str
    why_not: str
    turnover: tuple[int, int, int]
    way_cents: tuple[int, ...]
    way_days: tuple[int, ...]
    places: tuple[tuple[str, str] | None, ...]
    place_cents: tuple[int, ...]
    message: str

    @property
    def way(self) -> str:
        """The way that won; empty for none."""
        return (
            ""
            if self.stage == 0
            else "limitation_near"
            if self.stage == 3 and self.is_near
            else STAGES[self.stage]
        )

    @property
    def rule(self) -> str:
        """The rule that decided."""
        return f"stages.{self.way}" if self.way else "stages"

    @property
    def lists(self) -> dict[str, int]:
        """The lists that it stands on, each with its cents."""
        found = {}
        for group, place, cents in zip(LISTS, self.places, self.place_cents, strict=True):
            if place is not None:
                kind, word = place
                own = f"reminders/{word}" if group == "reminders" else group
                found[f"withheld/{group}" if kind == "withheld" else own] = cents
        return found

    def place(self, group: str) -> str:
        """Where it stands in a group of lists, or why nowhere."""
        own = self.places[LISTS.index(group)]
        if own is not None:
            return own[1]
        if group == "reminders":
            return "not_overdue" if self.stage == 0 else "sent_lately"
        return {"disconnections": "no_warned_debt", "court": "not_court_bound"}[group]

    @property
    def is_sent(self) -> bool:
        """Whether a message goes out."""
        return self.places[0] is not None and self.places[0][0] == "listed"


CENTS = st.integers(0, 10_000_00)


def places_of(group: str) -> st.SearchStrategy:
    words = CHANNELS if group == "reminders" else ("listed",)
    listed = st.tuples(st.just("listed"), st.sampled_from(words))
    return st.none() | listed | st.tuples(st.just("withheld"), st.sampled_from(REASONS[group]))


ROWS = st.builds(
    Row,
    st.integers(0, len(STAGES) - 1),
    st.booleans(),
    CENTS,
    CENTS,
    st.sampled_from(("overdue", "credit overdue", "nothing_open")),
    st.sampled_from(("", "no_notice", "amount days")),
    st.tuples(CENTS, CENTS, CENTS),
    st.tuples(*[CENTS] * len(RUNG_NAMES)),
    st.tuples(*[st.integers(0, 4000)] * len(RUNG_NAMES)),
    st.tuples(*(places_of(group) for group in LISTS)),
    st.tuples(*[CENTS] * 3),
    st.sampled_from(MESSAGES),
)
SIDES = st.dictionaries(st.sampled_from(KEYS), ROWS)
# Most accounts of a night are those of the night before: two sides that share rows.
NIGHTS = st.tuples(SIDES, SIDES, SIDES).map(
    lambda three: ({**three[0], **three[1]}, {**three[0], **three[2]})
)


def side_of(rows: dict[Key, Row], seed: int = 0) -> ComparedNight:
    """Return the rows as the decisions give them, in some order."""
    order = np.random.default_rng(seed).permutation(len(rows)) if rows else np.zeros(0, int)
    keys = [list(rows)[place] for place in order]
    found = [rows[key] for key in keys]
    texts = {name: [getattr(row, name) for row in found] for name in ("reasons", "why_not", "rule")}
    names = {"premise_no": [key[0] for key in keys], "payer_code": [key[1] for key in keys]}
    accounts: dict[str, Any] = {
        name: pa.array(values, pa.string()) for name, values in (names | texts).items()
    }
    for name in ("open_cents", "overdue_cents"):
        accounts[name] = np.array([getattr(row, name) for row in found], np.int64)
    for place, name in enumerate(("invoiced_cents", "credited_cents", "paid_cents")):
        accounts[name] = np.array([row.turnover[place] for row in found], np.int64)
    for name in ("way_cents", "way_days"):
        accounts[name] = np.array([getattr(row, name) for row in found], np.int64).reshape(
            len(found), len(RUNG_NAMES)
        )
    accounts["stage"] = np.array([row.stage for row in found], np.int8)
    return ComparedNight(Frame(accounts), proposed_of(dict(zip(keys, found, strict=True))))


def proposed_of(rows: dict[Key, Row]) -> dict[str, pa.Table]:
    """Return the tables of the lists."""
    tables: dict[str, list[dict]] = {name: [] for name in SCHEMAS}
    for (premise_no, payer_code), row in rows.items():
        who = {"premise_no": premise_no, "payer_code": payer_code}
        for group, place, cents in zip(LISTS, row.places, row.place_cents, strict=True):
            if place is None:
                continue
            if place[0] == "withheld":
                tables["withheld"].append(
                    who | {"list": group, "reason": place[1], "principal_cents": cents}
                )
            elif group == "reminders":
                told = {"channel": place[1], "stage": row.message, "principal_cents": cents}
                tables["reminders"].append(who | told)
            else:
                tables[group].append(
                    who | {"total_cents" if group == "court" else "principal_cents": cents}
                )
    return {
        name: pa.table(
            {f.name: pa.array([row.get(f.name) for row in rows], f.type) for f in SCHEMAS[name]}
        )
        for name, rows in tables.items()
    }


def plain_moves(before: dict[Key, Row], after: dict[Key, Row]) -> list[dict]:
    """Return the moves, one account after the other."""
    moves = []
    for key in sorted({**before, **after}):
        then, now = before.get(key), after.get(key)
        if then and now and (then.stage, set(then.lists)) == (now.stage, set(now.lists)):
            continue
        had, has = (set(row.lists) if row else set() for row in (then, now))
        higher = max((row for row in (then, now) if row), key=lambda row: row.stage)
        way = higher.way if then and now and then.stage != now.stage else None
        move: dict[str, Any] = {
            "premise_no": key[0],
            "payer_code": key[1],
            "kind": "moved" if then and now else "new" if now else "gone",
            "way": way,
            "lists_came": " ".join(sorted(has - had)),
            "lists_left": " ".join(sorted(had - has)),
            "lists_stayed": " ".join(sorted(had & has)),
        }
        for place, name in enumerate(("invoiced_cents", "credited_cents", "paid_cents")):
            move[name] = now.turnover[place] - then.turnover[place] if then and now else None
        for side, row in (("before", then), ("after", now)):
            for name in ("open_cents", "overdue_cents", "rule", "reasons", "why_not"):
                move[f"{name}_{side}"] = getattr(row, name) if row else None
            for group in LISTS:
                move[f"{group}_{side}"] = row.place(group) if row else None
            move[f"stage_{side}"] = STAGES[row.stage] if row else None
            move[f"message_{side}"] = row.message if row and row.is_sent else None
            for name in ("way_cents", "way_days"):
                move[f"{name}_{side}"] = (
                    getattr(row, name)[RUNG_NAMES.index(way)] if row and way else None
                )
        moves.append(move)
    return moves


def plain_stages(before: dict[Key, Row], after: dict[Key, Row]) -> Counter:
    """Return accounts, open cents before and after, by stage before and after."""
    sums: Counter = Counter()
    for key in {**before, **after}:
        then, now = before.get(key), after.get(key)
        where = tuple(STAGES[row.stage] if row else "absent" for row in (then, now))
        sums[*where, 0] += 1
        sums[*where, 1] += then.open_cents if then else 0
        sums[*where, 2] += now.open_cents if now else 0
    return +sums


def plain_lists(before: dict[Key, Row], after: dict[Key, Row]) -> Counter:
    """Return rows, cents before and after, by list and movement."""
    sums: Counter = Counter()
    for key in {**before, **after}:
        had, has = (side[key].lists if key in side else {} for side in (before, after))
        for name in {**had, **has}:
            movement = (
                "stayed" if name in had and name in has else "came" if name in has else "left"
            )
            sums[name, movement, 0] += 1
            sums[name, movement, 1] += had.get(name, 0)
            sums[name, movement, 2] += has.get(name, 0)
    return +sums


def told_stages(changes: Changes) -> Counter:
    """Return the matrix as the plain one says it."""
    cells = np.ndenumerate(changes.stages)
    return +Counter({(PLACES[then], PLACES[now], n): int(value) for (then, now, n), value in cells})


def told_lists(changes: Changes) -> Counter:
    """Return the lists' sums as the plain ones say them."""
    cells = np.ndenumerate(changes.lists)
    movements = ("came", "left", "stayed")
    return +Counter(
        {
            (MEMBERSHIPS[row], movements[movement], n): int(value)
            for (row, movement, n), value in cells
        }
    )


@settings(max_examples=60, deadline=None)
@given(NIGHTS, st.integers(0, 9))
def test_the_moves_and_sums_are_those_of_the_plain_comparison(
    nights: tuple[dict[Key, Row], dict[Key, Row]], seed: int
) -> None:
    before, after = nights
    changes = join_changes([compare(side_of(before, seed), side_of(after, seed + 1))])

    assert changes.moves.schema == MOVES
    assert changes.moves.to_pylist() == [
        {name: move[name] for name in MOVES.names} for move in plain_moves(before, after)
    ]
    assert told_stages(changes) == plain_stages(before, after)
    assert told_lists(changes) == plain_lists(before, after)


@settings(max_examples=60, deadline=None)
@given(NIGHTS)
def test_buckets_together_are_the_whole(nights: tuple[dict[Key, Row], dict[Key, Row]]) -> None:
    """Whatever is compared apart, in whatever order: an account and all of its rows stand in one
    bucket.
    """
    before, after = nights
    premises = sorted({key[0] for key in KEYS}, reverse=True)
    parts = [
        compare(
            *(
                side_of({key: row for key, row in side.items() if key[0] == premise})
                for side in (before, after)
            )
        )
        for premise in premises
    ]
    whole, joined = join_changes([compare(side_of(before), side_of(after))]), join_changes(parts)

    assert joined.moves.equals(whole.moves)
    assert np.array_equal(joined.stages, whole.stages)
    assert np.array_equal(joined.lists, whole.lists)


@settings(max_examples=60, deadline=None)
@given(NIGHTS)
def test_the_way_back_is_the_mirror(nights: tuple[dict[Key, Row], dict[Key, Row]]) -> None:
    there, back = compare(*map(side_of, nights)), compare(*map(side_of, reversed(nights)))

    assert np.array_equal(back.stages, there.stages.transpose(1, 0, 2)[:, :, [0, 2, 1]])
    assert np.array_equal(back.lists, there.lists[:, [1, 0, 2]][:, :, [0, 2, 1]])
    assert sorted(back.moves["premise_no"].to_pylist()) == sorted(
        there.moves["premise_no"].to_pylist()
    )


@settings(max_examples=60, deadline=None)
@given(SIDES)
def test_a_night_against_itself_moves_nobody(rows: dict[Key, Row]) -> None:
    other = {
        key: replace(row, open_cents=row.open_cents + 1, reasons="credit")
        for key, row in rows.items()
    }

    for after in (rows, other):
        assert compare(side_of(rows), side_of(after, seed=3)).moves.to_pylist() == []


@settings(max_examples=60, deadline=None)
@given(NIGHTS, st.integers(0, 5))
def test_the_biggest_moves_are_those_of_the_most_money(
    nights: tuple[dict[Key, Row], dict[Key, Row]], count: int
) -> None:
    moves = join_changes([compare(*map(side_of, nights))]).moves
    ranked = sorted(
        moves.to_pylist(),
        key=lambda row: (
            -max(row["open_cents_before"] or 0, row["open_cents_after"] or 0),
            row["premise_no"],
            row["payer_code"],
        ),
    )

    assert find_biggest(moves, count).to_pylist() == ranked[:count]


def test_nothing_against_nothing() -> None:
    changes = join_changes([])

    assert (len(changes.moves), int(changes.stages.sum()), int(changes.lists.sum())) == (0, 0, 0)
    assert find_biggest(changes.moves, 10).to_pylist() == []
