"""An account on a list that waits gets no other message for fourteen days in a row, counted from
what was recorded.
"""

from pathlib import Path

from sqlalchemy import Engine

from tests.jobs.nights import Night, days, dunning, nightly, say_fresh
from tests.world import World


def bound_for_court() -> World:
    """Return one who was warned for the last time and is ready for court, and one whose case needs
    a person.
    """
    ledger = World()
    for number in (1, 2):
        ledger.account(number, ("2026-04-01", "150.00"))
        ledger.notice(number, "overdue", "2026-05-10", "2026-05-15")
        ledger.notice(number, "final_warning", "2026-08-10", "2026-08-15")
    ledger.rows["payers"][1]["national_id"] = ""
    return ledger


def told(night: Night) -> dict[str, str]:
    """Return what became of each account's message."""
    assert night.code == 0, night.told
    sent = {row["payer_code"]: "sent" for row in night.csv("reminders/sms")}
    held = {
        row["payer_code"]: row["reason"]
        for row in night.csv("withheld")
        if row["list"] == "reminders"
    }
    return sent | held


def test_what_waits_on_the_court_list_silences_for_fourteen_days(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    ledger, out = say_fresh(bound_for_court().write(tmp_path / "ledger")), tmp_path / "out"
    nights = {n: told(nightly(ledger, out, days(n))) for n in (0, 6, 13, 14, 15)}

    assert nights == {
        0: {"P1": "on_list", "P2": "sent"},
        6: {"P1": "on_list"},
        13: {"P1": "on_list"},
        14: {"P1": "sent"},
        15: {},
    }
    for n in (
        13,
        14,
    ):  # the count comes from what was recorded before that night, whatever came later
        again = dunning("nightly", "--as-of", days(n).isoformat(), "--out", str(tmp_path / "again"))
        assert "същите байтове" in again.told + again.printed
