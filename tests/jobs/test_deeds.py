"""What leaves the house is recorded once, counts from its own day on, and nothing else is
recorded.
"""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.jobs.nights import AS_OF, Night, days, deeds, history, nightly, run_states, say_fresh
from tests.world import World

REMINDED = "20261122-OS-000001-P1"
WARNED = "20261122-FS-000002-P2"


def debtors() -> World:
    """Return one who is overdue, and one who was reminded in September and now gets his last
    warning.
    """
    ledger = World().account(1, ("2026-11-01", "60.00")).account(2, ("2026-05-01", "150.00"))
    return ledger.notice(2, "overdue", "2026-09-01", "2026-09-05")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Their ledger, fresh for every night of a year."""
    return say_fresh(debtors().write(tmp_path / "ledger"))


def sent(night: Night) -> list[str]:
    """Return the references of all messages of a night."""
    return [
        row["reference"]
        for channel in ("sms", "email", "post")
        for row in night.csv(f"reminders/{channel}")
    ]


def test_what_was_sent_is_recorded_once_under_its_reference(
    ledger: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    night = nightly(ledger, tmp_path / "out")

    assert sent(night) == [REMINDED, WARNED]
    assert history(engine)["deeds"] == [
        ("000002", "P2", "final_warning", AS_OF, "sms", WARNED, 15000, "done"),
        ("000001", "P1", "overdue", AS_OF, "sms", REMINDED, 6000, "done"),
    ]


def test_a_reminder_is_repeated_after_thirty_days(
    ledger: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    nights = {n: nightly(ledger, tmp_path / "out", days(n)) for n in (0, 1, 29, 30, 31)}

    assert {n: [r for r in sent(night) if r.endswith("P1")] for n, night in nights.items()} == {
        0: [REMINDED],
        1: [],
        29: [],
        30: ["20261222-OS-000001-P1"],
        31: [],
    }
    assert [reference for reference, _ in deeds(engine) if reference.endswith("P1")] == [
        REMINDED,
        "20261222-OS-000001-P1",
    ]


def test_our_last_warning_leads_to_court_on_the_promised_day(
    ledger: Path, home: Path, tmp_path: Path
) -> None:
    """Sent by SMS on 22.11., served by rule on the 23rd, so it counts after 30 days: from 23.12.
    on, and not before.
    """
    nights = [nightly(ledger, tmp_path / "out", days(n)) for n in (0, 1, 30, 31)]
    told = [night.account("000002") for night in nights]

    assert [(row["stage"], row["next_stage"], row["next_on"]) for row in told] == [
        (
            "final_warning",
            "court_bound",
            date(2029, 1, 2),
        ),  # by limitation; what goes out tonight is not known yet
        ("final_warning", "court_bound", date(2026, 12, 23)),
        ("final_warning", "court_bound", date(2026, 12, 23)),
        ("court_bound", None, None),
    ]
    assert [[row["premise_no"] for row in night.csv("court")] for night in nights] == [
        [],
        [],
        [],
        ["000002"],
    ]


@pytest.mark.parametrize(
    ("cells", "court_from"),
    [
        ({}, days(31)),  # only repeated: the rule stands
        (
            {"served_on": "2026-12-01"},
            days(39),
        ),  # the ledger knows better than the rule: 1.12. and 30 days
        ({"failed_on": "2026-11-24"}, None),
    ],
    ids=["repeated", "served later", "failed"],
)
def test_what_the_ledger_says_of_our_message_takes_precedence(
    cells: dict[str, str], court_from: date | None, home: Path, engine: Engine, tmp_path: Path
) -> None:
    nightly(say_fresh(debtors().write(tmp_path / "ledger")), tmp_path / "out")
    told = debtors().notice(
        2, "final_warning", AS_OF.isoformat(), **{"notice_no": WARNED, "channel": "sms"} | cells
    )
    later = say_fresh(told.write(tmp_path / "later"))
    nights = {n: nightly(later, tmp_path / "out", days(n)) for n in (9, 31, 38, 39)}
    court = [
        days(n) for n, night in nights.items() if night.account("000002")["stage"] == "court_bound"
    ]

    assert court[:1] == ([court_from] if court_from else [])
    again = [
        reference
        for reference, _ in deeds(engine)
        if reference.endswith("P2") and "-F" in reference
    ]
    assert again == ([WARNED] if court_from else [WARNED, "20261201-FP-000002-P2"])


def test_a_failure_is_known_from_its_own_day_on(home: Path, engine: Engine, tmp_path: Path) -> None:
    """On the night before the failure nobody knows of it; the next one sends the last warning
    again, by post.
    """
    nightly(say_fresh(debtors().write(tmp_path / "ledger")), tmp_path / "out")
    told = debtors().notice(
        2,
        "final_warning",
        AS_OF.isoformat(),
        notice_no=WARNED,
        channel="sms",
        failed_on="2026-11-27",
    )
    later = say_fresh(told.write(tmp_path / "later"))
    nights = [nightly(later, tmp_path / "out", days(n)) for n in (4, 5)]

    assert [night.account("000002")["next_on"] for night in nights] == [
        date(2026, 12, 23),
        date(2029, 1, 2),
    ]
    assert [sent(night) for night in nights] == [[], ["20261127-FP-000002-P2"]]


def test_decisions_see_the_deeds_of_earlier_dates_only(
    ledger: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    """What was sent on the 22nd is unknown on the 21st and on the 22nd itself, and known on the
    23rd.
    """
    nightly(ledger, tmp_path / "out")
    nights = [nightly(ledger, tmp_path / "again", days(n)) for n in (-1, 0, 1)]

    assert [sent(night) for night in nights] == [
        ["20261121-OS-000001-P1", "20261121-FS-000002-P2"],
        [REMINDED, WARNED],
        [],
    ]
    assert deeds(engine) == [(WARNED, "done"), (REMINDED, "done")]


def test_a_dry_run_writes_its_files_and_records_nothing(
    ledger: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    night = nightly(ledger, tmp_path / "out", AS_OF, "--dry-run")

    assert (night.code, sent(night)) == (0, [REMINDED, WARNED])
    assert history(engine) == {"deeds": [], "decisions": [], "proposals": [], "closed": []}
    assert run_states(engine) == [("2026-11-22", "written")]


def test_old_payments_without_a_manifest_stop_the_deeds_not_the_lists(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    """The newest payment is six days old, the policy allows five: the lists lie there, but nothing
    counts as sent.

    Nor is the date closed: when the fresh ledger comes, the same date records.
    """
    ledger = debtors().payment(1, "2026-11-16", "10.00").write(tmp_path / "ledger")
    night = nightly(ledger, tmp_path / "out")

    assert (night.code, sent(night)) == (0, [REMINDED, WARNED])
    assert "Внимание: Плащанията са твърде стари" in night.printed
    assert history(engine) == {"deeds": [], "decisions": [], "proposals": [], "closed": []}
    assert run_states(engine) == [("2026-11-22", "written")]
    assert sent(nightly(say_fresh(ledger), tmp_path / "out")) == [REMINDED, WARNED]
    assert deeds(engine) == [(WARNED, "done"), (REMINDED, "done")]


def test_payments_of_five_days_ago_are_fresh_enough(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    """A payment dated after the night does not make a ledger fresh, nor does one of just five days
    ago make it old.
    """
    ledger = (
        debtors()
        .payment(1, "2026-11-17", "10.00")
        .payment(1, "2026-12-24", "1.00")
        .write(tmp_path / "ledger")
    )
    night = nightly(ledger, tmp_path / "out")

    assert "твърде стари" not in night.printed
    assert "Най-новото плащане в него: 17.11.2026 г." in night.printed
    assert [state for _, state in deeds(engine)] == ["done", "done"]


def test_after_a_night_that_could_not_send_the_next_one_does(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    nightly(debtors().write(tmp_path / "old"), tmp_path / "out")
    night = nightly(say_fresh(debtors().write(tmp_path / "new")), tmp_path / "out", days(1))

    assert sent(night) == ["20261123-OS-000001-P1", "20261123-FS-000002-P2"]
    assert len(deeds(engine)) == 2


def test_a_returned_receipt_is_no_foreign_notice_of_its_own_night(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    """The night is run again with the extract of the next day, which tells of the deeds of that
    very night.
    """
    first = nightly(say_fresh(debtors().write(tmp_path / "ledger")), tmp_path / "out")
    told = debtors().notice(
        1, "overdue", AS_OF.isoformat(), notice_no=REMINDED, channel="sms", served_on="2026-11-22"
    )
    again = nightly(say_fresh(told.write(tmp_path / "later")), tmp_path / "again")

    assert sent(first) == sent(again) == [REMINDED, WARNED]


@pytest.mark.parametrize("other", range(3, 9))
def test_a_receipt_under_another_account_still_tells_of_the_deed(
    other: int, home: Path, engine: Engine, tmp_path: Path
) -> None:
    """Whatever bucket the other account lies in: the deed failed, and the other one got no notice
    at all.
    """
    bystander = debtors().account(other, ("2026-11-01", "60.00"))
    nightly(say_fresh(bystander.write(tmp_path / "ledger")), tmp_path / "out")
    told = debtors().account(other, ("2026-11-01", "60.00"))
    told.notice(
        other,
        "final_warning",
        AS_OF.isoformat(),
        notice_no=WARNED,
        channel="sms",
        failed_on="2026-11-23",
    )
    night = nightly(say_fresh(told.write(tmp_path / "later")), tmp_path / "out", days(1))

    assert sent(night) == ["20261123-FP-000002-P2"]
    assert nightly(say_fresh(told.write(tmp_path / "last")), tmp_path / "out", days(31)).account(
        "000002"
    )["stage"] == ("final_warning")


def test_codes_with_hyphens_keep_their_references_apart(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    """Premise A-1 of payer 2 and premise A of payer 1-2 read the same when simply joined."""
    ledger = World()
    for premise_no, payer_code in (("A-1", "2"), ("A", "1-2")):
        ledger.premise(premise_no).payer(
            payer_code, postal_address="ул. Пощенска 1", postal_settlement="София"
        )
        ledger.add(
            "tenancies", premise_no=premise_no, payer_code=payer_code, valid_from=date(2012, 1, 1)
        )
        ledger.add(
            "invoices",
            invoice_no=f"F{premise_no}",
            premise_no=premise_no,
            payer_code=payer_code,
            kind="bill",
            issued_on="2023-12-01",
            due_on="2023-12-20",
            amount="200.00",
            currency="BGN",
        )
    night = nightly(say_fresh(ledger.write(tmp_path / "ledger")), tmp_path / "out")

    assert sent(night) == ["20261122-OP-A-1%2D2", "20261122-OP-A%2D1-2"]
    assert [row["case_ref"] for row in night.csv("court")] == [
        "C-20261122-A-1%2D2",
        "C-20261122-A%2D1-2",
    ]
    assert len(deeds(engine)) == 2
