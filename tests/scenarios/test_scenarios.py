"""Every scenario three ways: by the plain oracle, alone, and in one shuffled crowd of its night."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from dunning import cli
from tests.oracle.facts import STAGES, Policy
from tests.oracle.next_day import next_rise
from tests.oracle.stages import decide
from tests.scenarios.outcomes import amount, disagreements, read_outcomes
from tests.scenarios.reading import SUMS, Scenario, read_scenarios
from tests.world import World

SCENARIOS = read_scenarios()


def _has_levs(scenario: Scenario) -> bool:
    """Say whether a scenario has a row in levs: one extract takes no euro of before 2026 beside
    them.
    """
    rows = scenario.ledger().rows
    return any(
        row["currency"] == "BGN" for table in ("invoices", "payments") for row in rows[table]
    )


CROWDS: dict[tuple[date, str], list[Scenario]] = {}
for _one in SCENARIOS:
    CROWDS.setdefault((_one.as_of, "levs" if _has_levs(_one) else "euro"), []).append(_one)


def _neighbour(as_of: date) -> World:
    """Return somebody who has paid everything tonight: the extract is fresh and no table is without
    a row for long.
    """
    ledger = World().premise("999999").payer("99999")
    ledger.add("tenancies", premise_no="999999", payer_code="99999", valid_from="2012-01-01")
    return ledger.add(
        "payments",
        payment_no="999P",
        premise_no="999999",
        payer_code="99999",
        paid_on=as_of,
        amount="1.00",
        currency="BGN" if as_of < date(2026, 1, 1) else "EUR",
    )


def _nightly(scenarios: Iterable[Scenario], as_of: date, folder: Path) -> list[str]:
    """Run the night of these scenarios in one shuffled ledger; return every expectation that is not
    met.
    """
    scenarios = list(scenarios)
    ledger = _neighbour(as_of)
    for scenario in scenarios:
        ledger.add_world(scenario.ledger())
    ledger.shuffle(seed=len(scenarios)).write(folder / "ledger")
    out = folder / "out"
    code = cli.main(
        [
            "nightly",
            "--ledger",
            str(folder / "ledger"),
            "--as-of",
            as_of.isoformat(),
            "--out",
            str(out),
        ]
    )
    assert code == 0
    outcomes = read_outcomes(out / as_of.isoformat())
    return [line for scenario in scenarios for line in disagreements(scenario, outcomes)]


@pytest.mark.parametrize("night", sorted(CROWDS), ids=lambda night: f"{night[0]} {night[1]}")
def test_all_scenarios_of_a_night_in_one_crowd(
    night: tuple[date, str], home: Path, tmp_path: Path
) -> None:
    assert _nightly(CROWDS[night], night[0], tmp_path) == []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_a_scenario_alone(scenario: Scenario, home: Path, tmp_path: Path) -> None:
    assert _nightly([scenario], scenario.as_of, tmp_path) == []


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s.is_attributed], ids=str)
def test_the_plain_oracle_agrees(scenario: Scenario) -> None:
    """What stands in the margin is right by the contract, apart from the program."""
    facts = {f.payer_code: f for f in scenario.ledger().facts()}
    for payer, expected in scenario.expectations().items():
        decision = decide(facts[scenario.payer_code(payer)], Policy(), scenario.as_of)
        rise = next_rise(facts[scenario.payer_code(payer)], Policy(), scenario.as_of)
        assert decision is not None
        plain = {
            "stage": STAGES[decision.stage],
            "next_stage": STAGES[rise[0]] if rise else "",
            "next_on": rise[1] if rise else "",
            "oldest_due_on": decision.oldest_due_on or "",
            "days_overdue": decision.days_overdue,
            "overdue_items": decision.overdue_items,
            "limitation_on": decision.limitation_on or "",
            "items": {i.invoice.invoice_no[3:]: amount(i.open_cents) for i in decision.items},
            "shields": {i.invoice.invoice_no[3:]: i.shield for i in decision.items if i.shield},
            **{name: amount(getattr(decision, column)) for name, column in SUMS.items()},
        }
        wanted = {key: value for key, value in expected.items() if key in plain}
        assert {key: plain[key] for key in wanted} == wanted


def test_there_are_scenarios_enough_and_each_has_its_own_sentence() -> None:
    titles = [s.body["title"] for s in SCENARIOS]
    assert len(titles) >= 40
    assert len(set(titles)) == len(titles)


def test_a_hold_without_a_reason_stops_the_night(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """Nobody knows whom it should protect: the load is refused with file and line, and nothing is
    written.
    """
    ledger = _neighbour(date(2026, 11, 22))
    ledger.add(
        "holds", hold_no="H1", premise_no="999999", payer_code="99999", valid_from="2026-11-01"
    )
    ledger.write(tmp_path / "ledger")
    command = ["nightly", "--ledger", str(tmp_path / "ledger"), "--as-of", "2026-11-22", "--out"]
    assert cli.main([*command, str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert "holds.csv" in said and "2" in said
    assert not (tmp_path / "out" / "2026-11-22").exists()
