"""An account's story as one page of Bulgarian text, for a screen or a complaint file."""

import io
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from dunning.core.money import format_minor
from dunning.documents.bulgarian import WORDS
from dunning.documents.pages.html import write_moment
from dunning.documents.pages.why_text import explain_stage, tell_stage

Row = dict[str, Any]

# Columns that may not be wrapped: days, sums, numbers of documents.
_FIXED = frozenset(
    (
        "фактура",
        "номер",
        "срок",
        "сума",
        "остава",
        "лихва",
        "дни",
        "давност",
        "от",
        "до",
        "на",
        "върху",
        "период",
    )
)
STAGES = {
    "current": "без просрочие",
    "overdue": "просрочено",
    "final_warning": "последно предупреждение",
    "court_bound": "за съд",
    "limitation_near": "за съд (изтичаща давност)",
}
NOTICES = {
    "overdue": "напомняне",
    "final_warning": "последно предупреждение",
    "disconnection": "предупреждение за прекъсване",
}
SHIELDS = {None: "", "court": "съд", "agreement": "споразумение", "hold": "задържане"}
HOLDS = {
    "dispute": "оспорване",
    "complaint": "рекламация",
    "deceased": "починал",
    "insolvency": "несъстоятелност",
    "vulnerable": "уязвим клиент",
    "life_support": "животоподдържаща апаратура",
    "manual": "решение на служител",
    "application": "молба за разсрочване",
    "promise": "обещано плащане",
}
CASES = {
    "filed": "заведено",
    "order_issued": "издадена заповед",
    "enforcement": "изпълнение",
    "closed": "приключено",
}
OUTCOMES = {
    "granted": "уважено",
    "rejected": "отхвърлено",
    "withdrawn": "оттеглено",
    "paid": "платено",
}
STEPS = {
    "proposed": "предложено",
    "waiting": "чака одобрение",
    "withheld": "задържано",
    "struck": "зачеркнато",
    "approved": "одобрено",
    "automatic": "одобрено автоматично",
    "rejected": "отказано",
    "expired": "без отговор",
    "left": "излязло",
    "stayed": "остава тук след последната проверка",
    "recalled": "отзовано",
    "replaced": "не е излязло, заменено от списъка към",
    "person": "за преглед, преди да излезе",
}


def render_story(
    story: Any, proposals: list[Row], reasons: Mapping[str, str], width: int = 200
) -> str:
    """Return a story (`decisions.story.Story`) as text.

    Args:
        proposals: what the night's run put on its lists about this account, or withheld, and what
            became of it.
        reasons: what each code of an account says in Bulgarian.
        width: characters a line.
    """
    page = Console(
        file=io.StringIO(), width=width, no_color=True, highlight=False, emoji=False, markup=False
    )
    _head(page, story)
    _stage(page, story, reasons)
    _proposals(page, proposals)
    for title, columns, rows in story_tables(story):
        if rows:
            _table(page, title, columns, rows)
    assert isinstance(page.file, io.StringIO)
    lines = [line.rstrip() for line in page.file.getvalue().splitlines()]
    return "\n".join(line for n, line in enumerate(lines) if line or lines[n - 1]).rstrip() + "\n"


def _head(page: Console, story: Any) -> None:
    account = story.account
    page.print(
        f"Абонатен № {story.premise_no}, код на платец {story.payer_code} ({WORDS[story.service]})"
    )
    page.print(f"Състояние към края на {_day(story.as_of)}; правила {story.version}")
    page.print(
        f"Неплатено {_euro(account['open_cents'])}, от него просрочено {_euro(account['overdue_cents'])} "
        f"({_count(account['overdue_items'], 'фактура', 'фактури')}), задържано {_euro(account['shielded_cents'])}; "
        f"лихва {_euro(account['interest_cents'])}; надплатено {_euro(account['credit_cents'])}"
    )
    if account["oldest_due_on"]:
        page.print(
            f"Най-стар изтекъл срок {_day(account['oldest_due_on'])} "
            f"({_count(account['days_overdue'], 'ден', 'дни')}); първа давност {_day(account['limitation_on'])}"
        )


def _stage(page: Console, story: Any, reasons: Mapping[str, str]) -> None:
    page.print(
        f"\nЕтап: {STAGES[story.account['stage']].upper()} (правило: {explain_stage('bg', story).rule})"
    )
    for line in tell_stage(story, reasons):
        page.print(line)
    table = _grid(
        "Условия", "етап", "гледа", "сума", "нужна", "дни", "нужни", "след съобщение", "изпълнено"
    )
    for condition in story.conditions:
        rule = condition.rule
        notice = (
            f"{NOTICES[rule.after_notice]}, {rule.served_days_min} дни" if rule.after_notice else ""
        )
        table.add_row(
            STAGES[condition.way],
            _count(condition.items, "фактура", "фактури"),
            _euro(condition.cents),
            _euro(rule.amount_cents_min),
            str(condition.days),
            str(rule.days_overdue_min),
            notice,
            "да" if condition.is_reached else "не",
        )
    page.print(table)


def _proposals(page: Console, proposals: list[Row]) -> None:
    for row in proposals:
        what = NOTICES[row["stage"]] if row["list"] == "reminders" else WORDS[row["list"]]
        told = "; ".join(say_step(step) for step in row["steps"])
        page.print(f"Тази нощ – {what}, {_euro(row['total_cents'])}: {told}")


def say_step(step: Any) -> str:
    """Return one step of a row's fate (`jobs.fate.Step`) as Bulgarian text."""
    when = write_moment(step.at) if step.at else ""
    if step.what in ("withheld", "person"):
        said = "; ".join(WORDS.get(code, code) for code in step.note.split())
        return STEPS[step.what] + (f": {said}" if said else "")
    if step.what == "replaced":
        return f"{STEPS[step.what]} {_day(step.on)}"
    note = f" („{step.note}“)" if step.note else ""
    return (
        " ".join(filter(None, (STEPS[step.what], when, f"от {step.by}" if step.by else ""))) + note
    )


def story_tables(story: Any) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Return every table of a story as title, headings and rows of Bulgarian text; some may have no
    rows.
    """
    tables = story.tables
    return [
        (
            "Неплатени фактури",
            (
                "фактура",
                "вид",
                "период",
                "срок",
                "сума",
                "остава",
                "лихва",
                "дни",
                "задържа",
                "давност",
                "в етапа",
            ),
            [_item(row) for row in tables["items"]],
        ),
        (
            "Лихва по отсечки",
            ("фактура", "от", "до", "дни", "годишно", "върху", "лихва"),
            [
                (
                    row["invoice_no"],
                    _day(row["from_on"]),
                    _day(row["to_on"]),
                    str(row["days"]),
                    f"{row['rate_percent']} %",
                    _money(row["principal_minor"], row["is_bgn"]),
                    _euro(row["interest_cents"]),
                )
                for row in tables["segments"]
            ],
        ),
        (
            "Плащания и кредитни известия",
            ("номер", "на", "сума", "погасява", "бележка"),
            [_payment(row, tables["pieces"], story.as_of) for row in tables["payments"]],
        ),
        (
            "Споразумения",
            (
                "номер",
                "подписано",
                "прекратено",
                "погасено",
                "дължимо досега",
                "състояние",
                "нарушава се на",
            ),
            [_agreement(row) for row in tables["agreements"]],
        ),
        (
            "Вноски",
            ("споразумение", "вноска", "срок", "сума"),
            [
                (
                    row["agreement_no"],
                    str(row["seq"]),
                    _day(row["due_on"]),
                    _money(row["amount_minor"], row["is_bgn"]),
                )
                for row in tables["instalments"]
            ],
        ),
        (
            "Разсрочени фактури",
            ("споразумение", "фактура"),
            [(row["agreement_no"], row["invoice_no"]) for row in tables["agreement_items"]],
        ),
        (
            "Задържания",
            ("номер", "причина", "за", "от", "до (без)", "кой", "бележка"),
            [
                (
                    row["hold_no"],
                    HOLDS[row["reason"]],
                    row["item"] or "цялата партида",
                    _day(row["valid_from"]),
                    _day(row["valid_until"]),
                    row["author"] or "",
                    row["note"] or "",
                )
                for row in tables["holds"]
            ],
        ),
        (
            "Съдебни дела",
            ("дело", "заведено", "етап", "от", "изход"),
            [
                (
                    row["case_no"],
                    _day(row["filed_on"]),
                    CASES[row["stage"]],
                    _day(row["stage_on"]),
                    OUTCOMES.get(row["outcome"], ""),
                )
                for row in tables["cases"]
            ],
        ),
        (
            "Съобщения",
            ("номер", "вид", "канал", "изпратено", "връчено", "невръчено"),
            [
                (
                    row["notice_no"],
                    NOTICES[row["stage"]],
                    WORDS.get(row["channel"], row["channel"]),
                    _day(row["sent_on"]),
                    _day(row["served_on"]),
                    _day(row["failed_on"]),
                )
                for row in tables["notices"]
            ],
        ),
        (
            "Периоди на ползване",
            ("от", "до (без)", "дял"),
            [
                (_day(row["valid_from"]), _day(row["valid_until"]), row["share"] or "1")
                for row in tables["tenancies"]
            ],
        ),
    ]


def _item(row: Row) -> tuple[str, ...]:
    period = _period(row["period_from"], row["period_to"])
    limitation = _day(row["limitation_on"]) + (" (изтекла)" if row["is_expired"] else "")
    return (
        row["invoice_no"],
        WORDS[row["kind"]],
        period,
        _day(row["due_on"]),
        _money(row["amount_minor"], row["is_bgn"]),
        _euro(row["open_cents"]),
        _euro(row["interest_cents"]),
        str(row["days_overdue"]),
        SHIELDS[row["shield"]],
        limitation,
        "да" if row["is_in_stage"] else "",
    )


def _period(first: date | None, last: date | None) -> str:
    """Say a service period: whole months as `10.2026` or `05.2025–04.2026`, else its days; empty if
    not known.
    """
    if first is None or last is None:
        return ""
    if first.day == 1 and (last + timedelta(days=1)).day == 1:
        months = [f"{day:%m.%Y}" for day in (first, last)]
        return months[0] if months[0] == months[1] else "–".join(months)
    return f"{_day(first)}–{_day(last)}"


def _payment(row: Row, pieces: list[Row], as_of: date) -> tuple[str, ...]:
    notes = []
    if row["is_note"]:
        notes.append("кредитно известие")
    if row["item"]:
        notes.append(f"посочва {row['item']}")
    if row["named_no"]:
        notes.append(
            f"посочва {row['named_no']}, към която не може да се зачете: отива към най-старите"
        )
    if row["reversed_on"] and row["reversed_on"] <= as_of:
        notes.append(f"сторнирано на {_day(row['reversed_on'])}")
    settled = [_piece(piece, row) for piece in pieces if piece["payment_no"] == row["payment_no"]]
    amount = _money(row["amount_minor"], row["is_bgn"])
    return row["payment_no"], _day(row["paid_on"]), amount, ", ".join(settled), "; ".join(notes)


def _piece(piece: Row, payment: Row) -> str:
    """Say what a piece settled; when, where that is later than the payment."""
    later = f" на {_day(piece['settled_on'])}" if piece["settled_on"] != payment["paid_on"] else ""
    carried = " (от надплатеното в лева)" if piece["rule"] == "carried" else ""
    return (
        f"{piece['invoice_no']}: {_money(piece['amount_minor'], piece['is_bgn'])}{later}{carried}"
    )


def _agreement(row: Row) -> tuple[str, ...]:
    state = "спазва се" if row["is_kept"] else "нарушено" if row["is_broken"] else "не действа"
    return (
        row["agreement_no"],
        _day(row["signed_on"]),
        _day(row["cancelled_on"]),
        _euro(row["settled_cents"]),
        _euro(row["due_cents"]),
        state,
        _day(row["breaks_on"]) if row["is_kept"] else "",
    )


def _grid(title: str, *columns: str) -> Table:
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, title_style=""
    )
    for column in columns:
        is_fixed = column in _FIXED
        is_number = column in (
            "сума",
            "нужна",
            "остава",
            "лихва",
            "дни",
            "нужни",
            "върху",
            "годишно",
            "погасено",
        )
        table.add_column(
            column, justify="right" if is_number else "left", overflow="fold", no_wrap=is_fixed
        )
    return table


def _table(
    page: Console, title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]
) -> None:
    table = _grid(title, *columns)
    for row in rows:
        table.add_row(*row)
    page.print(table)


def _day(day: date | None) -> str:
    return f"{day:%d.%m.%Y}" if day else ""


def _euro(cents: int) -> str:
    return f"{format_minor(cents)} €"


def _money(minor: int, is_bgn: bool) -> str:
    return f"{format_minor(minor)} {'лв.' if is_bgn else '€'}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
