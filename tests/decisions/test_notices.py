"""Who gets a monthly notice, where it goes, and what it says of old debts and new bills."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from dunning.core.days import to_day
from dunning.decisions.lists.letters import find_letter_boxes, postal_addresses
from tests.decisions.notice_buckets import bucket_of, propose
from tests.decisions.notice_cases import (
    AS_OF,
    NEW,
    OLD,
    PAYER,
    PREMISE,
    SINCE,
    account,
    bill,
    contact,
    listed,
    on,
    one,
    some,
    withheld,
)
from tests.oracle.facts import BGN, Agreement, Case, Hold, Instalment, Payment, Policy
from tests.oracle.surroundings import Line, Row, Surroundings


def test_a_notice_says_who_owes_what_for_which_time_and_where_it_goes() -> None:
    lines = [
        Line("F9", 1, "Топлинна енергия за отопление", 2866, "МВтч", "0,250", "114,64"),
        Line("F9", 2, "Дял", 205),
    ]
    open_bill = {
        "standing": "to_pay",
        "bill_cents": 3071,
        "open_cents": 3071,
        "pay_on": on("2026-12-15"),
    }
    expected = {
        "reference": f"20261115-NP-{PREMISE}-{PAYER}",
        "premise_no": PREMISE,
        "payer_code": PAYER,
        "service": "heat",
        "channel": "post",
        "language": "bg",
        "stage": "overdue",
        "email": None,
        "name": "Росица Мнима",
        "street": "ул. Примерна 1",
        "town": "1000 София",
        "service_street": "ул. Примерна 1",
        "service_town": "1000 София",
        "district": "Изток",
        "route": "03",
        "postal_key": "\0".join(
            ("Изток", "000003", "001000", "София", "ул. Примерна 000001", PREMISE, PAYER)
        ),
        "period_from": on("2026-10-01"),
        "period_to": on("2026-10-31"),
        "due_on": on("2026-12-15"),
        "new_items": 1,
        "total_cents": 11491,
        "overdue_cents": 8420,
        "overdue_items": 1,
        "oldest_due_on": on("2026-10-15"),
        "interest_cents": 74,  # 84,20 x 10,15 % x 31 / 360 = 0,7359
        "periods": [{"from": on("2026-08-01"), "to": on("2026-08-31")}],
        "expired_cents": 0,
        "expired_items": 0,
        "held_cents": 0,
        "plan_cents": 0,
        "instalment_cents": 0,
        "instalment_on": None,
        "agreement_no": None,
        "paid_cents": 0,
        "credit_cents": 0,
        "warned_on": None,
        "answer_until": None,
        "warned_cents": 0,
        "needs_card": True,
        "phone": None,
        "known_email": None,
        "lines": [
            {
                "invoice_no": "F9",
                "kind": "bill",
                "period_from": on("2026-10-01"),
                "period_to": on("2026-10-31"),
                "label": "Топлинна енергия за отопление",
                "unit": "МВтч",
                "quantity": "0,250",
                "unit_price": "114,64",
                "amount_minor": 2866,
                "is_bgn": False,
                "bill_minor": 3071,
                **open_bill,
            },
            {
                "invoice_no": "F9",
                "kind": "bill",
                "period_from": on("2026-10-01"),
                "period_to": on("2026-10-31"),
                "label": "Дял",
                "unit": None,
                "quantity": None,
                "unit_price": None,
                "amount_minor": 205,
                "is_bgn": False,
                "bill_minor": 3071,
                **open_bill,
            },
        ],
        "items": [
            {
                "invoice_no": "F1",
                "kind": "bill",
                "period_from": on("2026-08-01"),
                "period_to": on("2026-08-31"),
                "due_on": on("2026-10-15"),
                "days_overdue": 31,
                "open_cents": 8420,
                "original_minor": None,
            },
        ],
        "pending": [],
    }

    assert expected == one(account(OLD, NEW), lines=lines)


def test_a_predecessors_debt_is_never_on_the_next_payers_notice() -> None:
    before = account(OLD, payer_code="900000000000", tenant_from=on("2010-01-01"))
    after = account(NEW, tenant_from=on("2026-10-01"))
    world = Surroundings(
        [before, after], tenant_until={(PREMISE, "900000000000"): on("2026-10-01")}
    )
    world.contacts.append(replace(contact("email", "a.b@example.bg"), payer_code="900000000000"))
    said = {
        row["payer_code"]: (row["total_cents"], row["overdue_cents"], row["street"])
        for row in listed(world)
    }

    assert {"900000000000": (8420, 8420, None), PAYER: (3071, 0, "ул. Примерна 1")} == said


@pytest.mark.parametrize(
    ("issued", "expected"),
    [("2026-10-15", 0), ("2026-10-16", 1), ("2026-11-15", 1), ("2026-11-16", 0)],
)
def test_new_is_what_was_issued_since_the_last_run(issued: str, expected: int) -> None:
    paid = Payment("P1", on(issued), 3071, invoice_no="F9")
    facts = account(bill("F9", 3071, issued, "2026-12-15"), payments=(paid,))

    assert expected == len(listed(Surroundings([facts])))


def test_whoever_has_nothing_new_and_nothing_open_gets_none_and_whoever_owes_gets_one() -> None:
    nobody = account(OLD, payments=(Payment("P1", on("2026-10-20"), 8420),))
    debtor = account(replace(OLD, invoice_no="F2"), payer_code="900000000002")

    assert ["900000000002"] == [row["payer_code"] for row in listed(Surroundings([nobody, debtor]))]


def test_each_service_has_notices_of_its_own_and_a_future_account_has_none() -> None:
    future = account(
        bill("F3", 100, "2026-11-16", "2026-12-16"), premise_no="3", tenant_from=on("2026-11-16")
    )
    world = Surroundings(
        [account(NEW), account(OLD, premise_no="2"), future],
        premises={"2": {"service": "electricity"}},
    )

    assert ([PREMISE], ["2"]) == tuple(
        [row["premise_no"] for row in listed(world, service=service)]
        for service in ("heat", "electricity")
    )


def test_after_the_tenancy_no_letter_goes_to_the_premise() -> None:
    moved = Surroundings([account(OLD, NEW)], tenant_until={(PREMISE, PAYER): AS_OF})
    stays = Surroundings([account(OLD, NEW)], tenant_until={(PREMISE, PAYER): AS_OF + timedelta(1)})
    forwarded = replace(
        moved, payers={PAYER: {"postal_address": "бул. Рила 5", "postal_settlement": "Перник"}}
    )

    assert [("notices", "overdue", 8420, "no_address")] == withheld(moved)
    assert ("ул. Примерна 1", "1000 София") == some(listed(stays)[0], "street", "town")
    assert ("бул. Рила 5", "Перник") == some(listed(forwarded)[0], "street", "town")


def test_an_email_address_that_works_makes_it_an_email() -> None:
    row = one(account(NEW), contacts=[contact("email", " rositsa@example.bg ")])

    assert (
        f"20261115-NE-{PREMISE}-{PAYER}",
        "email",
        "rositsa@example.bg",
        "ул. Примерна 1",
    ) == some(row, "reference", "channel", "email", "street")
    assert "post" == one(account(NEW), contacts=[contact("email", "a@b")])["channel"]
    assert (
        "post"
        == one(account(NEW), contacts=[contact("email", "a.b@example.bg", until="2026-11-15")])[
            "channel"
        ]
    )


def test_an_email_needs_no_postal_address() -> None:
    world = Surroundings(
        [account(NEW)],
        tenant_until={(PREMISE, PAYER): AS_OF},
        contacts=[contact("email", "a.b@example.bg")],
    )

    assert [("email", None, None)] == [
        some(row, "channel", "street", "town") for row in listed(world)
    ]


def test_a_contact_for_post_is_one_text() -> None:
    postal = {PAYER: {"postal_address": "бул. Рила 5", "postal_settlement": "Перник"}}
    row = one(account(NEW), payers=postal, contacts=[contact("post", "п.к. 12, 1000 София")])

    assert ("п.к. 12, 1000 София", None) == some(row, "street", "town")


def test_refused_evidence_withholds_before_anything_else() -> None:
    world = Surroundings(
        [account(OLD)], refused={(PREMISE, PAYER)}, tenant_until={(PREMISE, PAYER): AS_OF}
    )

    assert [("notices", "overdue", 8420, "refused_evidence")] == withheld(world)


def test_one_line_addresses_are_the_two_parts_joined() -> None:
    payers = {
        PAYER: {
            "postal_address": "бул. Рила 5",
            "postal_settlement": "Перник",
            "postal_postcode": "2300",
        }
    }
    world = Surroundings([account(NEW)], payers=payers)
    bucket = bucket_of(world, Policy())
    accounts = np.array([0])
    box = find_letter_boxes(bucket, accounts, to_day(AS_OF))

    assert (["бул. Рила 5"], ["2300 Перник"]) == (box.street.to_pylist(), box.town.to_pylist())
    assert ["бул. Рила 5, 2300 Перник"] == postal_addresses(
        bucket, accounts, to_day(AS_OF)
    ).to_pylist()


def test_numbers_are_walked_as_numbers_and_what_is_missing_comes_first() -> None:
    places = [
        ("Изток", "10", "бл. 1"),
        ("Изток", "2", "бл. 10"),
        ("Изток", "2", "бл. 2"),
        (None, "9", "бл. 3"),
        ("Изток", None, "бл. 9"),
        ("Изток", "2", "бл. 2а"),
    ]
    premises = {
        str(n): {"district": district, "route": route, "address": address}
        for n, (district, route, address) in enumerate(places)
    }
    crowd = [account(replace(NEW, invoice_no=f"F{no}"), premise_no=no) for no in premises]
    walked = [
        some(row, "district", "route", "service_street")
        for row in listed(Surroundings(crowd, premises))
    ]

    assert [places[n] for n in (3, 4, 2, 5, 1, 0)] == walked


def test_numbers_that_differ_only_in_zeros_stand_in_a_fixed_order() -> None:
    crowd = [account(replace(NEW, invoice_no=f"F{no}"), premise_no=no) for no in ("7", "07", "007")]
    rows = listed(Surroundings(crowd))

    assert 1 == len({row["postal_key"] for row in rows})
    assert ["007", "07", "7"] == [row["premise_no"] for row in rows]


def test_expired_items_stand_apart_and_are_not_demanded() -> None:
    ancient = bill("F0", 4000, "2022-08-31", "2022-10-15", "2022-08-01", "2022-08-31", currency=BGN)
    row = one(account(ancient, OLD))

    assert (2045, 1) == some(row, "expired_cents", "expired_items")
    assert (8420, 8420, 1, on("2026-10-15")) == some(
        row, "total_cents", "overdue_cents", "overdue_items", "oldest_due_on"
    )
    assert (["F1"], [{"from": on("2026-08-01"), "to": on("2026-08-31")}]) == (
        [item["invoice_no"] for item in row["items"]],
        row["periods"],
    )
    assert 74 == row["interest_cents"]  # of what is demanded, not of what has expired


def test_a_debt_of_2025_shows_its_leva() -> None:
    items = one(account(bill("F0", 10000, "2025-08-31", "2025-10-15", currency=BGN), OLD))["items"]

    assert [("F0", 5113, 10000, 396), ("F1", 8420, None, 31)] == [
        some(item, "invoice_no", "open_cents", "original_minor", "days_overdue") for item in items
    ]


def test_what_is_paid_in_part_shows_what_is_left_and_what_was_paid() -> None:
    payments = (
        Payment("P0", SINCE, 500),  # of the last notice
        Payment("P1", on("2026-10-16"), 1000),
        Payment("P2", on("2026-10-20"), 700),
        Payment("P3", on("2026-10-25"), -700, reverses="P2"),
        Payment("P4", AS_OF, 20),
        Payment("P5", AS_OF + timedelta(1), 5),
    )
    row = one(account(OLD, NEW, payments=payments))

    assert (8420 - 500 - 1020, 1020) == some(row, "overdue_cents", "paid_cents")
    assert 8420 - 500 - 1020 + 3071 == row["total_cents"]


def test_leva_of_january_are_converted_one_by_one() -> None:
    payments = tuple(Payment(f"P{n}", on("2026-01-10"), 1, BGN) for n in range(3))
    facts = account(bill("F0", 5000, "2025-12-31", "2026-01-20", currency=BGN), payments=payments)
    rows = propose(Surroundings([facts]), Policy(), on("2026-01-15"), on("2025-12-15"), "heat")[0]

    assert [3] == [
        row["paid_cents"] for row in rows
    ]  # 0,01 лв. are 0,01 €; 0,03 лв. would be 0,02 €


def test_what_is_left_over_is_told() -> None:
    row = one(account(NEW, payments=(Payment("P1", on("2026-11-01"), 5000),)))

    assert (0, 1929, 5000, 1) == some(row, "total_cents", "credit_cents", "paid_cents", "new_items")


def test_disputed_and_sued_items_are_held_and_not_demanded() -> None:
    sued, disputed = (
        replace(OLD, invoice_no="F2", amount_minor=300),
        replace(OLD, invoice_no="F3", amount_minor=40),
    )
    facts = account(
        OLD,
        sued,
        disputed,
        holds=(Hold("H1", on("2026-11-01"), invoice_no="F3"),),
        cases=(Case("K1", on("2026-11-02"), invoice_nos=("F2",)),),
    )

    assert (340, 8420, 8420, 1, 0) == some(
        one(facts), "held_cents", "total_cents", "overdue_cents", "overdue_items", "expired_cents"
    )


MONTHS = {
    "aug": ("2026-08-01", "2026-08-31"),
    "sep": ("2026-09-01", "2026-09-30"),
    "jun": ("2026-06-01", "2026-06-30"),
    "aug 15 to sep 10": ("2026-08-15", "2026-09-10"),
    "all": ("2026-01-01", "2026-09-30"),
    "none": ("", ""),
}


@pytest.mark.parametrize(
    ("periods", "expected"),
    [
        (["jun", "aug"], [("2026-06-01", "2026-06-30"), ("2026-08-01", "2026-08-31")]),
        (["sep", "aug"], [("2026-08-01", "2026-09-30")]),  # adjoin
        (["aug", "aug 15 to sep 10"], [("2026-08-01", "2026-09-10")]),  # overlap
        (["all", "jun", "aug"], [("2026-01-01", "2026-09-30")]),  # the widest comes first
        (["none", "jun"], [("2026-06-01", "2026-06-30")]),
        (["none"], []),
    ],
)
def test_service_periods_are_merged(periods: list[str], expected: list[tuple[str, str]]) -> None:
    items = [
        bill(f"F{n}", 100, "2026-09-30", "2026-10-20", *MONTHS[name])
        for n, name in enumerate(periods)
    ]
    neighbour = account(
        bill("X", 100, "2026-09-30", "2026-10-20", "2020-01-01", "2026-10-31"), premise_no="1"
    )
    rows = listed(Surroundings([neighbour, account(*items)]))
    said = [row["periods"] for row in rows if row["premise_no"] == PREMISE]

    assert [[{"from": on(first), "to": on(last)} for first, last in expected]] == said


def test_a_new_bill_without_lines_and_a_credit_note_are_one_row_each() -> None:
    note = bill("C1", -500, "2026-11-01", "2026-11-01", kind="credit_note")
    second = bill("F8", 1000, "2026-10-31", "2026-12-10")
    lines = [Line("F9", 10, "втори", 71), Line("F9", 9, "първи", 3000)]
    lines += [Line("C1", 1, "не", -500), Line("F1", 1, "стар", 1)]
    row = one(account(OLD, NEW, second, note), lines=lines)

    assert [
        ("F8", "bill", None, 1000),
        ("F9", "bill", "първи", 3000),
        ("F9", "bill", "втори", 71),
        ("C1", "credit_note", None, -500),
    ] == [some(line, "invoice_no", "kind", "label", "amount_minor") for line in row["lines"]]
    assert (3, on("2026-12-10"), on("2026-10-01"), on("2026-10-31")) == some(
        row, "new_items", "due_on", "period_from", "period_to"
    )


def test_a_bill_that_is_shown_when_its_day_has_passed_has_no_day_to_pay_it_by() -> None:
    late = bill("F7", 1000, "2026-10-30", "2026-11-01")

    assert on("2026-12-15") == one(account(NEW, late))["due_on"]
    assert (1, None, 1000) == some(one(account(late)), "new_items", "due_on", "overdue_cents")


def stands(row: Row) -> list[tuple[str, str, int, int]]:
    """Return number, standing, cents in all and open of each line, by number."""
    return sorted(
        some(line, "invoice_no", "standing", "bill_cents", "open_cents") for line in row["lines"]
    )


def test_each_new_document_says_where_what_is_open_of_it_counts() -> None:
    """Of each kind one: what is to pay is what stands as to_pay, and what is overdue; each line of
    a bill says it.
    """
    dues = {
        "F2": "2026-12-01",
        "F3": "2026-12-02",
        "F4": "2026-12-03",
        "F5": "2026-12-04",
        "F6": "2026-11-01",
    }
    news = [bill(number, 1000, "2026-10-30", due) for number, due in dues.items()]
    news += [
        bill("F7", 1000, "2026-10-30", "2026-11-01"),
        replace(NEW, invoice_no="F8", currency=BGN),
    ]
    note = bill("C1", -500, "2026-11-02", "2026-11-02", kind="credit_note", refers_to="F7")
    paid = [
        Payment("P2", on("2026-11-03"), 300, invoice_no="F2"),
        Payment("P5", on("2026-11-03"), 1000, invoice_no="F5"),
    ]
    agreement = Agreement(
        "A1",
        on("2026-11-01"),
        on("2026-11-01"),
        invoice_nos=("F4",),
        instalments=(Instalment(1, AS_OF, 1000),),
    )
    facts = account(
        *news,
        NEW,
        note,
        payments=tuple(paid),
        agreements=(agreement,),
        holds=(Hold("H1", on("2026-11-01"), invoice_no="F3"),),
        cases=(Case("K1", on("2026-11-02"), invoice_nos=("F6",)),),
    )
    row = one(facts, lines=[Line("F7", 1, "първи", 600), Line("F7", 2, "втори", 400)])

    assert stands(row) == [
        ("C1", "set_off", -500, 0),
        ("F2", "to_pay", 1000, 700),
        ("F3", "held", 1000, 1000),
        ("F4", "agreed", 1000, 1000),
        ("F5", "settled", 1000, 0),
        ("F6", "held", 1000, 1000),
        ("F7", "overdue", 1000, 500),
        ("F7", "overdue", 1000, 500),
        ("F8", "to_pay", 1570, 1570),
        ("F9", "to_pay", 3071, 3071),
    ]
    assert (700 + 500 + 1570 + 3071, 500, 2000, 1000) == some(
        row, "total_cents", "overdue_cents", "held_cents", "plan_cents"
    )
    assert [] == row["pending"]
    assert on("2026-12-01") == row["due_on"]  # of what is to pay, the first


def test_a_new_bill_that_has_expired_is_told_and_not_to_be_paid() -> None:
    old = bill("F5", 1000, "2019-08-31", "2019-09-30")
    rows, _ = propose(
        Surroundings([account(old)]), Policy(), AS_OF, SINCE, "heat", on("2015-01-01")
    )

    assert [("F5", "expired", 1000, 1000)] == stands(rows[0])
    assert (0, 1000, None) == some(rows[0], "total_cents", "expired_cents", "due_on")


def test_a_bill_of_nothing_is_to_pay_with_nothing() -> None:
    assert [("F5", "to_pay", 0, 0)] == stands(
        one(account(bill("F5", 0, "2026-10-30", "2026-12-01")))
    )


def test_what_is_older_and_to_pay_stands_by_itself_with_what_is_open() -> None:
    """In part paid, in leva, and money paid back, which has no day to pay it by."""
    older = [
        bill("F5", 1000, "2026-08-31", "2027-01-10"),
        bill("F6", 195583, "2026-08-31", "2027-01-20", currency=BGN),
        bill("F7", 700, "2026-08-31", "2026-08-31", kind="payout"),
    ]
    row = one(account(*older, payments=(Payment("P1", SINCE, 400, invoice_no="F5"),)))

    assert [
        ("F5", on("2027-01-10"), 1000, 600, None),
        ("F6", on("2027-01-20"), 100000, 100000, 195583),
        ("F7", None, 700, 700, None),
    ] == sorted(
        some(each, "invoice_no", "pay_on", "bill_cents", "open_cents", "original_minor")
        for each in row["pending"]
    )
    assert ([], 600 + 100000 + 700) == some(row, "lines", "total_cents")


def test_a_credit_note_alone_is_news_too() -> None:
    facts = account(bill("C1", -500, "2026-11-01", "2026-11-01", kind="credit_note"))

    assert (1, None, None, 500) == some(
        one(facts), "new_items", "due_on", "period_from", "credit_cents"
    )


def test_lines_of_a_bill_in_leva_say_so() -> None:
    facts = account(bill("F0", 5000, "2025-12-31", "2026-01-20", currency=BGN))
    row = propose(Surroundings([facts]), Policy(), on("2026-01-15"), on("2025-12-15"), "heat")[0][0]

    assert [(5000, True)] == [some(line, "amount_minor", "is_bgn") for line in row["lines"]]
