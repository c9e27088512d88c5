"""What a notice must say, word for word, of what was decided: written down apart from the program
that prints it.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from tests.jobs.nights import AS_OF

# What a last warning tells, in the order in which it is told: of one that may still be answered,
# and of one past.
WARNINGS = {
    ("bg", False): "Последно предупреждение|amount|answer_until|amount|warned_on",
    ("en", False): "Last warning|amount|amount|answer_until|warned_on",
    ("bg", True): "Последно предупреждение|amount|warned_on|answer_until|amount",
    ("en", True): "Last warning|amount|warned_on|answer_until|amount",
}
NOTES = {
    "bg": {
        "held": "{} не са включени в сумата за плащане: по тях има",
        "paid": "насам получихме от Вас {}.",
        "credit": "Имате надплатени {};",
        "expired": "по същия номер стоят и {} с изтекла давност",
        "plan": "По споразумението остават {}, които",
    },
    "en": {
        "held": "{} are not included in the sum to pay: there",
        "paid": "we have received {} from you.",
        "credit": "You have overpaid {};",
        "expired": "{} under the same number are past limitation",
        "plan": "Under the agreement {} remain,",
    },
}

# Of a new document that adds nothing in its own row, or not all of its sum: where it counts, or why
# it does not.
STANDINGS = {
    "bg": {
        "overdue": "Срокът е изтекъл; сумата за плащане е в реда „Просрочено“.",
        "held": " не влиза в „За плащане“: има възражение, проверка или съдебно дело.",
        "agreed": " не влиза в „За плащане“: плаща се по споразумението Ви за разсрочване.",
        "expired": " не влиза в „За плащане“: давността е изтекла и плащането зависи само от Вас.",
        "settled": "Не остава нищо за плащане, благодарим Ви.",
        "set_off": "Сумата е приспадната от сметките Ви",
    },
    "en": {
        "overdue": "Past its due date; the sum to pay is in the row “Overdue”.",
        "held": " does not count into “To pay”: there is an objection, an inquiry or a court case.",
        "agreed": " does not count into “To pay”: it is paid under your agreement on instalments.",
        "expired": " does not count into “To pay”: it is past limitation, and paying it is entirely up to you.",
        "settled": "Nothing remains to be paid, thank you.",
        "set_off": "The sum has been set off against your bills",
    },
}
OLDER = {
    "bg": ("Стои от по-рано", ", със срок за плащане "),
    "en": ("Open from earlier on", ", due by "),
}
DUE = {"bg": "Срок за плащане:", "en": "Due by"}

Row = dict[str, Any]


def money(cents: int, language: str, unit: str = "€") -> str:
    """Return a sum as it is printed, without its blanks."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}{',' if language == 'bg' else '.'}{rest:02d}{unit}"


def day(value: date | None, language: str) -> str:
    return f"{value:%d.%m.%Y}{'г.' if language == 'bg' else ''}" if value else "—"


def period(first: date | None, last: date | None, language: str) -> str:
    return f"{first:%d.%m.%Y}–{day(last, language)}" if first and last else ""


def squeezed(*texts: str | None) -> str:
    return "".join("".join((text or "").split()) for text in texts)


def assert_in_order(text: str, parts: list[str], whose: str) -> None:
    """Fail unless all parts stand in a text, each after the one before."""
    at = 0
    for part in parts:
        found = text.find(part, at)
        assert found >= 0, f"{whose}: {part!r} is not in {text[at : at + 300]!r}"
        at = found + len(part)


def sentences(row: Row, language: str) -> Iterator[list[str]]:
    """Yield what the blocks of a notice tell, in their order."""
    sums = {
        name: money(row[f"{name}_cents"], language)
        for name in ("warned", "overdue", "interest", "plan", "held")
    }
    sums |= {
        name: money(row[f"{name}_cents"], language)
        for name in ("instalment", "expired", "paid", "credit")
    }
    title, *told = WARNINGS[
        language, bool(row["warned_cents"]) and row["answer_until"] < AS_OF
    ].split("|")
    if row["warned_cents"]:
        facts = {name: day(row[name], language) for name in ("answer_until", "warned_on")} | {
            "amount": sums["warned"]
        }
        yield [squeezed(title), *(facts[name] for name in told)]
    if row["overdue_cents"]:
        spans = [period(one["from"], one["to"], language) for one in row["periods"]]
        yield [sums["overdue"], sums["overdue"], *spans, f"({row['overdue_items']}"]
        if row["interest_cents"]:
            yield [sums["overdue"], day(AS_OF, language), sums["interest"]]
    if row["instalment_cents"]:
        yield [
            row["agreement_no"],
            sums["instalment"],
            day(row["instalment_on"], language),
            sums["plan"],
        ]
    for name, words in NOTES[language].items():
        if row[f"{name}_cents"]:
            yield [squeezed(words.format(sums[name]))]
    if row["expired_cents"]:
        yield [f"{sums['expired']}", f"({row['expired_items']}"]


def rows_of(row: Row, language: str) -> Iterator[str]:
    """Yield every row of both tables as it is drawn, from left to right."""
    leva = "лв." if language == "bg" else "BGN"
    for item in row["items"]:
        span = period(item["period_from"], item["period_to"], language)
        original = (
            money(item["original_minor"], language, leva)
            if item["original_minor"] is not None
            else ""
        )
        original = squeezed("от " if language == "bg" else "of ", original) if original else ""
        number = squeezed(item["invoice_no"], span)
        end = squeezed(
            day(item["due_on"], language),
            str(item["days_overdue"]),
            money(item["open_cents"], language),
        )
        yield number + end + original if span else end + original
    for older in row["pending"]:
        yield head(older, language) + money(older["open_cents"], language)
        until = (
            squeezed(OLDER[language][1], day(older["pay_on"], language)) if older["pay_on"] else ""
        )
        yield squeezed(OLDER[language][0]) + until
    for line in row["lines"]:
        unit = leva if line["is_bgn"] else "€"
        yield head(line, language) + (
            money(line["open_cents"], language) if line["standing"] == "to_pay" else ""
        )
        yield from remark(line, language)
        if line["label"] is not None:
            figures = [line[name] or "" for name in ("quantity", "unit_price")]
            figures = [text.replace(".", ",") if language == "bg" else text for text in figures]
            yield squeezed(line["unit"], *figures, money(line["amount_minor"], language, unit))
            yield squeezed(line["label"])[:20]  # one that is too long goes on in a row of its own


def head(document: Row, language: str) -> str:
    """Return number and period of a document."""
    span = period(document["period_from"], document["period_to"], language)
    words = (
        squeezed(", за периода " if language == "bg" else ", for the period ", span) if span else ""
    )
    return squeezed("№" if language == "bg" else "No.", document["invoice_no"]) + words


def remark(line: Row, language: str) -> Iterator[str]:
    """Yield what stands below a new document of which not all, or nothing, is to pay in its own
    row.
    """
    if line["standing"] != "to_pay":
        yield squeezed(STANDINGS[language][line["standing"]])
    elif line["open_cents"] != line["bill_cents"]:
        yield squeezed(DUE[language], day(line["pay_on"], language))
    if 0 < line["open_cents"] != line["bill_cents"]:
        whole, settled = (
            money(line["bill_cents"] - left, language) for left in (0, line["open_cents"])
        )
        yield squeezed(f"Общо {whole}" if language == "bg" else whole)
        yield squeezed(
            f", погасени {settled}." if language == "bg" else f", {settled} of it settled."
        )
