"""Who moves between two nights, as a list for clerks: one row an account, with why in words."""

from collections.abc import Iterator, Mapping
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.formats import format_minor_column
from dunning.core.ladder import RUNG_NAMES
from dunning.documents.bulgarian import say, translate
from dunning.documents.lists.columns import Column, count, money, reasons, text, word
from dunning.documents.lists.csv_files import render_csv
from dunning.documents.lists.xlsx_files import render_xlsx
from dunning.documents.pages.story_page import NOTICES, STAGES
from dunning.policy.rules import StageRule, Stages

_SIDES = (("before", "преди"), ("after", "сега"))
GROUPS = {"reminders": "съобщения", "disconnections": "прекъсване", "court": "съд"}


def _sided(make: object, name: str, title: str, *rest: object) -> tuple[Column, ...]:
    assert callable(make)
    return tuple(make(f"{name}_{side}", f"{title} {when}", *rest) for side, when in _SIDES)


def _money(name: str, title: str) -> tuple[Column, ...]:
    return tuple(
        money(f"{name}_{side}", f"{title} {when}, €", f"{name}_cents_{side}")
        for side, when in _SIDES
    )


COLUMNS = (
    text("premise_no", "Абонатен №"),
    text("payer_code", "Код на платец"),
    word("kind", "Партида", 12, "change"),
    *_sided(word, "stage", "Етап", 24),
    reasons("lists_left", "Излиза от", 28),
    reasons("lists_came", "Влиза в", 28),
    reasons("lists_stayed", "Остава в", 28),
    *_money("open", "Неплатено"),
    *_money("overdue", "Просрочено"),
    text("why", "Защо", 90),
    money("paid", "Платено междувременно, €"),
    money("credited", "Кредитирано междувременно, €"),
    money("invoiced", "Фактурирано междувременно, €"),
    *_sided(word, "message", "Съобщение", 24, "message"),
    *_sided(word, "reminders", "Канал на съобщението", 24),
    *_sided(word, "disconnections", "Прекъсване", 24),
    *_sided(word, "court", "Съд", 24),
    *_sided(text, "reasons", "Основания", 48),
    *_sided(text, "why_not", "Защо не по-висок етап", 48),
    *_sided(text, "rule", "Правило", 22),
    word("way", "Решаващ етап", 24, "way"),
    *_money("way", "Сума за него"),
    *(count(f"way_days_{side}", f"Дни за него {when}") for side, when in _SIDES),
)


def render_moves(
    moves: pa.Table, name: str, as_of: date, words: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, bytes]]:
    """Yield the list as `<name>.csv`, with the contract's words, and `<name>.xlsx`, in Bulgarian.

    Args:
        moves: `decisions.changes.MOVES`, with `why` (see `explain_moves`).
        words: what each code of the columns `reasons` and `why_not` says.
    """
    yield f"{name}.csv", render_csv(moves, COLUMNS)
    for side, _ in _SIDES:
        for column, meanings in words.items():
            place = moves.column_names.index(f"{column}_{side}")
            said = say(moves.column(place).combine_chunks(), meanings)
            moves = moves.set_column(place, f"{column}_{side}", said)
    yield f"{name}.xlsx", render_xlsx(moves, COLUMNS, as_of, "Промени")


def explain_moves(
    moves: pa.Table, before: Stages, after: Stages, why_not: Mapping[str, str]
) -> pa.Table:
    """Return the moves with `why`, a Bulgarian sentence: what decided between two stages, what was
    paid, each list.

    Args:
        before, after: the rules of the ladder on each side.
        why_not: what each code of the columns `why_not` says.
    """
    parts = [_say_kind(moves), _say_way(moves, before, after, why_not)]
    turnover = (
        ("paid", "платени", "отпаднали плащания за"),
        ("credited", "кредитирани", "отпаднали кредити за"),
        ("invoiced", "фактурирани", "отпаднали фактури за"),
    )
    parts += [_say_turnover(moves[f"{name}_cents"], more, less) for name, more, less in turnover]
    parts.append(_say_message(moves))
    parts += [_say_lists(moves, group, title) for group, title in GROUPS.items()]
    columns = [pc.fill_null(part, "") for part in parts]
    shown = [
        pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column) for column in columns
    ]
    why = pc.binary_join_element_wise(*shown, "; ", null_handling="skip")
    return moves.append_column("why", why)


def _say_kind(moves: pa.Table) -> pa.Array:
    told = {"new": "нова партида", "gone": "партидата я няма в данните", "moved": ""}
    return say(moves["kind"].combine_chunks(), told)


def _say_way(
    moves: pa.Table, before: Stages, after: Stages, why_not: Mapping[str, str]
) -> pa.Array:
    """Say what the deciding stage looked at on each side, and what it asks; once, where both sides
    ask the same.
    """
    needs = [[_need(rules, way) for way in RUNG_NAMES] for rules in (before, after)]
    begins, middles, ends = [], [], []
    for way, then, now in zip(RUNG_NAMES, *needs, strict=True):
        is_one = then == now
        begins.append(f"{STAGES[way]} (иска {now}): преди " if is_one else f"{STAGES[way]}: преди ")
        middles.append(", сега " if is_one else f" (иска {then}), сега ")
        ends.append("" if is_one else f" (иска {now})")
    place = pc.index_in(moves["way"].combine_chunks(), value_set=pa.array(RUNG_NAMES))
    seen = [_say_seen(moves, side, why_not) for side, _ in _SIDES]
    begin, middle, end = (
        pa.array(texts, pa.string()).take(place) for texts in (begins, middles, ends)
    )
    return pc.binary_join_element_wise(begin, seen[0], middle, seen[1], end, "")


def _say_seen(moves: pa.Table, side: str, why_not: Mapping[str, str]) -> pa.Array:
    """Say the sum that the deciding stage looked at and its age; where it looked at nothing,
    why.
    """
    days = moves[f"way_days_{side}"].combine_chunks()
    unit = pc.if_else(pc.equal(days, 1), " ден", " дни")
    cents = moves[f"way_cents_{side}"].combine_chunks()
    seen = pc.binary_join_element_wise(_euro(cents), ", ", days.cast(pa.string()), unit, "")
    obstacles = say(moves[f"why_not_{side}"].combine_chunks(), why_not)
    nothing = pc.if_else(pc.equal(obstacles, ""), "няма такава сума", obstacles)
    return pc.if_else(pc.equal(cents, 0), nothing, seen)


def _need(rules: Stages, way: str) -> str:
    if way == "limitation_near":
        return f"{_euro_text(rules.of(way))} и давност до {rules.limitation_near_days} дни"
    rule = rules.of(way)
    notice = (
        f", {rule.served_days_min} дни след връчено {NOTICES[rule.after_notice]}"
        if rule.after_notice
        else ""
    )
    return f"{_euro_text(rule)} и {rule.days_overdue_min} {'ден' if rule.days_overdue_min == 1 else 'дни'}{notice}"


def _euro_text(rule: StageRule) -> str:
    return str(_euro(pa.array([rule.amount_cents_min]))[0])


def _euro(cents: pa.Array) -> pa.Array:
    """Return sums as text; null stays null."""
    texts = format_minor_column(pc.fill_null(cents, 0).to_numpy(zero_copy_only=False))
    return pc.if_else(
        pc.is_valid(cents),
        pc.binary_join_element_wise(texts, " €", ""),
        pa.scalar(None, pa.string()),
    )


def _say_turnover(cents: pa.ChunkedArray, more: str, less: str) -> pa.Array:
    values = pc.fill_null(cents.combine_chunks(), 0)
    verb = pc.if_else(pc.greater(values, 0), f"{more} ", f"{less} ")
    told = pc.binary_join_element_wise(verb, _euro(pc.abs(values)), "")
    return pc.if_else(pc.equal(values, 0), pa.scalar(None, pa.string()), told)


def _say_message(moves: pa.Table) -> pa.Array:
    """Say which message goes out in place of which; null where it is the same, or there is none on
    a side.
    """
    then, now = (moves[f"message_{side}"].combine_chunks() for side, _ in _SIDES)
    told = pc.binary_join_element_wise(
        "съобщение: ", say(then, NOTICES), " → ", say(now, NOTICES), ""
    )
    return pc.if_else(pc.equal(then, now), pa.scalar(None, pa.string()), told)


def _say_lists(moves: pa.Table, group: str, title: str) -> pa.Array:
    """Say where an account stood and stands, of the groups of lists that it came to or left; null
    for the others.
    """
    moved = pc.or_(
        *(
            pc.match_substring(moves[f"lists_{name}"].combine_chunks(), group)
            for name in ("came", "left")
        )
    )
    places = [
        pc.fill_null(translate(moves[f"{group}_{side}"].combine_chunks()), "–")
        for side, _ in _SIDES
    ]
    told = pc.binary_join_element_wise(f"{title}: ", places[0], " → ", places[1], "")
    return pc.if_else(moved, told, pa.scalar(None, pa.string()))
