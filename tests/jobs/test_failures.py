"""A channel whose newest message failed is out for all accounts of the payer; the next takes over
the same night.
"""

from pathlib import Path

from sqlalchemy import Engine

from tests.jobs.nights import Night, days, nightly, say_fresh
from tests.world import World, premise_of


def sent(night: Night) -> list[tuple[str, str]]:
    """Return reference and address of all messages of a night."""
    assert night.code == 0, night.told
    return [
        (r["reference"], r["address"])
        for name in ("sms", "email", "post")
        for r in night.csv(f"reminders/{name}")
    ]


def debtor() -> World:
    """Return one who gets his last warning on the first night: by SMS, then e-mail, then post."""
    ledger = (
        World()
        .account(1, ("2026-05-01", "150.00"))
        .notice(1, "overdue", "2026-09-01", "2026-09-05")
    )
    cells = {"channel": "email", "address": "p1@example.bg", "registered_at": "2020-01-02T08:00:00"}
    ledger.add("contacts", payer_code="P1", **cells)
    return ledger


def test_each_failure_moves_the_warning_to_the_next_channel_the_same_night(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    ledger, found = debtor(), []

    def run(n: int, failed: str = "") -> None:
        if failed:
            channel = {"S": "sms", "E": "email", "P": "post"}[failed[10]]
            ledger.notice(
                1,
                "final_warning",
                days(n - 1).isoformat(),
                notice_no=failed,
                channel=channel,
                failed_on=days(n).isoformat(),
            )
        folder = say_fresh(
            ledger.write(tmp_path / f"ledger{n}{ledger.rows['payers'][0]['postal_address']}")
        )
        night = nightly(folder, tmp_path / "out", days(n))
        found.append(sent(night) or [row["reason"] for row in night.csv("withheld")])

    run(0)
    run(1, "20261122-FS-000001-P1")
    run(2, "20261123-FE-000001-P1")
    run(3, "20261124-FP-000001-P1")
    ledger.rows["payers"][0]["postal_address"] = "ул. Нова 2"
    run(4)

    assert found == [
        [("20261122-FS-000001-P1", "+359880000001")],
        [("20261123-FE-000001-P1", "p1@example.bg")],
        [("20261124-FP-000001-P1", "ул. Пощенска 1, София")],
        ["no_address"],
        [("20261126-FP-000001-P1", "ул. Нова 2, София")],
    ]


def test_a_number_is_dead_for_all_accounts_of_its_payer(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    """Eleven premises of one payer stand in many buckets; an SMS about one of them failed, a newer
    one did not.
    """
    ledger = World().account(1, ("2026-11-01", "60.00"))
    for number in range(2, 12):
        ledger.premise(premise_of(number))
        ledger.add(
            "tenancies", premise_no=premise_of(number), payer_code="P1", valid_from="2012-01-01"
        )
        ledger.invoice(number, "2026-11-01", "60.00")
        ledger.rows["invoices"][-1]["payer_code"] = "P1"
    ledger.notice(1, "overdue", "2026-09-01", failed_on="2026-09-03", channel="sms")
    ledger.notice(1, "overdue", "2026-08-01", "2026-08-02", channel="sms")
    dead = nightly(say_fresh(ledger.write(tmp_path / "dead")), tmp_path / "a", days(0), "--dry-run")
    ledger.notice(1, "disconnection", "2026-09-02", "2026-09-03", channel="sms")
    alive = nightly(
        say_fresh(ledger.write(tmp_path / "alive")), tmp_path / "b", days(0), "--dry-run"
    )

    assert ([0, 11], [11, 0]) == tuple(
        [len(night.csv("reminders/sms")), len(night.csv("reminders/post"))]
        for night in (dead, alive)
    )
