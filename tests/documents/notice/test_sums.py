"""„За плащане“ is the sum of what stands in its column, in both ways of drawing: added up from what
is printed.
"""

import re
from datetime import timedelta
from itertools import groupby
from random import Random
from typing import Any

import pytest

from dunning.core.formats import NBSP
from dunning.documents.notice.content import Content, write_contents
from tests.decisions.notice_buckets import propose
from tests.decisions.notice_crowds import draw_world
from tests.documents.notice.notices import (
    PRESS,
    line,
    mixed,
    notice,
    overdue,
    pending,
    read_column,
    read_pages,
    table,
    variants,
)
from tests.documents.notice.test_fast_is_plain import draw_both
from tests.oracle.facts import Policy
from tests.properties.crowds import NIGHTS

Row = dict[str, Any]


def cents(said: str) -> int:
    """Return a sum as it is printed, in cents."""
    assert re.fullmatch(rf"-?\d[\d{NBSP}]*[.,]\d\d{NBSP}€", said), said
    return (-1 if said.startswith("-") else 1) * int(re.sub(r"\D", "", said))


def printed(content: Content, n: int) -> list[int]:
    """Return what stands in the column of a notice, by its content."""
    rows = content.bills.cells[content.bills.at[n] : content.bills.at[n + 1]]
    said = [cells[-1] for kind, cells in rows if kind == "bill"]
    said += [content.values["overdue_amount"][n]] if content.lines["overdue"][n] else []
    return [cents(text) for text in said if text]


def crowd(seed: int) -> list[Row]:
    """Return the notices of odd accounts, some of which were not written to for years."""
    random, as_of = Random(seed), NIGHTS[seed % len(NIGHTS)]
    world = draw_world(random, 50, as_of)
    numbers = sorted(invoice.invoice_no for facts in world.crowd for invoice in facts.invoices)
    shown = frozenset(random.sample(numbers, len(numbers) // 3))
    long_ago = as_of - timedelta((62, 400, 4000)[seed % 3])
    parts = (
        propose(world, Policy(), as_of, as_of - timedelta(31), name, long_ago, shown)[0]
        for name in ("heat", "electricity")
    )
    return [row for part in parts for row in part]


def standings(row: Row) -> frozenset[str]:
    return frozenset(
        {each["standing"] for each in row["lines"]} | ({"older"} if row["pending"] else set())
    )


@pytest.mark.parametrize("seed", [None, *range(40, 52)])
def test_whatever_an_account_is_like_its_column_adds_up_to_what_is_to_pay(seed: int | None) -> None:
    def language_and_service(row: Row) -> tuple[str, str]:
        return row["language"], row["service"]

    rows = sorted(variants() if seed is None else crowd(seed), key=language_and_service)
    assert len({standing for row in rows for standing in standings(row)}) >= 3
    for (language, service), some in groupby(rows, language_and_service):
        own = list(some)
        content = write_contents(table(*own), PRESS, language, service)
        assert [sum(printed(content, n)) for n in range(len(own))] == [
            cents(t) for t in content.values["total"]
        ]
        assert [cents(text) for text in content.values["total"]] == [
            row["total_cents"] for row in own
        ]


def test_so_it_stands_on_the_paper_of_both_ways() -> None:
    """Of each set of standings in a crowd one notice, and variants with rows that do not add."""
    kinds: dict[frozenset[str], Row] = {}
    for row in sorted(crowd(41) + crowd(42), key=lambda row: len(row["lines"])):
        kinds.setdefault(standings(row), row)
    rows = [*variants()[-8:], *(row for kind, row in kinds.items() if len(kind) >= 2)]
    assert len(rows) > 10
    for row in rows:
        for document in filter(None, draw_both(row)):
            assert sum(read_column(document)) == row["total_cents"], (
                standings(row),
                read_column(document),
            )


REMARKS = [
    "Фактура № 3466000002, за периода 01.08.2026 – 31.08.2026 г. 25,00 € "
    "Общо 45,00 €, погасени 20,00 €. Срок за плащане: 15.12.2026 г. Топлинна",
    "Фактура № 3466000003, за периода 01.07.2026 – 31.07.2026 г. "
    "Общо 30,00 €. Сумата не влиза в „За плащане“: има възражение, проверка или съдебно дело. Топлинна",
    "Фактура № 3466000004, за периода 01.06.2026 – 30.06.2026 г. Общо 60,00 €, погасени 25,00 €. "
    "Остатъкът не влиза в „За плащане“: плаща се по споразумението Ви за разсрочване. Топлинна",
    "Прогнозна сметка № 3466000005, за периода 01.05.2026 – 31.05.2026 г. Общо 22,00 €. "
    "Сумата не влиза в „За плащане“: давността е изтекла и плащането зависи само от Вас. Топлинна",
    "Фактура № 3466000006, за периода 01.04.2026 – 30.04.2026 г. "
    "Общо 50,00 €, погасени 50,00 €. Не остава нищо за плащане, благодарим Ви. Топлинна",
    "Фактура № 3466000001, за периода 01.09.2026 – 30.09.2026 г. "
    "Общо 60,00 €, погасени 20,00 €. Срокът е изтекъл; сумата за плащане е в реда „Просрочено“.",
    "Кредитно известие № 3466000007 Общо 18,00 €. Сумата е приспадната от сметките Ви. Фактура",
    "Фактура № 3466000008, за периода 01.02.2026 – 28.02.2026 г. 20,00 € "
    "Общо 45,00 € (88,01 лв.), погасени 25,00 €. Срок за плащане: 15.12.2026 г. Топлинна",
    "Фактура № 3466053938, за периода 01.10.2026 – 31.10.2026 г. 84,20 € Топлинна",
    "Фактура № 3466000009, за периода 01.01.2026 – 31.01.2026 г. 30,00 € "
    "Общо 50,00 €, погасени 20,00 €. Стои от по-рано, със срок за плащане 20.12.2026 г. Върната",
    "Върната сума № 3466000010, за периода 01.12.2025 – 31.12.2025 г. 7,00 € Стои от по-рано. Просрочено 40,00 €",
]


def words(row: Row) -> str:
    return " ".join(" ".join(read_pages(draw_both(row)[1])).replace(NBSP, " ").split())


def test_a_row_that_does_not_add_says_why_or_where() -> None:
    said = words(mixed())

    assert [remark for remark in REMARKS if remark not in said] == []
    assert read_column(draw_both(mixed())[1]) == [25_00, 20_00, 84_20, 30_00, 7_00, 40_00]


def test_a_credit_note_that_was_more_than_needed_says_where_the_rest_is() -> None:
    note = line(
        None,
        -3000,
        bill_minor=-3000,
        kind="credit_note",
        standing="set_off",
        open_cents=0,
        pay_on=None,
    )

    assert (
        "Общо 30,00 €. Сумата е приспадната от сметките Ви; каквото не е било нужно, стои като надплатено."
        in words(notice(lines=[note], total_cents=0, credit_cents=1200))
    )


def test_wording_that_was_sent_before_says_each_new_document_with_its_own_sum() -> None:
    """Version 1 has no words for why a row would not add: its rows stay as they were sent."""
    press = type(PRESS)(PRESS.as_of, PRESS.since, PRESS.paid_until, PRESS.profile, PRESS.phone, 1)
    content = write_contents(table(mixed(), overdue(2, pending=[pending(5)])), press, "bg", "heat")
    rows = [cells for kind, cells in content.bills.cells if kind == "bill"]

    assert [text.replace(NBSP, " ") for _, text in rows] == [
        "45,00 €",
        "30,00 €",
        "60,00 €",
        "22,00 €",
        "50,00 €",
        "60,00 €",
        "-18,00 €",
        "88,01 лв.",
        "84,20 €",
        "84,20 €",
    ]
    assert {kind for kind, _ in content.bills.cells} == {"bill", "line"}
