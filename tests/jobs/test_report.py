"""The morning's report says what the manifest says."""

from pathlib import Path

from tests.jobs.nights import AS_OF, Night, nightly, say_fresh
from tests.world import World

STAGES = {
    "current": "без просрочие",
    "overdue": "просрочено",
    "final_warning": "последно предупреждение",
    "court_bound": "за съд",
}


def euro(cents: int) -> str:
    """Return cents as the report prints them."""
    whole = cents // 100
    grouped = (
        f"{whole // 1000}\N{NO-BREAK SPACE}{whole % 1000:03d}"
        if 10_000 <= whole < 1_000_000
        else str(whole)
    )
    return f"{grouped},{cents % 100:02d} €"


def test_the_report_gives_stages_lists_and_the_folder(sample_night: Night) -> None:
    manifest, lines = sample_night.manifest, [line.strip() for line in sample_night.result]
    stages = [
        f"{STAGES[stage]}: {figures['accounts']} партиди, {euro(figures['open_cents'])} неплатени"
        for stage, figures in manifest["stages"].items()
    ]
    sms, refused = manifest["lists"]["reminders/sms"], manifest["lists"]["quarantine"]

    assert lines[0] == f"Състояние към 22.11.2026 г. (правила {manifest['policy']['version']})"
    assert [line for line in stages if line not in lines] == []
    assert f"SMS: {sms['rows']}, {euro(sms['cents'])}" in lines
    assert f"отказани редове: {refused['rows']}" in lines
    assert [line for line in manifest["warnings"] if f"Внимание: {line}" not in lines] == []


def test_the_report_names_nobody(sample_night: Night) -> None:
    columns = ("name", "national_id", "premise_no")
    people = {row[name] for row in sample_night.csv("court") for name in columns}

    assert len(people) > 10
    assert [
        cell for cell in people if cell and cell in sample_night.printed + sample_night.told
    ] == []


def test_the_report_says_whether_the_night_was_recorded(home: Path, tmp_path: Path) -> None:
    ledger = say_fresh(World().account(1, ("2026-11-01", "60.00")).write(tmp_path / "ledger"))
    nights = [nightly(ledger, tmp_path / "out", AS_OF, *dry) for dry in (("--dry-run",), (), ())]

    assert ["нищо не е отбелязано като изпратено" in night.printed for night in nights] == [
        True,
        False,
        True,
    ]
