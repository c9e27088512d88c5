"""The changes between two nights as a list for clerks: one row per account, with an explanation."""

from collections.abc import Callable, Iterator
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.formats import format_minor_column
from dunning.core.ladder import RUNG_NAMES
from dunning.core.lists import LISTS
from dunning.documents.lists.columns import ListColumn, count, money, reasons, text, translate, word
from dunning.documents.lists.csv_files import render_csv
from dunning.documents.lists.xlsx_files import render_xlsx
from dunning.documents.words import form, word_of
from dunning.policy.rules import StageRule, Stages

_SIDES = ("before", "after")
_TURNOVER = ("paid", "credited", "invoiced")


def _sided(make: Callable[..., ListColumn], name: str, *rest: object) -> tuple[ListColumn, ...]:
    return tuple(make(f"{name}_{side}", *rest) for side in _SIDES)


def _money(name: str) -> tuple[ListColumn, ...]:
    return tuple(money(f"{name}_{side}", f"{name}_cents_{side}") for side in _SIDES)


COLUMNS = (
    text("premise_no"),
    text("payer_code"),
    word("kind", 12, "change", heading="changes.kind"),
    *_sided(word, "stage", 24),
    reasons("lists_left", 28),
    reasons("lists_came", 28),
    reasons("lists_stayed", 28),
    *_money("open"),
    *_money("overdue"),
    text("why", 90),
    money("paid"),
    money("credited"),
    money("invoiced"),
    *_sided(word, "message", 24, "message"),
    *_sided(word, "reminders", 24),
    *_sided(word, "disconnections", 24),
    *_sided(word, "court", 24),
    *_sided(text, "reasons", 48),
    *_sided(text, "why_not", 48),
    *_sided(text, "rule", 22),
    word("way", 24, "stage_rule"),
    *_money("way"),
    *_sided(count, "way_days"),
)


def render_moves(moves: pa.Table, name: str, as_of: date) -> Iterator[tuple[str, bytes]]:
    """Yield the list as `<name>.csv` (codes of the contract) and `<name>.xlsx` (Bulgarian).

    Args:
        moves: `decisions.compare.changes.MOVES`, with `why` (see `explain_moves`).
    """
    yield f"{name}.csv", render_csv(moves, COLUMNS)
    for side in _SIDES:
        moves = _translate_column(moves, f"reasons_{side}", "account_reason")
        moves = _translate_column(moves, f"why_not_{side}", "why_not")
    yield f"{name}.xlsx", render_xlsx(moves, COLUMNS, as_of, word_of("bg", "changes", "sheet"))


def _translate_column(moves: pa.Table, name: str, words: str) -> pa.Table:
    messages = translate(moves[name].combine_chunks(), words)
    return moves.set_column(moves.column_names.index(name), name, messages)


def explain_moves(moves: pa.Table, before: Stages, after: Stages) -> pa.Table:
    """Return the moves with the column `why`, a Bulgarian sentence.

    It has what decided between the two stages, what was paid, and each list that changed.

    Args:
        before, after: the rules of the ladder on each side.
    """
    parts = [_describe_kind(moves), _describe_rung(moves, before, after)]
    parts += [_describe_turnover(moves, name) for name in _TURNOVER]
    parts.append(_describe_message(moves))
    parts += [_describe_lists(moves, group) for group in LISTS]
    columns = [pc.fill_null(part, "") for part in parts]
    # Empty parts become null, so that the join skips them with their separator.
    shown = [
        pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column) for column in columns
    ]
    why = pc.binary_join_element_wise(*shown, "; ", null_handling="skip")
    return moves.append_column("why", why)


def _describe_kind(moves: pa.Table) -> pa.Array:
    """Return a sentence if an account is on one side only; empty text if it is on both."""
    return translate(moves["kind"].combine_chunks(), "change_sentence")


def _describe_rung(moves: pa.Table, before: Stages, after: Stages) -> pa.Array:
    """Return the sum and age tested by the deciding stage rule on each side, and its thresholds.

    The thresholds are written once where both sides have the same.
    """
    # Texts depend on the rule alone: they are made once per rule and picked per row.
    needs = [[_need(rules, rung) for rung in RUNG_NAMES] for rules in (before, after)]
    begins, middles, ends = [], [], []
    for rung, then, now in zip(RUNG_NAMES, *needs, strict=True):
        is_one = then == now
        name = word_of("bg", rung, "stage_rule")
        begins.append(f"{name} (иска {now}): преди " if is_one else f"{name}: преди ")
        middles.append(", сега " if is_one else f" (иска {then}), сега ")
        ends.append("" if is_one else f" (иска {now})")
    place = pc.index_in(moves["way"].combine_chunks(), value_set=pa.array(RUNG_NAMES))
    seen = [_describe_seen(moves, side) for side in _SIDES]
    begin, middle, end = (
        pa.array(texts, pa.string()).take(place) for texts in (begins, middles, ends)
    )
    return pc.binary_join_element_wise(begin, seen[0], middle, seen[1], end, "")


def _describe_seen(moves: pa.Table, side: str) -> pa.Array:
    """Return the sum tested by the deciding stage rule and its age; the reason if there is none."""
    days = moves[f"way_days_{side}"].combine_chunks()
    one, several = (f" {form('bg', number, 'day')}" for number in (1, 2))
    unit = pc.if_else(pc.equal(days, 1), one, several)
    cents = moves[f"way_cents_{side}"].combine_chunks()
    seen = pc.binary_join_element_wise(_euro(cents), ", ", days.cast(pa.string()), unit, "")
    obstacles = translate(moves[f"why_not_{side}"].combine_chunks(), "why_not")
    nothing = pc.if_else(pc.equal(obstacles, ""), "няма такава сума", obstacles)
    return pc.if_else(pc.equal(cents, 0), nothing, seen)


def _need(rules: Stages, rung: str) -> str:
    if rung == "limitation_near":
        return f"{_euro_text(rules.of(rung))} и давност до {rules.limitation_near_days} дни"
    rule = rules.of(rung)
    notice = (
        f", {rule.served_days_min} дни след връчено {word_of('bg', rule.after_notice, 'message')}"
        if rule.after_notice
        else ""
    )
    return f"{_euro_text(rule)} и {rule.days_overdue_min} {form('bg', rule.days_overdue_min, 'day')}{notice}"


def _euro_text(rule: StageRule) -> str:
    return str(_euro(pa.array([rule.amount_cents_min]))[0])


def _euro(cents: pa.Array) -> pa.Array:
    """Return sums in euro as text; null stays null."""
    texts = format_minor_column(pc.fill_null(cents, 0).to_numpy(zero_copy_only=False))
    return pc.if_else(
        pc.is_valid(cents),
        pc.binary_join_element_wise(texts, " €", ""),
        pa.scalar(None, pa.string()),
    )


def _describe_turnover(moves: pa.Table, name: str) -> pa.Array:
    """Return what was added or dropped between the sides; null where nothing was."""
    values = pc.fill_null(moves[f"{name}_cents"].combine_chunks(), 0)
    more, less = (word_of("bg", name, f"turnover_{side}") for side in ("more", "less"))
    verb = pc.if_else(pc.greater(values, 0), f"{more} ", f"{less} ")
    sentence = pc.binary_join_element_wise(verb, _euro(pc.abs(values)), "")
    return pc.if_else(pc.equal(values, 0), pa.scalar(None, pa.string()), sentence)


def _describe_message(moves: pa.Table) -> pa.Array:
    """Return the change of message, `before → after`; null where it is the same or missing."""
    then, now = (moves[f"message_{side}"].combine_chunks() for side in _SIDES)
    messages = [translate(side, "message") for side in (then, now)]
    sentence = pc.binary_join_element_wise("съобщение: ", messages[0], " → ", messages[1], "")
    return pc.if_else(pc.equal(then, now), pa.scalar(None, pa.string()), sentence)


def _describe_lists(moves: pa.Table, group: str) -> pa.Array:
    """Return the account's list before and after, in a group that it entered or left; else null."""
    moved = pc.or_(
        *(
            pc.match_substring(moves[f"lists_{name}"].combine_chunks(), group)
            for name in ("came", "left")
        )
    )
    places = [
        pc.fill_null(translate(moves[f"{group}_{side}"].combine_chunks()), "–") for side in _SIDES
    ]
    title = word_of("bg", group)
    sentence = pc.binary_join_element_wise(f"{title}: ", places[0], " → ", places[1], "")
    return pc.if_else(moved, sentence, pa.scalar(None, pa.string()))
