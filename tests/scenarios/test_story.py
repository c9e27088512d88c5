"""One debt over three months of nights: each message is sent once, served by the rule, and leads to
the next.
"""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from dunning import cli
from tests.scenarios.outcomes import Outcome, read_outcomes
from tests.world import World

DEBTOR, NEIGHBOUR = ("000001", "00001"), ("999999", "99999")
# The one bill: 120.00, due on 2026-09-01. Post counts as served after 5 days.
STORY = (
    # night, stage, next_stage, next_on, what goes out by post
    (
        date(2026, 11, 22),
        "overdue",
        "court_bound",
        date(2029, 5, 5),
        "overdue",
    ),  # 2029-09-02 less 120 days
    (
        date(2026, 11, 23),
        "overdue",
        "final_warning",
        date(2026, 12, 12),
        None,
    ),  # 22.11 + 5 + 15 days
    (date(2026, 12, 11), "overdue", "final_warning", date(2026, 12, 12), None),
    (date(2026, 12, 12), "final_warning", "court_bound", date(2029, 5, 5), "final_warning"),
    (
        date(2026, 12, 13),
        "final_warning",
        "court_bound",
        date(2027, 2, 28),
        None,
    ),  # 180 days; served on 17.12
    (date(2027, 1, 10), "final_warning", "court_bound", date(2027, 2, 28), None),
    (
        date(2027, 1, 11),
        "final_warning",
        "court_bound",
        date(2027, 2, 28),
        "overdue",
    ),  # 30 days after the last one
    (date(2027, 2, 27), "final_warning", "court_bound", date(2027, 2, 28), "overdue"),
    (date(2027, 2, 28), "court_bound", None, None, None),
)


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Callable[[date, World], Outcome]:
    """Run a night of this home and return what it says of the debtor."""

    def run(as_of: date, ledger: World) -> Outcome:
        folder = tmp_path / as_of.isoformat()
        ledger.write(folder)
        command = [
            "nightly",
            "--ledger",
            str(folder),
            "--as-of",
            as_of.isoformat(),
            "--out",
            str(tmp_path / "out"),
        ]
        assert cli.main(command) == 0
        return read_outcomes(tmp_path / "out" / as_of.isoformat())[DEBTOR]

    return run


def _ledger(as_of: date) -> World:
    ledger = World()
    for premise_no, payer_code in (DEBTOR, NEIGHBOUR):
        ledger.premise(premise_no).payer(payer_code)
        ledger.add(
            "tenancies", premise_no=premise_no, payer_code=payer_code, valid_from="2012-01-01"
        )
    for n in range(
        (as_of - date(2026, 11, 1)).days + 1
    ):  # somebody pays every day: the extract is fresh
        ledger.add(
            "payments",
            payment_no=f"P{n:03d}",
            premise_no=NEIGHBOUR[0],
            payer_code=NEIGHBOUR[1],
            paid_on=date(2026, 11, 1) + timedelta(n),
            amount="1.00",
            currency="EUR",
        )
    return ledger.add(
        "invoices",
        invoice_no="A",
        premise_no=DEBTOR[0],
        payer_code=DEBTOR[1],
        kind="bill",
        issued_on="2026-08-12",
        due_on="2026-09-01",
        amount="120.00",
        currency="EUR",
    )


def test_a_debt_from_the_first_reminder_to_the_court(
    run: Callable[[date, World], Outcome],
) -> None:
    told = []
    for night, *_ in STORY:
        outcome = run(night, _ledger(night))
        row, sent = outcome.row, outcome.lists.get("post", {})
        told.append((night, row["stage"], row["next_stage"], row["next_on"], sent.get("stage")))
    assert told == list(STORY)


def test_a_returned_letter_starts_no_clock(run: Callable[[date, World], Outcome]) -> None:
    """The reminder of 22.11 comes back: the ledger names our reference, and the last warning does
    not come.
    """
    first = run(date(2026, 11, 22), _ledger(date(2026, 11, 22)))
    later = _ledger(date(2026, 12, 12)).add(
        "notices",
        notice_no=first.lists["post"]["reference"],
        premise_no=DEBTOR[0],
        payer_code=DEBTOR[1],
        stage="overdue",
        channel="post",
        sent_on="2026-11-22",
        failed_on="2026-12-01",
    )
    outcome = run(date(2026, 12, 12), later)
    assert (outcome.row["stage"], outcome.row["next_stage"]) == ("overdue", "court_bound")
    assert "post" not in outcome.lists  # it has been sent, 20 days ago
