"""What a monthly notice says of an agreement and of a last warning, and who is asked for his
contacts anew.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.decisions.notice_cases import AS_OF, NEW, OLD, account, bill, contact, on, one, some
from tests.oracle.facts import Agreement, Deed, Hold, Instalment, Notice, Payment

# --- agreements and last warnings ---

SUED = bill("F1", 20000, "2026-02-28", "2026-04-15", "2026-02-01", "2026-02-28")
REMINDED = Notice("N1", "overdue", on("2026-06-01"), on("2026-06-06"))
INSTALMENTS = ((2, "2026-11-30", 4000), (1, "2026-10-31", 4000), (3, "2026-12-31", 12000))
PLAN = tuple(Instalment(seq, on(due), cents) for seq, due, cents in INSTALMENTS)


def warned(sent: str, served: str | None = None, failed: str | None = None, **more: Any) -> Notice:
    days = [on(day) if day else None for day in (served, failed)]
    return Notice(more.pop("number", "N2"), "final_warning", on(sent), *days, **more)


def warning(*notices: Notice, **more: Any) -> tuple[Any, ...]:
    """Day, last day to answer and sum of the warning on the notice of somebody at `final_warning`
    or above.
    """
    facts = account(SUED, notices=(REMINDED, *notices), **more)
    return some(one(facts), "warned_on", "answer_until", "warned_cents")


NOT_WARNED = (None, None, 0)


def test_a_kept_agreement_shows_its_next_instalment_and_no_warning() -> None:
    plan = Agreement("G1", on("2026-09-20"), on("2026-10-01"), None, ("F1",), PLAN)
    late = bill("F2", 7000, "2026-03-31", "2026-05-15")  # not under the plan
    paid = (Payment("P1", on("2026-10-20"), 5500, invoice_no="F1"),)
    notices = (REMINDED, warned("2026-07-01", "2026-07-03"))
    row = one(account(SUED, late, agreements=(plan,), payments=paid, notices=notices))

    assert "final_warning" == row["stage"]
    assert (2500, on("2026-11-30"), "G1") == some(
        row, "instalment_cents", "instalment_on", "agreement_no"
    )
    assert (14500, 7000, 7000) == some(row, "plan_cents", "total_cents", "overdue_cents")
    assert NOT_WARNED == some(row, "warned_on", "answer_until", "warned_cents")


def test_a_broken_agreement_asks_for_no_instalment() -> None:
    plan = Agreement("G1", on("2026-09-20"), on("2026-10-01"), None, ("F1",), PLAN)
    row = one(account(SUED, agreements=(plan,)))

    assert (0, None, None, 0) == some(
        row, "instalment_cents", "instalment_on", "agreement_no", "plan_cents"
    )
    assert 20000 == row["overdue_cents"]


def test_of_two_kept_agreements_the_instalment_that_is_due_first() -> None:
    plans = tuple(
        Agreement(
            number,
            on("2026-11-01"),
            on("2026-11-02"),
            None,
            (item,),
            (Instalment(1, on(due), 100),),
        )
        for number, item, due in (("G1", "F1", "2026-12-20"), ("G2", "F2", "2026-12-01"))
    )
    row = one(account(SUED, replace(SUED, invoice_no="F2"), agreements=plans))

    assert (100, on("2026-12-01"), "G2") == some(
        row, "instalment_cents", "instalment_on", "agreement_no"
    )


def test_an_agreement_under_which_nothing_is_open_asks_for_nothing() -> None:
    plan = Agreement(
        "G1",
        on("2026-10-20"),
        on("2026-11-01"),
        None,
        ("F1",),
        (Instalment(1, on("2026-12-01"), 20000),),
    )
    paid = (Payment("P1", on("2026-10-25"), 20000, invoice_no="F1"),)  # before it was signed
    row = one(account(SUED, NEW, agreements=(plan,), payments=paid))

    assert (0, None) == some(row, "instalment_cents", "agreement_no")


def test_a_warning_is_told_only_where_one_stands_recorded_and_takes_its_day_from_it() -> None:
    assert NOT_WARNED == warning()
    assert (on("2026-08-01"), on("2026-09-04"), 20000) == warning(
        warned("2026-08-01", "2026-08-05")
    )


@pytest.mark.parametrize(
    ("channel", "answer_until"),
    [("post", "2026-09-05"), ("sms", "2026-09-02"), ("courier", "2026-08-31")],
)
def test_until_it_is_served_the_rule_says_when_it_counts(channel: str, answer_until: str) -> None:
    notice = warned("2026-08-01", channel=channel)
    tomorrow = warned("2026-08-01", "2026-11-16", channel=channel)

    assert (on("2026-08-01"), on(answer_until), 20000) == warning(notice) == warning(tomorrow)


def test_a_warning_that_failed_is_none() -> None:
    older, failed = (
        warned("2026-08-01", "2026-08-05"),
        warned("2026-09-01", None, "2026-09-09", number="N3"),
    )

    assert NOT_WARNED == warning(failed)
    assert on("2026-08-01") == warning(older, failed)[0]
    assert (
        on("2026-09-01") == warning(older, replace(failed, failed_on=on("2026-11-16")))[0]
    )  # fails tomorrow


@pytest.mark.parametrize(("days", "is_told"), [(0, True), (180, True), (181, False), (-1, False)])
def test_a_warning_of_the_last_180_days_counts(days: int, is_told: bool) -> None:
    sent_on = AS_OF - timedelta(days)

    assert is_told == (sent_on == warning(warned(sent_on.isoformat()))[0])


def test_of_several_warnings_the_newest_and_of_one_day_the_longest_term() -> None:
    notices = [
        warned("2026-09-01", "2026-09-02"),
        warned("2026-09-01", "2026-09-20", number="N3"),
        warned("2026-08-01", "2026-11-01", number="N4"),
        warned("2026-09-01", "2026-09-10", number="N5"),
    ]

    assert (on("2026-09-01"), on("2026-10-20"), 20000) == warning(*notices)


def test_our_own_warning_counts_as_one() -> None:
    deed = Deed("20260801-FS", "final_warning", on("2026-08-01"), "sms")

    assert (on("2026-08-01"), on("2026-09-02"), 20000) == warning(deeds=(deed,))


def test_a_warning_speaks_of_what_was_overdue_when_it_was_sent() -> None:
    later = replace(SUED, invoice_no="F2", due_on=on("2026-08-01"), amount_minor=700)
    held = replace(SUED, invoice_no="F3", amount_minor=50)
    hold = Hold("H1", on("2026-11-01"), invoice_no="F3")
    facts = account(SUED, later, held, holds=(hold,), notices=(REMINDED, warned("2026-08-01")))

    assert 20000 == one(facts)["warned_cents"]
    assert 20700 == one(replace(facts, notices=(REMINDED, warned("2026-08-02"))))["warned_cents"]


def test_a_warning_that_names_nothing_that_is_still_open_is_not_told() -> None:
    assert NOT_WARNED == warning(warned(SUED.due_on.isoformat()))
    facts = account(OLD, NEW, notices=(warned("2026-10-20"),))

    assert ("overdue", *NOT_WARNED) == some(
        one(facts), "stage", "warned_on", "answer_until", "warned_cents"
    )


def test_whoever_can_be_reached_needs_no_card_and_what_is_known_is_filled_in() -> None:
    contacts = [contact("sms", "0888 123 456"), contact("email", "a.b@example.bg")]

    assert (False, "+359888123456", "a.b@example.bg") == some(
        one(account(NEW), contacts=contacts), "needs_card", "phone", "known_email"
    )
    assert (False, "+359888123456", None) == some(
        one(account(NEW), contacts=contacts[:1]), "needs_card", "phone", "known_email"
    )


@pytest.mark.parametrize(
    "contacts",
    [[], [("post", "п.к. 12, 1000 София")], [("sms", "02 987 65 43")], [("email", "a@b")]],
)
def test_whoever_can_be_reached_neither_by_phone_nor_by_email_needs_a_card(
    contacts: list[tuple[str, str]],
) -> None:
    assert one(account(NEW), contacts=[contact(*cells) for cells in contacts])["needs_card"]


@pytest.mark.parametrize(
    ("notice", "is_needed"),
    [
        (Notice("N1", "overdue", on("2026-05-01"), None, on("2026-05-02"), "sms"), True),
        (Notice("N1", "disconnection", on("2026-05-01"), None, AS_OF, "sms"), True),
        (
            Notice("N1", "overdue", on("2026-04-30"), None, on("2026-05-02"), "sms"),
            False,
        ),  # an older number
        (Notice("N1", "overdue", on("2026-05-01"), None, AS_OF + timedelta(1), "sms"), False),
        (Notice("N1", "overdue", on("2026-05-01"), on("2026-05-02"), None, "sms"), False),
        (
            Notice("N1", "overdue", on("2026-05-01"), None, on("2026-05-02"), "email"),
            False,
        ),  # there is none by now
        (Notice("N1", "overdue", on("2026-05-01"), None, on("2026-05-02"), "post"), False),
        (Notice("N1", "overdue", AS_OF + timedelta(1), None, AS_OF, "sms"), False),  # not sent yet
    ],
)
def test_whose_number_bounced_needs_a_card(notice: Notice, is_needed: bool) -> None:
    facts = account(NEW, notices=(notice,))
    row = one(facts, contacts=[contact("sms", "0888 123 456", "2026-05-01T16:00:00")])

    assert is_needed == row["needs_card"]


@pytest.mark.parametrize(("days", "is_needed"), [(730, False), (731, True)])
def test_whose_newest_contact_is_old_needs_a_card(days: int, is_needed: bool) -> None:
    since = (AS_OF - timedelta(days)).isoformat()

    assert (
        is_needed
        == one(account(NEW), contacts=[contact("sms", "0888 123 456", since)])["needs_card"]
    )
    both = [contact("sms", "0888 123 456", since), contact("post", "п.к. 12, 1000 София")]
    assert not one(account(NEW), contacts=both)["needs_card"]
