"""What people read: correct, kind, and silent before strangers."""

import re
from datetime import date
from itertools import product
from typing import Any

import pyarrow as pa
import pytest

from dunning.decisions.lists.proposals import SCHEMAS
from dunning.documents.messages.notice_mail import mail_files
from dunning.documents.messages.texts import VERSIONS, Letterhead, write_messages
from dunning.documents.words import TEMPLATES
from dunning.policy.policies import load_policy
from dunning.policy.rules import Supplier

AS_OF = date(2026, 11, 22)
SUPPLIER, PROFILE = load_policy().at(AS_OF).supplier, load_policy().at(AS_OF).profile
PAID_UNTIL = date(2026, 11, 19)


def message(channel: str = "sms", stage: str = "overdue", **facts: Any) -> dict[str, Any]:
    is_latin = facts.pop("is_latin", False)
    paid_until = facts.pop("paid_until", PAID_UNTIL)
    supplier = facts.pop("supplier", SUPPLIER)
    row = {
        "reference": "R",
        "premise_no": "0012344217",
        "payer_code": "900000000001",
        "stage": stage,
        "channel": channel,
        "address": "ул. Явор 3, 1324 София",
        "language": "bg",
        "service": "heat",
        "principal_cents": 8420,
        "items": 1,
        "name": "Проба Пробова",
        "oldest_due_on": date(2026, 10, 15),
        "newest_due_on": date(2026, 10, 15),
        "period_from": date(2026, 8, 1),
        "period_to": date(2026, 8, 31),
        "expired_cents": 0,
        "answer_until": date(2026, 12, 22) if stage == "final_warning" else None,
        "may_be_cut": facts.get("service") == "electricity",
    }
    rows = pa.Table.from_pylist([row | facts], SCHEMAS["reminders"])
    return write_messages(
        rows, Letterhead(AS_OF, supplier, paid_until, PROFILE, is_latin)
    ).to_pylist()[0]


def words(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            {},
            "Топлоснабдяване: по аб. № …4217 има 84,20 евро с изтекъл срок 15.10. Ако сте платили, благодарим. "
            "Разсрочване: 0700 11 111",
        ),
        (
            {
                "service": "electricity",
                "items": 3,
                "oldest_due_on": date(2024, 10, 15),
                "principal_cents": 123456,
            },
            "Електроснабдяване: по аб. № …4217 има 1234,56 евро с изтекъл срок от 15.10.2024. Ако сте платили, "
            "благодарим. Разсрочване: 0700 11 111",
        ),
        (
            {"stage": "final_warning"},
            "Топлоснабдяване: аб. № …4217 има 84,20 евро. След 22.12. се обръщаме към съда. "
            "Разсрочване: 0700 11 111. Платено? Благодарим.",
        ),
        (
            {"language": "en"},
            "Toplosnabdyavane: account No ...4217 has 84.20 EUR past due on 15.10.2026. If you have paid, thank you. "
            "Questions or instalments: 0700 11 111",
        ),
        (
            {"is_latin": True},
            "Toplosnabdyavane: po ab. No ...4217 ima 84,20 EUR s iztekal srok 15.10. Ako ste platili, blagodarim. "
            "Razsrochvane: 0700 11 111",
        ),
    ],
)
def test_sms(facts: dict[str, Any], expected: str) -> None:
    assert expected == message(**facts)["text"]


@pytest.mark.parametrize(
    ("service", "stage", "items", "due"),
    list(
        product(
            SUPPLIER.service_names,
            ("overdue", "final_warning"),
            (1, 9),
            (date(2023, 10, 15), AS_OF),
        )
    ),
)
def test_an_sms_fits_two_parts_and_in_latin_letters_one(
    service: str, stage: str, items: int, due: date
) -> None:
    facts = {"service": service, "items": items, "oldest_due_on": due, "principal_cents": 999_999}
    languages = [{}, {"is_latin": True}, {"language": "en"}]

    assert [2, 1, 1] == [
        message("sms", stage, **facts, **language)["segments"] for language in languages
    ]


LONG = Supplier(
    {
        "heat": "Топлоснабдяване „Юг“",
        "electricity": "Дружество за електроснабдяване „Родопи – изток“",
    },
    SUPPLIER.service_names_latin,
    SUPPLIER.phone,
    0,
)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (  # the due date goes first
            {"principal_cents": 12_345_678, "items": 3, "oldest_due_on": date(2024, 10, 15)},
            "Топлоснабдяване „Юг“: по аб. № …4217 има 123 456,78 евро с изтекъл срок. Ако сте платили, благодарим. "
            "Разсрочване: 0700 11 111",
        ),
        (  # then the phone
            {"stage": "final_warning", "service": "electricity"},
            "Дружество за електроснабдяване „Родопи – изток“: аб. № …4217 има 84,20 евро. След 22.12. се обръщаме към "
            "съда. Платено? Благодарим.",
        ),
    ],
)
def test_an_sms_that_is_too_long_loses_whole_clauses(facts: dict[str, Any], expected: str) -> None:
    row = message(supplier=LONG, **facts)

    assert (expected, 2) == (row["text"], row["segments"])


@pytest.mark.parametrize(
    ("channel_facts", "expected"),
    [
        ({}, "По аб. № …4217 има 84,20 евро с изтекъл срок. Ако сте платили, благодарим."),
        (
            {"stage": "final_warning"},
            "Аб. № …4217 има 84,20 евро. След 22.12. се обръщаме към съда. Платено? Благодарим.",
        ),
    ],
)
def test_number_sum_and_thanks_survive(channel_facts: dict[str, Any], expected: str) -> None:
    endless = Supplier(
        {"heat": "Топло " * 30 + "АД", "electricity": "Ток"},
        SUPPLIER.service_names_latin,
        "0" * 50,
        0,
    )
    row = message(supplier=endless, **channel_facts)

    assert (expected, True) == (row["text"], row["segments"] <= 2)


@pytest.mark.parametrize(
    ("channel", "stage", "language"), list(product(("email", "post"), VERSIONS, ("bg", "en")))
)
def test_letters_and_emails_say_how_to_pay(channel: str, stage: str, language: str) -> None:
    told = words(message(channel, stage, language=language)["text"])
    amount = "84,20 €" if language == "bg" else "84.20 €"

    assert "IBAN BG05XXXX12341012345678, BIC XXXXBGSF" in told
    assert f": {amount}\n" in told
    assert ": AB 0012344217 KP 900000000001\n" in told


def test_an_email() -> None:
    row = message("email", items=2)

    assert "Изтекъл срок за плащане по абонатен № …4217 – справка и разсрочване" == row["subject"]
    assert row["segments"] is None
    assert (
        "Здравейте,\n\n"
        "по абонатен № 0012344217 (код на платец 900000000001) има 84,20 € с изтекъл срок за плащане за периода "
        "01.08.2026 – 31.08.2026 г. (2 фактури, най-старата със срок 15.10.2026 г.).\n\n"
        "Може да платите с банков превод:\n"
        "Топлофикация Пример ЕАД, IBAN BG05XXXX12341012345678, BIC XXXXBGSF, Банка Пример АД\n"
        "Сума: 84,20 €\nОснование за плащане: AB 0012344217 KP 900000000001\n\n"
        "Плащанията са отразени до 19.11.2026 г. Ако сте платили след тази дата, благодарим Ви и не обръщайте внимание "
        "на това съобщение.\n\n"
        "Ако Ви е трудно да платите наведнъж, сумата може да се разсрочи: обадете се на 0700 11 111 или заповядайте "
        "във всеки наш център. Ако смятате, че сметката не е вярна, пишете ни и ще я проверим.\n\n"
        "С уважение,\nТоплоснабдяване\n0700 11 111"
    ) == words(row["text"])


def test_a_last_warning_by_letter() -> None:
    row = message("post", "final_warning", principal_cents=41_260, service="electricity")

    assert "Последно предупреждение по абонатен № 0012344217" == row["subject"]
    head = ["Проба Пробова", "ул. Явор 3, 1324 София", "", "22.11.2026 г.", "", "Здравейте,"]

    assert head == row["text"].split("\n")[:6]
    assert (
        "Ако до 22.12.2026 г. не платите 412,60 € и не поискате разсрочване, ще подадем заявление до съда. Тогава ще "
        "дължите и съдебни разноски."
    ) in words(row["text"])


def test_expired_items_stand_apart_without_demand() -> None:
    line = "За сведение: по същия номер стоят и 12,00 € с изтекла давност. Плащането им зависи само от Вас."

    assert line in words(message("email", expired_cents=1200)["text"]).split("\n")
    assert "давност" not in message("email")["text"]


def test_what_is_unknown_is_not_mentioned() -> None:
    text = message("email", period_from=None, paid_until=None)["text"]

    assert ("за периода" not in text, "отразени" not in text, "Ако вече сте платили" in text) == (
        True,
        True,
        True,
    )


def test_the_cost_that_paying_now_spares() -> None:
    dear = Supplier(SUPPLIER.service_names, SUPPLIER.service_names_latin, SUPPLIER.phone, 1550)
    line = "С плащане сега си спестявате разхода за възстановяване на захранването (15,50 €)."
    texts = [
        message("email", supplier=dear, service=service)["text"]
        for service in ("electricity", "heat")
    ]

    assert [True, False] == [line in words(text) for text in texts]


EVERY = list(
    product(
        ("sms", "email", "post"),
        ("overdue", "final_warning"),
        ("bg", "en"),
        ("heat", "electricity"),
    )
)


@pytest.mark.parametrize(("channel", "stage", "language", "service"), EVERY)
def test_every_message_is_kind(channel: str, stage: str, language: str, service: str) -> None:
    for expired, items, since in product((0, 1200), (1, 3), (None, date(2026, 8, 1))):
        row = message(
            channel,
            stage,
            language=language,
            service=service,
            expired_cents=expired,
            items=items,
            period_from=since,
        )
        told = f"{row['subject'] or ''}\n{row['text']}"

        assert [] == re.findall(r"!|длъжни|незабавно|None|\{|\}|https?:|  |\n\n\n|[А-Я]{4,}", told)
        assert re.search("благодарим|thank you", told, re.IGNORECASE)
        assert re.search("разсроч|instalments", told, re.IGNORECASE)
        assert SUPPLIER.phone in told


@pytest.mark.parametrize(("channel", "stage", "language", "service"), EVERY)
def test_nothing_for_a_strangers_eyes(
    channel: str, stage: str, language: str, service: str
) -> None:
    row = message(channel, stage, language=language, service=service)
    seen = row["text"] if channel == "sms" else row["subject"]
    of_channel = {"sms": ["0012344217"], "email": ["0012344217", "84"], "post": ["84"]}
    secrets = ["Проба", "900000000001", *of_channel[channel]]

    assert [] == [secret for secret in secrets if secret in seen]


def test_rows_keep_their_order_and_their_own_facts() -> None:
    rows = [
        message(channel, stage, language=language, service=service)
        for channel, stage, language, service in EVERY
    ]
    together = pa.Table.from_pylist(
        [{name: row[name] for name in SCHEMAS["reminders"].names} for row in rows],
        SCHEMAS["reminders"],
    )

    assert (
        rows
        == write_messages(together, Letterhead(AS_OF, SUPPLIER, PAID_UNTIL, PROFILE)).to_pylist()
    )


def test_every_template_is_used() -> None:
    folders = {"sms": "sms", "email": "email", "post": "letter"}
    used = {
        f"{folders[c]}/{stage}.v{n}.{language}.txt"
        for c, stage, language, _ in EVERY
        for n in range(1, VERSIONS[stage] + 1)  # what has once been sent is frozen
    }
    used |= {*mail_files(1), *mail_files(2)}
    found = {
        str(path.relative_to(TEMPLATES))
        for folder in folders.values()
        for path in (TEMPLATES / folder).iterdir()
    }

    assert used == found
