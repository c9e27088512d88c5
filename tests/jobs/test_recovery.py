"""Killed anywhere and run again equals once; two runs at once are one.

The kills are real: `python -m dunning.cli` gets SIGKILL, at random or at a chosen file of
the publishing.
"""

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, text

from dunning.core.errors import DunningError
from dunning.core.progress import no_progress
from dunning.gateways.files.alive import alive
from dunning.gateways.postgres.database import RUN_LOCK, run_lock
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import runs
from dunning.jobs.nightly import classify, close, failure, load, propose, report, write
from dunning.jobs.nightly.night import make_files
from dunning.jobs.nightly.night import run as run_night
from dunning.jobs.nightly.request import NightlyRequest
from dunning.jobs.nightly.runs import new_work_folder
from tests.jobs.conftest import MakeHome
from tests.jobs.nights import AS_OF, days, deeds, hashes, history, nightly, run_states, say_fresh
from tests.world import World

REPOSITORY = Path(__file__).parents[2]
STEPS = {
    "read": "отпечатък",
    "attribute": "чии са",
    "snapshot": "снимка",
    "classify": "класифициране",
    "propose": "предложения",
    "write": "списъци",
    "close": "приключване",
}

# Runs the command, and dies by SIGKILL right before its n-th placing of a file in the output
# folder, or, where n is given as "after", right after the manifest is placed.
DIE_WHILE_PUBLISHING = """
import os, signal, sys
from dunning import cli

when, out, placed, place = sys.argv.pop(1), sys.argv.pop(1), 0, os.replace

def place_or_die(source, target, **places):
    global placed
    if str(target).startswith(out):
        if str(placed) == when:
            os.kill(os.getpid(), signal.SIGKILL)
        placed += 1
    place(source, target, **places)
    if when == "after" and str(target).startswith(out) and str(target).endswith("manifest.json"):
        os.kill(os.getpid(), signal.SIGKILL)

os.replace = place_or_die
sys.exit(cli.main())
"""


@dataclass(frozen=True)
class Undisturbed:
    """Two nights of a ledger that nobody disturbed: their files, and what they recorded."""

    ledger: Path
    files: dict[str, str]
    history: dict[str, list[tuple]]


@pytest.fixture(scope="module")
def undisturbed(new_home: MakeHome, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """AS_OF and the day after; on the second some more is due, so that both have deeds."""
    debtors = World()
    for number in range(1, 40):
        debtors.account(
            number, ("2026-11-21", "60.00"), ("2026-03-01", f"{number}.00"), phone=number % 3 > 0
        )
    for number in range(40, 60):
        debtors.account(number, ("2026-11-22", "75.20"), ("2026-02-01", "350.00"))
        debtors.notice(
            number, "overdue" if number % 2 else "final_warning", "2026-09-01", "2026-09-03"
        )
    for number in range(60, 70):
        debtors.account(number, ("2026-11-22", "20.00"))
    folder = tmp_path_factory.mktemp("undisturbed")
    ledger = say_fresh(debtors.write(folder / "ledger"))
    with new_home(folder / "home") as engine:
        nights = [nightly(ledger, folder / "out", days(n)) for n in (0, 1)]
        assert [night.code for night in nights] == [0, 0]
        found = Undisturbed(ledger, hashes(folder / "out"), history(engine))
    # 40 to 58 with a last warning are on the court list of the first night, and get no message
    # beside it
    assert [
        len([row for row in found.history["deeds"] if row[3] == day]) for day in (AS_OF, days(1))
    ] == [49, 10]
    return found


def start(*command: str) -> subprocess.Popen[str]:
    """Start a process of the command in this test's environment."""
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def command(ledger: Path, out: Path, *more: str) -> list[str]:
    """Return the words of the nightly command for AS_OF."""
    return [
        "nightly",
        "--ledger",
        str(ledger),
        "--as-of",
        AS_OF.isoformat(),
        "--out",
        str(out),
        *more,
    ]


def kill_after(told: str, seconds: float, *words: str) -> None:
    """Run the command and kill it so long after it has told something, if it has not ended by
    then.
    """
    with start("-m", "dunning.cli", *words) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if told in line:
                break
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()


def wait_for_the_lock(engine: Engine) -> None:
    """Wait until PostgreSQL has noticed that the killed run is gone."""
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": RUN_LOCK})
        connection.invalidate()
    with run_lock(engine, "test"):
        pass


def left_behind(home: Path, out: Path) -> list[str]:
    """Return what a run should have cleared away."""
    return sorted(
        str(path)
        for folder, pattern in ((home / "work", "*"), (home / "snapshots", ".*"), (out, "**/.*"))
        for path in folder.glob(pattern)
    )


def draw_moments() -> list[tuple[str, float]]:
    """Return when to kill: every step is met, at a moment drawn with a fixed seed."""
    dice = Random(20261122)
    return [(step, round(dice.uniform(0, 0.12), 3)) for step in (*STEPS, "close")]


@pytest.mark.parametrize(("step", "seconds"), draw_moments())
def test_killed_at_any_moment_and_run_again_equals_once(
    step: str, seconds: float, undisturbed: Undisturbed, home: Path, engine: Engine, tmp_path: Path
) -> None:
    kill_after(STEPS[step], seconds, *command(undisturbed.ledger, tmp_path / "out"))
    wait_for_the_lock(engine)
    nights = [nightly(undisturbed.ledger, tmp_path / "out", days(n)) for n in (0, 1)]

    assert [night.code for night in nights] == [0, 0]
    assert hashes(tmp_path / "out") == undisturbed.files
    assert history(engine) == undisturbed.history
    assert left_behind(home, tmp_path / "out") == []


@pytest.mark.parametrize("when", ["0", "1", "7", "19", "after"])
def test_killed_while_publishing_and_run_again_equals_once(
    when: str, undisturbed: Undisturbed, home: Path, engine: Engine, tmp_path: Path
) -> None:
    """Before the first file, between files, before the manifest, and right after it: by then the
    files are out.
    """
    out = tmp_path / "out"
    die_while_publishing(when, undisturbed.ledger, out, engine)
    is_out = when == "after"
    assert (run_states(engine), (out / AS_OF.isoformat() / "manifest.json").exists()) == (
        [("2026-11-22", "closing")],
        is_out,
    )
    assert {state for _, state in deeds(engine)} == {"intended"}
    nights = [nightly(undisturbed.ledger, out, days(n)) for n in (0, 1)]

    assert [night.code for night in nights] == [0, 0]
    assert hashes(out) == undisturbed.files
    assert history(engine) == undisturbed.history
    assert left_behind(home, out) == []
    assert run_states(engine)[0] == ("2026-11-22", "closed" if is_out else "failed")


def die_while_publishing(when: str, ledger: Path, out: Path, engine: Engine) -> None:
    """Run AS_OF and die at a chosen file."""
    with start("-c", DIE_WHILE_PUBLISHING, when, str(out), *command(ledger, out)) as process:
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    wait_for_the_lock(engine)


def test_the_next_date_finishes_a_close_whose_files_were_out(
    undisturbed: Undisturbed, home: Path, engine: Engine, tmp_path: Path
) -> None:
    """Nobody runs the killed date again; its messages count as sent all the same, and the next
    night sees them.
    """
    die_while_publishing("after", undisturbed.ledger, tmp_path / "out", engine)
    night = nightly(undisturbed.ledger, tmp_path / "out", days(1))

    assert night.code == 0
    assert hashes(tmp_path / "out") == undisturbed.files
    assert history(engine) == undisturbed.history
    assert left_behind(home, tmp_path / "out") == []


def test_the_next_date_takes_back_a_close_whose_files_were_not_out(
    undisturbed: Undisturbed, home: Path, engine: Engine, tmp_path: Path
) -> None:
    """Without a manifest nothing counts as sent, so the next night sends it all; of the killed date
    nothing is kept.
    """
    die_while_publishing("7", undisturbed.ledger, tmp_path / "out", engine)
    night = nightly(undisturbed.ledger, tmp_path / "out", days(1))
    kept = history(engine)

    assert night.code == 0
    assert [row[0] for row in kept["closed"]] == [days(1)]
    assert {row[3] for row in kept["deeds"]} == {row[0] for row in kept["decisions"]} == {days(1)}
    assert len(kept["deeds"]) == 59
    assert not (tmp_path / "out" / AS_OF.isoformat() / "manifest.json").exists()


def test_a_killed_run_takes_its_workers_with_it(
    undisturbed: Undisturbed, home: Path, engine: Engine, tmp_path: Path
) -> None:
    """Otherwise they would wait for work for ever, each with its memory. They inherit stdout, so it
    ends with them.
    """
    words = command(undisturbed.ledger, tmp_path / "out", "--shards", "2")
    with start("-m", "dunning.cli", *words) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if STEPS["classify"] in line:
                break
        workers = wait_for_children(process.pid)
        process.kill()
        process.stdout.read()
    while any(is_alive(pid) for pid in workers):
        pass
    wait_for_the_lock(engine)

    assert len(workers) > 0
    assert nightly(undisturbed.ledger, tmp_path / "out").code == 0


def is_alive(pid: str) -> bool:
    """Tell whether a process is still running; one that has ended and is not yet fetched does
    not.
    """
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def wait_for_children(pid: int) -> list[str]:
    """Return the children of a process as soon as it has some, besides the one that cleans up after
    them.
    """
    while True:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        found = [c for c in children if b"spawn_main" in Path(f"/proc/{c}/cmdline").read_bytes()]
        if found:
            return found


def test_a_second_run_says_so_and_leaves(
    undisturbed: Undisturbed, home: Path, engine: Engine, tmp_path: Path
) -> None:
    """While the first one works (here: holds the lock), the second touches nothing."""
    with run_lock(engine, "nightly 2026-11-22"):
        second = nightly(undisturbed.ledger, tmp_path / "out")
        states = run_states(engine)
    first = nightly(undisturbed.ledger, tmp_path / "out")

    (message,) = second.messages
    assert (second.code, states, first.code) == (1, [], 0)
    assert re.fullmatch(
        r"dunning: Another run is going on since [0-9: -]{16} UTC: dunning nightly 2026-11-22 \(PostgreSQL process "
        r"[0-9]+\)\. Two would close the same books; run again when it is over\.",
        message,
    )


def test_two_runs_at_once_close_once(
    undisturbed: Undisturbed, home: Path, engine: Engine, tmp_path: Path
) -> None:
    """Two real processes race; who comes second is turned away, or repeats the closed date without
    recording.
    """
    words = command(undisturbed.ledger, tmp_path / "out")
    racers = [start("-m", "dunning.cli", *words) for _ in range(2)]
    told = [racer.communicate()[0] for racer in racers]

    assert 0 in [racer.returncode for racer in racers]
    assert "Traceback" not in "".join(told)
    night = nightly(undisturbed.ledger, tmp_path / "out", days(1))
    assert (night.code, hashes(tmp_path / "out"), history(engine)) == (
        0,
        undisturbed.files,
        undisturbed.history,
    )


def test_work_folders_of_runs_that_may_still_go_on_are_left_alone(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    """Whoever runs step by step keeps his folder while another date is run without recording."""
    ledger = say_fresh(World().account(1, ("2026-11-01", "60.00")).write(tmp_path / "ledger"))
    run = load.run(AS_OF.isoformat(), str(ledger), str(tmp_path / "out"))
    assert nightly(ledger, tmp_path / "past", days(-9), "--dry-run").code == 0
    parts = [classify.run(run, shard, 2) for shard in range(2)]
    propose.run(run, parts)
    write.run(run)
    closed = close.run(run)

    assert (close.run(run)["state"], closed["state"], closed["recorded"]["deeds"]) == (
        "closed",
        "closed",
        1,
    )
    assert report.run(run, closed)["lists"]["reminders/sms"] == {"rows": 1, "cents": 6000}
    assert os.listdir(home / "work") == []


def test_a_run_of_which_nothing_was_classified_goes_no_further(home: Path, tmp_path: Path) -> None:
    """As where whoever shares the work out has shared out nothing."""
    ledger = say_fresh(World().account(1, ("2026-11-01", "60.00")).write(tmp_path / "ledger"))
    run = load.run(AS_OF.isoformat(), str(ledger), str(tmp_path / "out"))

    with pytest.raises(DunningError, match="No shard was classified"):
        propose.run(run, [])


@pytest.mark.parametrize("told", ["класифициране", "приключване"])
def test_a_database_that_goes_away_stops_the_night_and_the_next_one_is_whole(
    told: str, undisturbed: Undisturbed, home: Path, engine: Engine, tmp_path: Path
) -> None:
    """The server ends every connection of the run, and its lock with them: it may not close books
    any more.
    """

    def listen(message: str) -> None:
        if message == told:
            with engine.connect() as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )

    order = NightlyRequest.of(AS_OF, str(undisturbed.ledger), str(tmp_path / "out"), None, None)
    with pytest.raises(DunningError, match="PostgreSQL gave up"):
        run_night(order, progress=listen)
    recorded, published = history(engine), (tmp_path / "out").exists()
    nights = [nightly(undisturbed.ledger, tmp_path / "out", days(n)) for n in (0, 1)]

    assert (recorded, published) == (
        {"deeds": [], "decisions": [], "proposals": [], "closed": []},
        False,
    )
    assert [night.code for night in nights] == [0, 0]
    assert (hashes(tmp_path / "out"), history(engine)) == (undisturbed.files, undisturbed.history)
    assert left_behind(home, tmp_path / "out") == []


def test_what_killed_processes_left_is_cleared_away_and_their_run_has_failed(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    ledger = say_fresh(World().account(1, ("2026-09-01", "10.00")).write(tmp_path / "ledger"))
    dead, living = (runs.start_run(engine, days(n), is_recording=False) for n in (-3, -2))
    left = [
        new_work_folder(Settings.from_environment(), days(n), run)
        for n, run in ((-3, dead), (-2, living))
    ]
    with alive(left[0]):
        pass
    gone = [
        home / "work" / f"release-{AS_OF}-court-12345678",
        home / "work" / f"recall-{AS_OF}-court-1234abcd",
    ]
    for folder in (*gone, home / "preview"):
        folder.mkdir(parents=True)
    with alive(left[1]):
        assert nightly(ledger, tmp_path / "out").code == 0

    assert [runs.fetch_run_by_id(engine, run).state for run in (dead, living)] == [
        "failed",
        "running",
    ]
    assert [folder.exists() for folder in (*left, *gone, home / "preview")] == [
        False,
        True,
        False,
        False,
        False,
    ]


def test_a_run_that_failed_in_airflow_is_failed_and_goes_on_where_its_step_is_started_again(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    ledger = say_fresh(World().account(1, ("2026-09-01", "10.00")).write(tmp_path / "ledger"))
    begun = runs.start_run(engine, days(-1), is_recording=True)
    loaded = load.run(AS_OF.isoformat(), str(ledger), str(tmp_path / "out"))
    assert failure.run(loaded) == {"run_id": loaded["run_id"]} and failure.run(None) == {
        "run_id": None
    }
    assert run_states(engine) == [(days(-1).isoformat(), "failed"), (AS_OF.isoformat(), "failed")]

    make_files(loaded, 1, no_progress)
    assert close.run(loaded)["state"] == "closed"
    failure.run(loaded)
    assert runs.fetch_run_by_id(engine, begun).state == "failed"
    assert run_states(engine)[1:] == [(AS_OF.isoformat(), "closed")]


def test_a_failed_run_does_not_come_back_after_a_later_attempt(engine: Engine) -> None:
    first, second = (runs.start_run(engine, AS_OF, is_recording=True) for _ in range(2))
    runs.resume_run(engine, first)
    assert [runs.fetch_run_by_id(engine, run).state for run in (first, second)] == [
        "failed",
        "running",
    ]
