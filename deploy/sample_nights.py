"""The sample of a home: its ledger, the nights before its own day, and the night after it.

    .venv/bin/python deploy/sample_nights.py --accounts 5000 --seed 1

makes the sample where it is missing, and refuses a home with the history of another ledger: what
was sent for one ledger must not become the past of another.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from dunning.core.errors import DunningError
from dunning.gateways.files.home import close_home
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import open_store, runs
from dunning.jobs.nightly import night
from dunning.jobs.nightly.request import NightlyRequest
from dunning.sample import write_sample

MONTHS, NIGHTS = 12, 7
OWN_HOME = "Give it a home of its own: export DUNNING_HOME=/path/to/a/new/folder, then the same command again."


def make_sample(settings: Settings, accounts: int, seed: int) -> None:
    """Make the home's sample; an existing one is kept, because its nights are closed.

    Raises:
        DunningError: the home has another sample, or the history of a real ledger.
    """
    made = settings.home / f"sample-{accounts}-{seed}.made"
    if made.exists():
        return
    for other in settings.home.glob("sample-*.made"):
        _, had, of_seed = other.stem.split("-")
        raise DunningError(
            f"The home {settings.home} has the sample of ACCOUNTS={had} SEED={of_seed}, and you ask for "
            f"ACCOUNTS={accounts} SEED={seed}; a home has one history. {OWN_HOME}"
        )
    if (settings.home / "pg").exists() and runs.last_closed_on(
        open_store(settings, "sample")
    ) is not None:
        raise DunningError(
            f"The home {settings.home} has the history of a ledger that is no sample, and a home serves one supplier. "
            f"Name the ledger: make run LEDGER=…, or for the sample: {OWN_HOME[0].lower()}{OWN_HOME[1:]}"
        )
    close_home(settings.home)
    print(
        f"Making a sample ledger of {accounts} accounts in {settings.home / 'sample'}", flush=True
    )
    write_sample(settings.home / "sample", accounts, seed)
    made.touch()


def run_nights_before(
    settings: Settings, out: Path, months: int = MONTHS, nights: int = NIGHTS
) -> None:
    """Run a year of month ends and the last nights before the sample's day; skip closed ones."""
    days = nights_before(day_of(settings.home / "sample"), months, nights)
    closed_on = runs.last_closed_on(open_store(settings, "sample"))
    left = [day for day in days if closed_on is None or day > closed_on]
    if left:
        print(f"The sample's history: {len(left)} nights, two seconds each", flush=True)
        _run(settings.home / "sample", out, left)


def run_own_night(settings: Settings, out: Path) -> None:
    """Run the night of the sample's own day, if neither it nor a later one is closed."""
    sample = settings.home / "sample"
    _run_open(settings, sample, out, day_of(sample))


def run_night_after(settings: Settings, out: Path) -> None:
    """Run the night after the sample's own, if it is not closed, with a fifth more accounts.

    What could be released was released where `make run` released the sample's own night: only the new
    accounts' lists wait.
    """
    sample, after = settings.home / "sample", settings.home / "sample-after"
    day = day_of(sample) + timedelta(days=1)
    if not (after / "manifest.json").is_file():
        shutil.rmtree(after, ignore_errors=True)
        accounts, seed = _made(settings)
        write_sample(after, accounts + accounts // 5, seed)
        told = json.loads((after / "manifest.json").read_text("utf-8")) | {"as_of": day.isoformat()}
        (after / "manifest.json").write_text(json.dumps(told, ensure_ascii=False), "utf-8")
    _run_open(settings, after, out, day)


def _made(settings: Settings) -> tuple[int, int]:
    """Return the number of accounts of the home's sample, and its seed."""
    (made,) = settings.home.glob("sample-*.made")
    _, accounts, seed = made.stem.split("-")
    return int(accounts), int(seed)


def day_of(sample: Path) -> date:
    """Return the date that a sample is made for."""
    return date.fromisoformat(json.loads((sample / "manifest.json").read_text("utf-8"))["as_of"])


def nights_before(last: date, months: int, nights: int) -> list[date]:
    """Return the last days of the months before a day, and the nights before it, ascending."""
    ends, day = [], last
    for _ in range(months):
        day = day.replace(day=1) - timedelta(days=1)
        ends.append(day)
    return sorted({*ends, *(last - timedelta(days=n) for n in range(1, nights + 1))})


def _run_open(settings: Settings, ledger: Path, out: Path, day: date) -> None:
    closed_on = runs.last_closed_on(open_store(settings, "sample"))
    if closed_on is None or closed_on < day:
        _run(ledger, out, [day])


def _run(ledger: Path, out: Path, days: Iterable[date]) -> None:
    for day in days:
        night.run(NightlyRequest.of(day, str(ledger), str(out), None, None), 1)
        print(f"  {day}", flush=True)


def main() -> None:
    """Make the sample of the command line's size and seed; exit with the reason of an error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    options = parser.parse_args()
    try:
        make_sample(Settings.from_environment(), options.accounts, options.seed)
    except DunningError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
