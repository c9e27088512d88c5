"""Notices that are killed, find no room or no store: nothing half-published, and run again equals
once.

The kills are real: `python -m dunning.cli` gets SIGKILL at a chosen file of the publishing.
"""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from dunning.gateways.postgres.database import NOTICES_LOCK, run_lock
from tests.faults.test_disks import small_disk
from tests.jobs.conftest import MakeHome
from tests.jobs.nights import AS_OF, days, hashes, nightly, run_states, say_fresh
from tests.jobs.notices import KEY, crowd, folder_of, notices, recorded
from tests.jobs.test_recovery import DIE_WHILE_PUBLISHING, command, start
from tests.object_stores import Fault, Store

NOTHING = {"runs": [], "tokens": [], "templates": []}


@dataclass(frozen=True)
class Undisturbed:
    """Notices that nobody disturbed: the ledger, the files below their folder, and what was
    recorded.
    """

    ledger: Path
    files: dict[str, str]
    recorded: dict[str, list[tuple]]


@pytest.fixture(scope="module")
def undisturbed(new_home: MakeHome, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Of the crowd and one customer who has heat."""
    folder = tmp_path_factory.mktemp("undisturbed")
    customers = crowd().account(99, ("2026-12-14", "9.90"), service="heat", phone=False)
    ledger = say_fresh(customers.write(folder / "ledger"))
    with new_home(folder / "home") as engine, pytest.MonkeyPatch.context() as environment:
        environment.setenv("DUNNING_RECEIPT_KEY", KEY)
        assert nightly(ledger, folder / "out").code == 0
        run = notices(folder / "out")
        assert (run.code, run.told) == (0, "")
        return Undisturbed(ledger, hashes(run.folder), recorded(engine))


@pytest.fixture
def out(
    undisturbed: Undisturbed, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The folder of a night that was just closed, in a home of the test's own."""
    monkeypatch.setenv("DUNNING_RECEIPT_KEY", KEY)
    assert nightly(undisturbed.ledger, tmp_path / "out").code == 0
    return tmp_path / "out"


def words(out: Path | str) -> list[str]:
    """Return the command."""
    return ["notices", "--as-of", AS_OF.isoformat(), "--out", str(out), "--service", "electricity"]


def die(when: str, out: Path, engine: Engine) -> None:
    """Run the command, which dies right before it places its n-th file, or after the manifest."""
    with start("-c", DIE_WHILE_PUBLISHING, when, str(out), *words(out)) as process:
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": NOTICES_LOCK})
        connection.invalidate()


def assert_as_if_undisturbed(
    out: Path, undisturbed: Undisturbed, home: Path, engine: Engine
) -> None:
    """Running it now gives what it gives without any fault."""
    run = notices(out)

    assert (run.code, run.told) == (0, "")
    assert hashes(run.folder) == undisturbed.files
    assert recorded(engine) == undisturbed.recorded
    assert left_behind(home, out) == []


def left_behind(home: Path, out: Path) -> list[str]:
    """Return what a run should have cleared away."""
    return [
        str(path)
        for folder, pattern in ((home / "work", "*"), (out, "**/.*"))
        for path in folder.glob(pattern)
    ]


@pytest.mark.parametrize("when", ["0", "3", "17", "after"])
def test_killed_while_publishing_and_run_again_equals_once(
    when: str, undisturbed: Undisturbed, out: Path, home: Path, engine: Engine
) -> None:
    """Between intent and the first file, between files, and after the manifest: by then the files
    are out.
    """
    die(when, out, engine)
    is_out = (folder_of(out) / "manifest.json").exists()
    assert (is_out, [row[3] for row in recorded(engine)["runs"]]) == (when == "after", ["intended"])

    assert_as_if_undisturbed(out, undisturbed, home, engine)


@pytest.mark.parametrize("when", ["3", "after"])
def test_whoever_comes_next_finishes_or_takes_back(
    when: str, undisturbed: Undisturbed, out: Path, home: Path, engine: Engine
) -> None:
    """Nobody runs the killed service again; the notices of another one settle what became of it."""
    die(when, out, engine)
    other = notices(out, service="heat")
    kept = recorded(engine)

    assert other.code == 0, other.told
    assert [row[:2] for row in kept["runs"]] == [
        (AS_OF, service) for service in (("electricity", "heat") if when == "after" else ("heat",))
    ]
    assert {row[3] for row in kept["runs"]} == {"done"}
    assert [row for row in kept["tokens"] if row[3] == "electricity"] == (
        undisturbed.recorded["tokens"] if when == "after" else []
    )
    assert len(kept["templates"]) == 4


@pytest.mark.parametrize("told", ["решения", "съобщения"], ids=["gather", "render"])
def test_killed_before_publishing_leaves_nothing_that_the_next_does_not_clear(
    told: str, undisturbed: Undisturbed, out: Path, home: Path, engine: Engine
) -> None:
    with start("-m", "dunning.cli", *words(out), "--shards", "2") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if told in line:
                process.kill()
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": NOTICES_LOCK})
        connection.invalidate()
    assert (recorded(engine), (out / "notices").exists()) == (NOTHING, False)
    assert len(list((home / "work").iterdir())) == 1

    assert_as_if_undisturbed(out, undisturbed, home, engine)


def test_a_second_run_says_so_and_leaves(
    undisturbed: Undisturbed, out: Path, home: Path, engine: Engine
) -> None:
    """A night may be run meanwhile."""
    with run_lock(engine, "notices 2026-11-22 heat", NOTICES_LOCK):
        second = notices(out)
        night = nightly(undisturbed.ledger, out, days(1))

    assert (second.code, len(second.messages), night.code) == (1, 1, 0)
    assert "Another run is going on since" in second.told
    assert ": dunning notices 2026-11-22 heat (PostgreSQL process" in second.told
    assert_as_if_undisturbed(out, undisturbed, home, engine)


@pytest.mark.parametrize("where", ["work", "out"])
@pytest.mark.parametrize("pages", [3, 40])
def test_a_full_disk_is_told_in_one_message(
    where: str, pages: int, undisturbed: Undisturbed, out: Path, home: Path, engine: Engine
) -> None:
    """Disks of 12 and 160 KiB: work tables, rendered files or published ones do not fit."""
    os.makedirs(home / "work", exist_ok=True)
    with small_disk(home / "work" if where == "work" else out / "notices", f"{4 * pages}k"):
        full = notices(out)
        is_out = (folder_of(out) / "manifest.json").exists()

    assert (full.code, len(full.messages), is_out) == (1, 1, False)
    assert "No space left on device" in full.told
    assert recorded(engine) == NOTHING
    assert_as_if_undisturbed(out, undisturbed, home, engine)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("AccessDenied", "PUT", "/notices/.*print", after=1, times=99),
        Fault("AccessDenied", "PUT", "/notices/.*email", after=4, times=99),
        Fault("AccessDenied", "PUT", "/notices/.*manifest", times=99),
        Fault("busy", "PUT", "/notices/", after=6, times=99),
    ],
    ids=["print", "email", "manifest", "busy"],
)
def test_a_store_that_refuses_in_the_middle(
    fault: Fault, store: Store, undisturbed: Undisturbed, out: Path, home: Path, engine: Engine
) -> None:
    store.faults.append(fault)
    refused = notices(store.url("out"))
    names = store.hashes(f"out/notices/{AS_OF}/electricity")
    store.faults.clear()

    assert (refused.code, len(refused.messages), "manifest.json" in names) == (1, 1, False)
    assert recorded(engine) == NOTHING
    assert_whole_in(store, undisturbed, engine)


@pytest.mark.parametrize("deed", ["busy", "reset", "lose", "cut", "corrupt"])
def test_a_line_that_fails_once_is_not_felt(
    deed: str, store: Store, undisturbed: Undisturbed, out: Path, engine: Engine
) -> None:
    """Also where the answer to the very manifest got lost."""
    store.faults += [
        Fault(deed, "PUT", "/notices/.*email/", after=3),
        Fault(deed, "PUT", "/notices/.*manifest"),
    ]

    assert_whole_in(store, undisturbed, engine)


def assert_whole_in(store: Store, undisturbed: Undisturbed, engine: Engine) -> None:
    """Running it now puts into the store, and records, what it does without any fault."""
    run = notices(store.url("out"))

    assert (run.code, run.told) == (0, "")
    assert store.hashes(f"out/notices/{AS_OF}/electricity") == undisturbed.files
    assert recorded(engine) == undisturbed.recorded
    assert store.unfinished_uploads() == []


def test_a_database_that_goes_away_stops_everything(
    undisturbed: Undisturbed, out: Path, home: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends every connection while the files are made: the lock is gone, so nothing may
    be recorded.
    """
    from dunning.jobs.monthly import month
    from dunning.jobs.monthly.begin import MonthlyRequest

    def listen(message: str) -> None:
        if message == "публикуване":
            with engine.connect() as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )

    with pytest.raises(Exception, match="PostgreSQL gave up"):
        month.run(MonthlyRequest.of(AS_OF, str(out), "electricity"), progress=listen)
    assert (recorded(engine), (out / "notices").exists()) == (NOTHING, False)
    assert_as_if_undisturbed(out, undisturbed, home, engine)


def test_a_night_that_was_interrupted_is_settled_first(
    undisturbed: Undisturbed,
    home: Path,
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its lists were out when it was killed: it is closed, and its notices count."""
    monkeypatch.setenv("DUNNING_RECEIPT_KEY", KEY)
    out = tmp_path / "out"
    with start(
        "-c", DIE_WHILE_PUBLISHING, "after", str(out), *command(undisturbed.ledger, out)
    ) as process:
        process.communicate()
    run = notices(out)

    assert (run.code, run.told) == (0, "")
    assert recorded(engine) == undisturbed.recorded
    assert run_states(engine) == [("2026-11-22", "closed")]
