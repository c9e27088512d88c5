"""Who is reminded, warned for the last time, or withheld, and by which channel."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from dunning.decisions.lists.contact_points import normalise_emails, normalise_mobiles
from dunning.decisions.lists.reminders import propose_reminders
from dunning.policy.policies import load_policy
from tests.decisions.evidence import AS_OF, Evidence

RULES = load_policy().at(AS_OF)


def one_account(stage: str = "overdue", **account: Any) -> Evidence:
    """An account with 184,20 open since 15.10.2026 and a mobile number."""
    evidence = Evidence()
    evidence.premise()
    evidence.payer()
    evidence.account(stage=stage, **account)
    evidence.item(0, 18420, "2026-10-15", period_from=date(2026, 8, 1), period_to=date(2026, 8, 31))
    evidence.contact(0, "sms", "0888 123 456")
    return evidence


def listed(evidence: Evidence) -> list[dict[str, Any]]:
    return propose_reminders(evidence.bucket, evidence.decision, RULES, evidence.history)[
        "reminders"
    ].to_pylist()


def withheld(evidence: Evidence) -> list[tuple[str, str, int, str]]:
    rows = propose_reminders(evidence.bucket, evidence.decision, RULES, evidence.history)[
        "withheld"
    ].to_pylist()
    return [(row["list"], row["stage"], row["principal_cents"], row["reason"]) for row in rows]


def stages(evidence: Evidence) -> list[str]:
    return [row["stage"] for row in listed(evidence)]


def ago(days: int) -> str:
    return (AS_OF - timedelta(days)).isoformat()


def test_a_reminder_says_what_is_demanded_and_where_it_goes() -> None:
    expected = {
        "reference": "20261122-OS-0012344217-900000000001",
        "premise_no": "0012344217",
        "payer_code": "900000000001",
        "stage": "overdue",
        "channel": "sms",
        "address": "+359888123456",
        "language": "bg",
        "service": "electricity",
        "name": None,
        "principal_cents": 18420,
        "items": 1,
        "oldest_due_on": date(2026, 10, 15),
        "newest_due_on": date(2026, 10, 15),
        "period_from": date(2026, 8, 1),
        "period_to": date(2026, 8, 31),
        "expired_cents": 0,
        "answer_until": None,
        "district": "Люлин",
        "may_be_cut": True,
    }

    assert [expected] == listed(one_account())


def test_nobody_current_is_reminded() -> None:
    assert ([], []) == (listed(one_account("current")), withheld(one_account("current")))


@pytest.mark.parametrize(
    ("days", "expected"), [(1, []), (29, []), (30, ["overdue"]), (31, ["overdue"])]
)
@pytest.mark.parametrize("before", ["overdue", "final_warning"])
@pytest.mark.parametrize("stage", ["overdue", "court_bound"])
def test_one_message_in_thirty_days(
    stage: str, before: str, days: int, expected: list[str]
) -> None:
    evidence = one_account(stage)
    evidence.notice(0, before, ago(days))

    assert expected == stages(evidence)


@pytest.mark.parametrize("before", ["overdue", "final_warning"])
def test_a_message_that_failed_bars_no_next_one(before: str) -> None:
    evidence = one_account()
    evidence.notice(0, before, ago(3), failed=ago(0))
    other = one_account()
    other.notice(0, before, ago(3), failed=ago(-1))

    assert (["overdue"], []) == (stages(evidence), stages(other))


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([(10000, "2026-01-15", "2028-01-01")], "final_warning"),
        ([(9999, "2026-01-15", "2028-01-01")], "overdue"),
        ([(6000, "2026-01-15", "2028-01-01"), (4000, "2026-10-15", "2028-01-01")], "final_warning"),
        # 6000 expire before a warning by SMS or letter counts: 4000 never reach the court
        ([(6000, "2026-01-15", "2026-12-27"), (4000, "2026-10-15", "2028-01-01")], "overdue"),
        ([(6000, "2026-01-15", "2026-12-28"), (4000, "2026-10-15", "2028-01-01")], "final_warning"),
    ],
)
def test_a_last_warning_only_where_the_court_can_follow(
    items: list[tuple[int, str, str]], expected: str
) -> None:
    evidence = one_account("final_warning")
    evidence.rows["items"].clear()
    evidence.open.clear()
    for cents, due, limitation in items:
        evidence.item(0, cents, due, limitation_on=limitation)

    assert [expected] == stages(evidence)


def test_what_is_too_young_for_the_court_while_a_warning_counts_is_not_warned_of() -> None:
    found = []
    for days in (360, 361):  # served tomorrow by SMS, it counts for 180 days from then on
        evidence = one_account("final_warning")
        court = replace(
            RULES.stages.court_bound,
            days_overdue_min=days - (date(2026, 10, 15) - AS_OF).days - 179,
        )
        rules = replace(RULES, stages=replace(RULES.stages, court_bound=court))
        proposed = propose_reminders(evidence.bucket, evidence.decision, rules, evidence.history)
        found += [row["stage"] for row in proposed["reminders"].to_pylist()]

    assert ["final_warning", "overdue"] == found


def test_a_disconnection_warning_or_a_notice_of_tomorrow_bars_no_reminder() -> None:
    evidence = one_account()
    evidence.notice(0, "disconnection", ago(3))
    evidence.notice(0, "overdue", ago(-1))

    assert ["overdue"] == stages(evidence)


def test_a_last_warning_wins_over_the_reminder_of_the_same_night() -> None:
    row = listed(one_account("final_warning"))[0]

    # SMS counts as served after 1 day, and the court stage waits for 30.
    assert ("final_warning", date(2026, 12, 23), "20261122-FS-0012344217-900000000001") == (
        row["stage"],
        row["answer_until"],
        row["reference"],
    )


@pytest.mark.parametrize(
    ("sent", "failed", "expected"),
    [
        (ago(10), None, []),  # names the item, nothing else to send
        (ago(10), ago(9), ["final_warning"]),  # came back
        (ago(10), ago(-1), []),  # comes back tomorrow
        (ago(179), None, ["final_warning"]),  # before the item fell due: does not name it
        ("2026-10-15", None, ["final_warning"]),  # on the due day: not overdue yet, not named
        ("2026-10-16", None, ["overdue"]),  # names it; 37 days ago, so the next reminder is due
    ],
)
def test_a_last_warning_goes_once_for_the_same_items(
    sent: str, failed: str | None, expected: list[str]
) -> None:
    evidence = one_account("final_warning")
    evidence.notice(0, "final_warning", sent, failed=failed)

    assert expected == stages(evidence)


@pytest.mark.parametrize(("days", "expected"), [(179, ["overdue"]), (180, ["final_warning"])])
def test_a_last_warning_is_repeated_after_180_days(days: int, expected: list[str]) -> None:
    evidence = one_account("final_warning")
    evidence.rows["items"][0]["due_on"] = date(2026, 1, 15)
    evidence.notice(0, "final_warning", ago(days))

    assert expected == stages(evidence)


def test_a_last_warning_demands_its_items_and_a_reminder_all_that_has_not_expired() -> None:
    evidence = one_account("final_warning")
    evidence.item(0, 1000, "2026-11-10", is_in_stage=False)
    evidence.item(0, 700, "2020-11-10", is_in_stage=False, is_expired=True)
    warning = listed(evidence)[0]
    evidence.stages[0] = "overdue"
    reminder = listed(evidence)[0]

    assert (18420, 1, 700) == (
        warning["principal_cents"],
        warning["items"],
        warning["expired_cents"],
    )
    assert (19420, 2, 700) == (
        reminder["principal_cents"],
        reminder["items"],
        reminder["expired_cents"],
    )


def test_nothing_is_demanded_of_whoever_owes_only_what_has_expired() -> None:
    evidence = one_account()
    evidence.open[0]["is_expired"] = True

    assert ([], [("reminders", "overdue", 0, "expired_only")]) == (
        listed(evidence),
        withheld(evidence),
    )


def test_refused_evidence_withholds() -> None:
    evidence = one_account("final_warning", is_refused=True)

    assert ([], [("reminders", "final_warning", 18420, "refused_evidence")]) == (
        listed(evidence),
        withheld(evidence),
    )


@pytest.mark.parametrize(
    ("channel", "address", "smallest"),
    [
        ("sms", "0888123456", 100),
        ("email", "a@example.bg", 100),
        ("post", "ул. Бор 1, 1000 София", 500),
    ],
)
def test_smallest_sum_of_a_channel(channel: str, address: str, smallest: int) -> None:
    results = []
    for cents in (smallest, smallest - 1):
        evidence = one_account()
        evidence.rows["contacts"].clear()
        evidence.contact(0, channel, address)
        evidence.open[0]["open_cents"] = cents
        results.append((len(listed(evidence)), [row[-1] for row in withheld(evidence)]))

    assert [(1, []), (0, ["below_channel_minimum"])] == results


def reached(evidence: Evidence) -> tuple[str, str] | str:
    rows = listed(evidence)
    return (rows[0]["channel"], rows[0]["address"]) if rows else withheld(evidence)[0][-1]


def test_sms_then_email_then_post_contact_then_postal_then_premise() -> None:
    evidence = one_account()
    contacts = evidence.rows["contacts"]
    steps = [reached(evidence)]
    contacts[0]["address"] = "02 987 65 43"  # a landline cannot receive an SMS
    evidence.contact(0, "email", "proba@example.bg")
    steps.append(reached(evidence))
    contacts[1]["address"] = "proba at example"
    evidence.contact(0, "post", "п.к. 12, 1000 София")
    steps.append(reached(evidence))
    contacts.clear()
    postal = {
        "postal_address": "бул. Рила 5",
        "postal_settlement": "Перник",
        "postal_postcode": "2300",
    }
    evidence.rows["payers"][0].update(postal)
    steps.append(reached(evidence))
    evidence.rows["payers"][0].update(dict.fromkeys(postal))
    steps.append(reached(evidence))
    evidence.rows["tenancies"][0]["valid_until"] = AS_OF
    steps.append(reached(evidence))

    assert [
        ("sms", "+359888123456"),
        ("email", "proba@example.bg"),
        ("post", "п.к. 12, 1000 София"),
        ("post", "бул. Рила 5, 2300 Перник"),
        ("post", "ул. Явор 3, 1324 София"),
        "no_address",
    ] == steps


def test_only_a_letter_carries_the_name() -> None:
    evidence = one_account()
    evidence.rows["contacts"].clear()

    assert "Проба Пробова" == listed(evidence)[0]["name"]


@pytest.mark.parametrize(
    ("contacts", "expected"),
    [
        ([("0888000001", "2020-01-01", None), ("0888000002", "2021-01-01", None)], "+359888000002"),
        ([("0888000001", "2020-01-01", None), ("0888000002", "2026-11-22", None)], "+359888000002"),
        ([("0888000001", "2020-01-01", None), ("0888000002", "2026-11-23", None)], "+359888000001"),
        ([("0888000001", "2020-01-01", None), ("0888000002", "2021-01-01", "2026-11-22")], None),
        (
            [("0888000001", "2020-01-01", None), ("0888000002", "2021-01-01", "2026-11-23")],
            "+359888000002",
        ),
        ([("0888000001", "2020-01-01", None), ("02 123 4567", "2021-01-01", None)], None),
        (
            [("0888000001", "2020-01-01", None), ("02 123 4567", "2020-01-01", None)],
            "+359888000001",
        ),
        (
            [("0888000001", "2020-01-01", "2026-11-22"), ("0888000002", "2020-01-01", None)],
            "+359888000002",
        ),
        (
            [("0888000001", "2020-01-01", "2021-01-01"), ("0888000001", "2022-01-01", None)],
            "+359888000001",
        ),
        ([("0888000001", "2020-01-01", None), ("0888000002", "2020-01-01", None)], "+359888000001"),
    ],
)
def test_the_newest_registration_decides(
    contacts: list[tuple[str, str, str | None]], expected: str | None
) -> None:
    evidence = one_account()
    evidence.rows["contacts"].clear()
    for address, since, until in contacts:
        evidence.contact(0, "sms", address, since, until)

    assert (("sms", expected) if expected else ("post", "ул. Явор 3, 1324 София")) == reached(
        evidence
    )


def test_a_contact_for_post_that_is_revoked_ends_the_channel() -> None:
    evidence = one_account()
    evidence.rows["contacts"].clear()
    evidence.rows["payers"][0]["postal_address"] = "бул. Рила 5"
    evidence.contact(0, "post", "п.к. 12, 1000 София", until="2026-11-22")

    assert "no_address" == reached(evidence)


@pytest.mark.parametrize(
    ("registered", "expected"),
    [("2020-01-01", "email"), ("2026-11-20", "email"), ("2026-11-21", "sms")],
)
def test_a_channel_whose_newest_message_failed_is_out_until_it_is_registered_anew(
    registered: str, expected: str
) -> None:
    evidence = one_account()
    evidence.rows["contacts"][0]["registered_at"] = datetime.fromisoformat(registered)
    evidence.contact(0, "email", "proba@example.bg")
    evidence.fail(0, "sms", "2026-11-20")

    assert expected == reached(evidence)[0]


def test_where_every_channel_failed_nothing_is_sent() -> None:
    evidence = one_account()
    evidence.contact(0, "email", "proba@example.bg")
    for channel in ("sms", "email", "post"):
        evidence.fail(0, channel, "2026-11-20")

    assert "no_address" == reached(evidence)


@pytest.mark.parametrize(
    ("written_to", "expected"),
    [
        ("бул. Рила 5, Перник", "no_address"),
        ("БУЛ. „РИЛА“ 5 ПЕРНИК", "no_address"),
        ("бул. Рила 7, Перник", "post"),
        (None, "no_address"),
    ],
)
def test_a_letter_that_came_back_goes_only_to_another_address(
    written_to: str | None, expected: str
) -> None:
    evidence = one_account()
    evidence.rows["contacts"].clear()
    evidence.rows["payers"][0] |= {"postal_address": "бул. Рила 5", "postal_settlement": "Перник"}
    evidence.fail(0, "post", "2026-11-20", written_to=written_to)
    found = reached(evidence)

    assert expected == (found if isinstance(found, str) else found[0])


def test_a_letter_that_came_back_from_one_premise_says_nothing_of_another() -> None:
    evidence = one_account()
    evidence.rows["contacts"].clear()
    evidence.premise("0012349999", "heat", address="ул. Друга 8")
    evidence.account(premise=1)
    evidence.item(1, 2000, "2026-09-02")
    evidence.fail(0, "post", "2026-11-20", about=1)

    assert ["ул. Явор 3, 1324 София"] == [row["address"] for row in listed(evidence)]
    assert ["no_address"] == [row[-1] for row in withheld(evidence)]


def test_a_letter_goes_again_once_a_contact_for_post_is_registered() -> None:
    evidence = one_account()
    evidence.rows["contacts"].clear()
    evidence.contact(0, "post", "п.к. 12, 1000 София", since="2026-11-21")
    evidence.fail(0, "post", "2026-11-20")

    assert ("post", "п.к. 12, 1000 София") == reached(evidence)


LEFT = [("2015-01-01", "2026-06-01")]


@pytest.mark.parametrize(
    ("postal", "homes", "expected"),
    [
        ({"postal_address": "ул.СТАРА 9"}, LEFT, "no_address"),
        ({"postal_address": "ул. Стара 9", "postal_settlement": "София"}, LEFT, "no_address"),
        ({"postal_address": "ул. Стара 9", "postal_settlement": "Пловдив"}, LEFT, "post"),
        ({"postal_address": "ул. Стара 9, 1000 София"}, LEFT, "no_address"),
        ({"postal_address": "София 1000, ул. Стара № 9"}, LEFT, "no_address"),
        ({"postal_address": "гр. София 1000, улица „Стара“ 9"}, LEFT, "no_address"),
        ({"postal_address": "Стара 9", "postal_settlement": "гр.София"}, LEFT, "no_address"),
        ({"postal_address": "бул. Стара 9", "postal_settlement": "с. Софиевка"}, LEFT, "post"),
        ({"postal_address": "ул. Стара 9, ап. 4"}, LEFT, "post"),
        (
            {"postal_address": "ул. Стара 9"},
            [("2015-01-01", "2026-11-23")],
            "post",
        ),  # he leaves it tomorrow
        (
            {"postal_address": "ул. Стара 9"},
            [*LEFT, ("2026-06-01", None)],
            "post",
        ),  # and lives there again
        ({"postal_address": "ул. Стара 9"}, [*LEFT, ("2026-11-23", None)], "no_address"),
    ],
)
@pytest.mark.parametrize("where", ["payers", "contacts"])
def test_no_letter_goes_to_a_premise_that_he_has_left(
    where: str, postal: dict[str, str], homes: list[tuple[str, str | None]], expected: str
) -> None:
    evidence = one_account(tenancy="2015-01-01/2026-06-01")
    evidence.rows["contacts"].clear()
    for since, until in homes:
        evidence.home(
            0, 0, since, until, address="ул. Стара 9", settlement="София", postcode="1000"
        )
    if where == "payers":
        evidence.rows["payers"][0].update(postal)
    elif "postal_settlement" in postal:
        evidence.contact(0, "post", f"{postal['postal_address']}, {postal['postal_settlement']}")
    else:
        evidence.contact(0, "post", postal["postal_address"])
    found = reached(evidence)

    assert expected == (found if isinstance(found, str) else found[0])


def test_who_has_left_one_premise_gets_his_letters_where_he_lives() -> None:
    evidence = one_account()
    evidence.rows["contacts"].clear()
    evidence.rows["payers"][0]["postal_address"] = "ул. Стара 9"
    evidence.home(0, 0, "2015-01-01", "2026-06-01", address="ул. Стара 9")

    assert ("post", "ул. Явор 3, 1324 София") == reached(evidence)


@pytest.mark.parametrize(
    ("contact", "postal", "expected"),
    [
        ("ул. Стара 9", "ул. Нова 2", "ул. Нова 2, София"),
        ("п.к. 12, София", "ул. Стара 9", "п.к. 12, София"),
        ("ул. Стара 9", "Стара № 9", "ул. Явор 3, 1324 София"),
    ],
)
def test_an_address_that_he_has_left_spoils_no_other_one_of_his(
    contact: str, postal: str, expected: str
) -> None:
    evidence = one_account()
    evidence.rows["contacts"].clear()
    evidence.home(
        0, 0, "2015-01-01", "2026-06-01", address="ул. Стара 9", settlement="София", postcode="1000"
    )
    evidence.rows["payers"][0] |= {"postal_address": postal, "postal_settlement": "София"}
    evidence.contact(0, "post", contact)

    assert ("post", expected) == reached(evidence)


def test_two_accounts_of_a_payer_and_another_payer_keep_apart() -> None:
    evidence = one_account()
    evidence.premise("0012349999", "heat")
    evidence.payer("900000000002", language="en")
    evidence.account(premise=1, payer=0)
    evidence.account(premise=1, payer=1)
    evidence.item(2, 1234, "2026-09-01")
    evidence.item(1, 500, "2026-09-02")
    evidence.contact(1, "email", "second@example.bg")
    rows = [
        (row["payer_code"], row["service"], row["channel"], row["principal_cents"], row["language"])
        for row in listed(evidence)
    ]

    assert [
        ("900000000001", "electricity", "sms", 18420, "bg"),
        ("900000000001", "heat", "sms", 500, "bg"),
        ("900000000002", "heat", "email", 1234, "en"),
    ] == rows


NUMBERS = {
    "0888123456": "+359888123456",
    "+359 87 812-34-56": "+359878123456",
    "00359988123456": "+359988123456",
    "359898123456": "+359898123456",
    "0996123456": "+359996123456",
    "0999 123 456": "+359999123456",
    "0997123456": None,
    "(02) 987 65 43": None,
    "0700 11 111": None,
    "080012345": None,
    "+40722123456": None,
    "088812345": None,
    "08881234567": None,
    "+359 (0) 888 123 456": "+359888123456",
    "0437123456": None,
    "888123456": "+359888123456",
    "": None,
    "няма": None,
    "0888123456, 0888123457": None,
    "+4420 7946 0018": None,
    "112": None,
}


def test_only_bulgarian_mobile_numbers_get_an_sms() -> None:
    assert list(NUMBERS.values()) == normalise_mobiles(pa.array(list(NUMBERS))).to_pylist()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("ivan.petrov@example.bg", True),
        ("i+x@mail.example.com", True),
        ("иван@пример.бг", True),
        ("a@b", False),
        ("a b@example.bg", False),
        ("a@example..bg", False),
        (".a@example.bg", False),
        ("a@-example.bg", False),
        ("@example.bg", False),
        ("a@example.bg;b@example.bg", False),
        ("a@b@example.bg", False),
        ("a@1.2.3.4", False),
        ("", False),
    ],
)
def test_email_addresses(address: str, expected: bool) -> None:
    assert expected == normalise_emails(pa.array([address]))[0].is_valid
