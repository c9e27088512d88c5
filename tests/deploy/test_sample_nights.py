"""The sample of a home: made once, never mixed with another history, with nights before it and one
after.
"""

from datetime import date
from pathlib import Path

import pytest
import sample_nights
from sqlalchemy import Engine

from dunning.core.errors import DunningError
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import runs
from dunning.jobs.release import offer
from dunning.jobs.release.sample import is_sample
from tests.jobs.nights import nightly, say_fresh
from tests.world import World

LAST, NEXT = date(2026, 11, 22), date(2026, 11, 23)


def closed(engine: Engine) -> list[date]:
    return runs.fetch_closed_dates(engine, 99)


def test_a_year_of_month_ends_and_the_nights_of_the_last_week() -> None:
    days = sample_nights.nights_before(LAST, 12, 7)
    assert days[:2] == [date(2025, 11, 30), date(2025, 12, 31)]
    assert days[11:] == [date(2026, 10, 31), *(date(2026, 11, day) for day in range(15, 22))]


def test_the_nights_before_its_own_and_the_one_after(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    settings, out = Settings.from_environment(), tmp_path / "out"
    sample_nights.make_sample(settings, 300, 1)
    for _ in range(2):  # the second time there is nothing to do
        sample_nights.run_nights_before(settings, out, 1, 1)
        sample_nights.run_own_night(settings, out)
        sample_nights.run_night_after(settings, out)

    assert closed(engine) == [NEXT, LAST, date(2026, 11, 21), date(2026, 10, 31)]
    assert all(is_sample(settings, runs.fetch_run(engine, day)) for day in closed(engine))
    waiting = offer.run()
    assert waiting and {told["before_on"] for told in waiting.values()} == {LAST.isoformat()}


def test_another_sample_is_refused_with_the_cure(home: Path) -> None:
    settings = Settings.from_environment()
    sample_nights.make_sample(settings, 20, 1)
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    sample_nights.make_sample(settings, 20, 1)
    with pytest.raises(
        DunningError, match=r"the sample of ACCOUNTS=20 SEED=1, and .* ACCOUNTS=20 SEED=2; .*export"
    ):
        sample_nights.make_sample(settings, 20, 2)
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before


def test_a_real_ledgers_home_takes_no_sample(home: Path, tmp_path: Path) -> None:
    ledger = say_fresh(World().account(1, ("2026-09-01", "10.00")).write(tmp_path / "ledger"))
    assert nightly(ledger, tmp_path / "out").code == 0
    (home / "pg").mkdir(exist_ok=True)
    with pytest.raises(DunningError, match=r"the history of a ledger that is no sample"):
        sample_nights.make_sample(Settings.from_environment(), 20, 1)
    assert not (home / "sample").exists()
