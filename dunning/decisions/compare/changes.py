"""Changes between two nights: accounts that move between stages and lists, and the sums.

A night is compared with a later one, or with itself under other rules: both sides are decided first
and compared here, bucket by bucket.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Flags, Ints
from dunning.core.frames import Frame
from dunning.core.ladder import RUNG_NAMES
from dunning.core.lists import LISTS
from dunning.core.words import STAGES
from dunning.decisions.account.stage_reasons import join_codes
from dunning.decisions.compare.account_state import ComparedNight
from dunning.decisions.compare.list_membership import (
    MEMBERSHIPS,
    ListMembership,
    describe_lists,
    find_memberships,
)
from dunning.decisions.tables import word_column
from dunning.policy.show import RuleChange

# The stages, and after them the place of an account that a side does not have.
PLACES = (*STAGES, "absent")
_ABSENT = len(STAGES)
KINDS = ("moved", "new", "gone")
MOVEMENTS = ("came", "left", "stayed")
_TURNOVER = ("invoiced", "credited", "paid")


@dataclass(frozen=True)
class Changes:
    """Changes between two nights.

    moves: one row per account with another stage or other lists, or on one side only; see MOVES.
    stages: accounts, open cents before, open cents after; by place before and place after (PLACES).
    lists: rows, cents before, cents after; by list (MEMBERSHIPS) and movement (MOVEMENTS). Cents are
    those of the list.
    """

    moves: pa.Table
    stages: Ints
    lists: Ints


@dataclass(frozen=True)
class Comparison:
    """Changes between two nights, with the rules on each side.

    name: `diff` or `simulate`. versions: of the rules on each side. rules: the values in force that
    differ. changes: their moves also have `why`. biggest: the moves with the largest sums. places,
    lists: names of the rows and columns of the sums.
    """

    name: str
    before_on: date
    after_on: date
    versions: tuple[str, str]
    rules: list[RuleChange]
    changes: Changes
    biggest: pa.Table
    places: tuple[str, ...] = PLACES
    lists: tuple[str, ...] = MEMBERSHIPS


_text = pa.string()
_cents = pa.int64()
_days = pa.int64()
_SIDED = {
    "stage": _text,
    "open_cents": _cents,
    "overdue_cents": _cents,
    "message": _text,
    "reminders": _text,
    "disconnections": _text,
    "court": _text,
    "rule": _text,
    "reasons": _text,
    "why_not": _text,
    "way_cents": _cents,
    "way_days": _days,
}
# kind: of KINDS. way: the rung that decides between two stages (the higher one's), null where the
# stage is one; way_cents, way_days: of the items that count for it. message: the one that is sent
# on that night (words.NOTICE_STAGES), or null. reminders, disconnections, court: the channel, or
# `listed`, or else why the account is not listed. lists_*: of MEMBERSHIPS, separated by a space.
# <turnover>_cents: after less before. Columns with `_before` and `_after` are null on a side that
# does not have the account.
MOVES = pa.schema(
    [
        ("premise_no", _text),
        ("payer_code", _text),
        ("kind", _text),
        ("way", _text),
        *((f"lists_{name}", _text) for name in MOVEMENTS),
        *((f"{name}_cents", _cents) for name in _TURNOVER),
        *(
            (f"{name}_{side}", kind)
            for name, kind in _SIDED.items()
            for side in ("before", "after")
        ),
    ]
)


def compare(before: ComparedNight, after: ComparedNight) -> Changes:
    """Return the changes between two sides of one bucket.

    The accounts of each side come once, in any order; every row of a list is of an account of its
    side.
    """
    match = _match(before, after)
    sides = zip((before, after), match.rows, strict=True)
    memberships = [find_memberships(side.proposed, rows, match.size) for side, rows in sides]
    stages = [_stages(side, match.row(n)) for n, side in enumerate((before, after))]
    differ = (stages[0] != stages[1]) | (memberships[0].is_listed != memberships[1].is_listed).any(
        axis=1
    )
    moved = np.flatnonzero(differ)
    return Changes(
        _list_moves(before, after, match, memberships, stages, moved),
        _sum_stages(before, after, match, stages),
        _sum_lists(*memberships),
    )


def join_changes(parts: Iterable[Changes]) -> Changes:
    """Return the changes of all buckets as one, the moves by premise_no and payer_code."""
    parts = list(parts)
    moves = pa.concat_tables([MOVES.empty_table(), *(part.moves for part in parts)])
    return Changes(
        moves.sort_by([("premise_no", "ascending"), ("payer_code", "ascending")]).combine_chunks(),
        sum((part.stages for part in parts), np.zeros((len(PLACES), len(PLACES), 3), np.int64)),
        sum(
            (part.lists for part in parts),
            np.zeros((len(MEMBERSHIPS), len(MOVEMENTS), 3), np.int64),
        ),
    )


def find_biggest(moves: pa.Table, count: int) -> pa.Table:
    """Return the moves with the largest sums.

    By the larger open sum of both sides; then by premise_no and payer_code.
    """
    weight = pc.max_element_wise(moves["open_cents_before"], moves["open_cents_after"])
    order = [("weight", "descending"), ("premise_no", "ascending"), ("payer_code", "ascending")]
    return (
        moves.append_column("weight", weight)
        .sort_by(order)
        .slice(0, count)
        .drop_columns(["weight"])
    )


@dataclass(frozen=True)
class _Match:
    """Common numbers of the accounts of both sides.

    at: per side, the number of each of its accounts. rows: per side and list, the number of each
    row's account.
    """

    size: int
    at: tuple[Ints, Ints]
    rows: tuple[dict[str, Ints], dict[str, Ints]]

    def row(self, side: int) -> Ints:
        """Return each number's row among a side's accounts; -1 where there is none."""
        row = np.full(self.size, -1, np.int64)
        row[self.at[side]] = np.arange(len(self.at[side]))
        return row


_LISTED = (*LISTS, "withheld")


def _match(before: ComparedNight, after: ComparedNight) -> _Match:
    tables: list[Frame | pa.Table] = [before.accounts, after.accounts]
    tables += [side.proposed[name] for side in (before, after) for name in _LISTED]
    premise, payer = (
        _number([_column(table, name) for table in tables]) for name in ("premise_no", "payer_code")
    )
    # All tables, one after another, in one numbering; `split` gives each its own part back:
    #
    # accounts before | accounts after | lists before (4) | lists after (4)
    known, number = np.unique(premise << 32 | payer, return_inverse=True)
    ends = np.cumsum([len(table) for table in tables])[:-1]
    first, second, *rows = np.split(number.astype(np.int64), ends)
    return _Match(
        len(known),
        (first, second),
        (dict(zip(_LISTED, rows[:4], strict=True)), dict(zip(_LISTED, rows[4:], strict=True))),
    )


def _column(table: Frame | pa.Table, name: str) -> pa.Array:
    return table.text(name) if isinstance(table, Frame) else table[name].combine_chunks()


def _number(columns: list[pa.Array]) -> Ints:
    """Return one number per text, the same for equal texts in all columns."""
    texts = pa.chunked_array(columns, pa.string()).combine_chunks()
    return texts.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)


def _stages(side: ComparedNight, row: Ints) -> Ints:
    return np.r_[side.accounts["stage"].astype(np.int64), _ABSENT][row]


def _sum_stages(
    before: ComparedNight, after: ComparedNight, match: _Match, stages: list[Ints]
) -> Ints:
    sums = np.zeros((len(PLACES), len(PLACES), 3), np.int64)
    # The appended 0 is what row -1 (not on this side) reads.
    owed = [
        np.r_[side.accounts["open_cents"], 0][match.row(n)]
        for n, side in enumerate((before, after))
    ]
    np.add.at(
        sums, (stages[0], stages[1]), np.stack([np.ones(match.size, np.int64), *owed], axis=1)
    )
    return sums


def _sum_lists(before: ListMembership, after: ListMembership) -> Ints:
    sums = np.zeros((len(MEMBERSHIPS), len(MOVEMENTS), 3), np.int64)
    for movement, flags in enumerate(_movements(before, after)):
        for column, values in enumerate((np.ones_like(before.cents), before.cents, after.cents)):
            sums[:, movement, column] = np.where(flags, values, 0).sum(axis=0)
    return sums


def _movements(before: ListMembership, after: ListMembership) -> tuple[Flags, Flags, Flags]:
    had, has = before.is_listed, after.is_listed
    # In the order of MOVEMENTS: came, left, stayed.
    return ~had & has, had & ~has, had & has


def _list_moves(
    before: ComparedNight,
    after: ComparedNight,
    match: _Match,
    memberships: list[ListMembership],
    stages: list[Ints],
    moved: Ints,
) -> pa.Table:
    sides = (before, after)
    rows = [match.row(n)[moved] for n in (0, 1)]
    rung = _deciding_rung(sides, rows, [stage[moved] for stage in stages])
    kind = np.select([rows[0] < 0, rows[1] < 0], [KINDS.index("new"), KINDS.index("gone")], 0)
    columns: dict[str, pa.Array] = {
        "premise_no": _either(sides, rows, "premise_no"),
        "payer_code": _either(sides, rows, "payer_code"),
        "kind": word_column(KINDS, kind),
        "way": word_column(RUNG_NAMES, rung),
    }
    for name, flags in zip(MOVEMENTS, _movements(*memberships), strict=True):
        columns[f"lists_{name}"] = join_codes(
            {word: flags[moved, n] for n, word in enumerate(MEMBERSHIPS)}
        )
    for name in _TURNOVER:
        then, now = (
            _take(side.accounts, f"{name}_cents", row)
            for side, row in zip(sides, rows, strict=True)
        )
        columns[f"{name}_cents"] = pc.subtract(now, then)
    for name, side, row, membership in zip(
        ("before", "after"), sides, rows, memberships, strict=True
    ):
        columns |= {
            f"{key}_{name}": values
            for key, values in _move_columns(side, row, membership, moved, rung).items()
        }
    return pa.table({field.name: columns[field.name] for field in MOVES}, MOVES)


def _deciding_rung(
    sides: tuple[ComparedNight, ComparedNight], rows: list[Ints], stages: list[Ints]
) -> Ints:
    """Return the rung that led to the higher of two stages (place in RUNG_NAMES).

    -1 where the stages are equal, or only one side has the account.
    """
    rungs = [
        pc.fill_null(
            pc.index_in(
                _take(side.accounts, "rule", row),
                value_set=pa.array([f"stages.{rung}" for rung in RUNG_NAMES]),
            ),
            -1,
        ).to_numpy(zero_copy_only=False)
        for side, row in zip(sides, rows, strict=True)
    ]
    both = (rows[0] >= 0) & (rows[1] >= 0) & (stages[0] != stages[1])
    return np.where(both, np.where(stages[1] > stages[0], rungs[1], rungs[0]), -1).astype(np.int64)


def _move_columns(
    side: ComparedNight, row: Ints, membership: ListMembership, moved: Ints, rung: Ints
) -> dict[str, pa.Array]:
    """Return the columns of the moves of one side."""
    accounts = side.accounts
    stage = np.r_[accounts["stage"], -1][row]
    columns = {
        name: _take(accounts, name, row)
        for name in ("open_cents", "overdue_cents", "rule", "reasons", "why_not")
    }
    has_rung = (row >= 0) & (rung >= 0)
    for name in ("way_cents", "way_days"):
        seen = np.vstack([accounts[name], np.zeros((1, len(RUNG_NAMES)), np.int64)])[
            row, np.maximum(rung, 0)
        ]
        columns[name] = pa.array(seen, mask=~has_rung)
    places = describe_lists(side.proposed, membership, moved, stage)
    return {**columns, "stage": word_column(STAGES, stage), **places}


def _take(accounts: Frame, name: str, row: Ints) -> pa.Array:
    """Return a column's values at some rows; null at -1."""
    values = accounts.columns[name]
    return (values if isinstance(values, pa.Array) else pa.array(values)).take(
        pa.array(row, mask=row < 0)
    )


def _either(sides: tuple[ComparedNight, ComparedNight], rows: list[Ints], name: str) -> pa.Array:
    return pc.coalesce(
        *(_take(side.accounts, name, row) for side, row in zip(sides, rows, strict=True))
    )
