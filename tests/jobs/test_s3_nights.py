"""Whole nights on an object store: ledger in, snapshots and lists out, through every fault of the
line to it.

The server is a real one over HTTP; what the line does to requests stands in `tests.object_stores`.
A night gives the bytes of a local one, or it is refused in one line, no manifest stands, and
running it again gives them.
"""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dunning.jobs.nightly import classify, load
from tests.jobs.conftest import MakeHome
from tests.jobs.nights import (
    AS_OF,
    Night,
    days,
    deeds,
    dunning,
    hashes,
    history,
    nightly,
    run_states,
    say_fresh,
)
from tests.jobs.test_recovery import wait_for_the_lock
from tests.object_stores import Fault, Store
from tests.world import World

REPOSITORY = Path(__file__).parents[2]
DAY = AS_OF.isoformat()
MANIFEST = f"out/{DAY}/manifest.json"


@dataclass(frozen=True)
class Undisturbed:
    """Nights of a ledger on local folders: by their number what they left, files and books; and the
    snapshot.
    """

    ledger: Path
    after: list[tuple[dict[str, str], dict[str, list[tuple]]]]
    snapshot: dict[str, str]


@pytest.fixture(scope="module")
def local(new_home: MakeHome, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """AS_OF and the day after; on the second some more is due, so that both have deeds."""
    folder = tmp_path_factory.mktemp("local")
    ledger = say_fresh(debtors().write(folder / "ledger"))
    with new_home(folder / "home") as engine:
        after = []
        for number in (0, 1):
            assert nightly(ledger, folder / "out", days(number)).code == 0
            after.append((hashes(folder / "out"), history(engine)))
        found = Undisturbed(ledger, after, hashes(folder / "home" / "snapshots"))
    assert [{row[3] for row in books["deeds"]} for _, books in after] == [{AS_OF}, {AS_OF, days(1)}]
    return found


def debtors() -> World:
    """Return a ledger with something on every list."""
    people = World()
    for number in range(1, 9):
        people.account(
            number, ("2026-11-21", "60.00"), ("2026-03-01", f"{number}.00"), phone=number % 3 > 0
        )
    for number in range(9, 14):
        people.account(number, ("2026-11-22", "75.20"), ("2026-02-01", "350.00"))
        people.notice(
            number, "overdue" if number % 2 else "final_warning", "2026-09-01", "2026-09-03"
        )
    for number in range(14, 17):
        people.account(number, ("2026-11-22", "20.00"))
    return people


@pytest.fixture
def bucket(store: Store, local: Undisturbed, home: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A bucket with the ledger, in which snapshots are kept too, and a home of the test's own."""
    put_ledger(store, local.ledger)
    monkeypatch.setenv("DUNNING_SNAPSHOTS", store.url("snapshots"))
    return store


def put_ledger(store: Store, folder: Path) -> None:
    """Write the files of a local ledger to `ledger/`."""
    for path in sorted(folder.iterdir()):
        store.put(f"ledger/{path.name}", path.read_bytes())


def words(store: Store, day: int = 0) -> list[str]:
    """Return the command of a night on the bucket."""
    return [
        "nightly",
        "--ledger",
        store.url("ledger"),
        "--as-of",
        days(day).isoformat(),
        "--out",
        store.url("out"),
    ]


def night(store: Store, day: int = 0) -> Night:
    """Run a night on the bucket."""
    return dunning(*words(store, day))


def assert_as_if_undisturbed(
    store: Store, local: Undisturbed, engine: Engine, nights: int = 1
) -> None:
    """Nights run now leave in the bucket and in the books what they leave without any fault."""
    told = [night(store, day) for day in range(nights)]

    assert [(each.code, each.told) for each in told] == [(0, "")] * nights
    assert (store.hashes("out"), history(engine)) == local.after[nights - 1]
    assert store.hashes("snapshots") == local.snapshot
    assert store.unfinished_uploads() == []
    assert f"Папка: {store.url(f'out/{DAY}')}" in told[0].printed


def test_nights_on_a_store_give_the_bytes_of_local_ones(
    bucket: Store, local: Undisturbed, home: Path, engine: Engine
) -> None:
    assert_as_if_undisturbed(bucket, local, engine, nights=2)
    assert hashes(home / "snapshots") == local.snapshot
    assert [oct(path.stat().st_mode & 0o777) for path in (home / "incoming").iterdir()] == ["0o700"]


@pytest.mark.parametrize("deed", ["stall", "busy", "reset", "lose", "cut", "corrupt"])
def test_each_fault_is_got_over_on_every_way(
    deed: str, bucket: Store, local: Undisturbed, engine: Engine
) -> None:
    """It strikes the ledger on its way in, and the snapshot, the lists and the manifest on their
    way out.
    """
    bucket.faults = [
        Fault(deed, "GET", "ledger/payments"),
        Fault(deed, "PUT", "snapshots/.*/items"),
        Fault(deed, "PUT", "manifest"),
    ]
    if deed in ("reset", "lose", "cut"):
        bucket.faults += [Fault(deed, "GET", "list-type"), Fault(deed, "DELETE", "manifest")]
    assert_as_if_undisturbed(bucket, local, engine)
    assert [fault.times for fault in bucket.faults] == [0] * len(bucket.faults)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            Fault("reset", "GET", "ledger/payments", 99),
            "did not answer, or broke off, again and again while",
        ),
        (
            Fault("corrupt", "GET", "ledger/invoices", 99),
            "ledger/invoices.csv arrived here damaged 3 times",
        ),
        (
            Fault("lose", "PUT", "snapshots/.*/items", 99),
            "did not answer, or broke off, again and again while",
        ),
        (
            Fault("corrupt", "PUT", "out/.*/court.csv", 99),
            "court.csv arrived there damaged 3 times",
        ),
        (Fault("AccessDenied", "PUT", "manifest", 99), "does not let us write"),
    ],
    ids=lambda value: (
        f"{value.deed} {value.method} {value.path}" if isinstance(value, Fault) else ""
    ),
)
def test_a_fault_that_stays_is_refused_in_one_line_and_nothing_counts_as_sent(
    fault: Fault, said: str, bucket: Store, local: Undisturbed, engine: Engine
) -> None:
    bucket.faults = [fault]
    struck = night(bucket)

    assert (struck.code, len(struck.messages)) == (1, 1)
    assert said in struck.told
    assert (MANIFEST in bucket.keys(), deeds(engine)) == (False, [])
    bucket.faults = []
    assert_as_if_undisturbed(bucket, local, engine)


def test_a_manifest_that_stands_although_every_answer_was_lost_closes_the_books(
    bucket: Store, local: Undisturbed, engine: Engine
) -> None:
    """What counts is what lies there, not what we heard of it."""
    bucket.faults = [Fault("lose", "PUT", "manifest", 3)]
    struck = night(bucket)

    assert (struck.code, run_states(engine)) == (0, [(DAY, "closed")])
    assert_as_if_undisturbed(bucket, local, engine)


def test_a_store_that_is_gone_after_the_manifest_leaves_the_close_to_the_next_run(
    bucket: Store, local: Undisturbed, engine: Engine
) -> None:
    """Nobody knows then whether the files are out, so nothing is taken back and nothing done."""

    def die(method: str, path: str) -> None:
        if method == "PUT" and path.endswith("manifest.json"):
            bucket.faults = [Fault("reset", times=10**6)]

    bucket.faults = [Fault("lose", "PUT", "manifest")]
    bucket.watch = die
    struck = night(bucket)
    between = [(DAY, "closing")]

    assert (struck.code, run_states(engine), {state for _, state in deeds(engine)}) == (
        1,
        between,
        {"intended"},
    )
    bucket.faults, bucket.watch = [], lambda method, path: None
    assert night(bucket, 1).code == 0
    assert (bucket.hashes("out"), history(engine)) == local.after[1]


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("snapshots/.*/snapshot.json", None),
        ("out/.*/classification", "closing"),
        ("out/.*/withheld.xlsx", "closing"),
        ("manifest", "closing"),
    ],
)
def test_killed_right_after_a_write_and_run_again_equals_once(
    path: str, state: str | None, bucket: Store, local: Undisturbed, engine: Engine
) -> None:
    """SIGKILL reaches the process when the store has what was written, and before it hears of
    it.
    """
    process: list[subprocess.Popen[str]] = []
    fault = Fault("", "PUT", path)
    bucket.watch = lambda method, at: (
        os.kill(process[0].pid, signal.SIGKILL) if fault.meets(method, at) else None
    )
    with subprocess.Popen(
        [sys.executable, "-m", "dunning.cli", *words(bucket)],
        cwd=REPOSITORY,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as started:
        process.append(started)
        started.communicate()
    bucket.watch = lambda method, at: None
    wait_for_the_lock(engine)

    assert started.returncode == -signal.SIGKILL
    assert run_states(engine) == ([] if state is None else [(DAY, state)])
    assert (MANIFEST in bucket.keys()) == (path == "manifest")
    assert_as_if_undisturbed(bucket, local, engine)


def test_a_reader_never_finds_other_than_the_manifest_promises(
    bucket: Store, local: Undisturbed, home: Path
) -> None:
    """Looked at after every change in the store: a night, and the same date again on another
    ledger.
    """
    seen: list[tuple[bool, list[str]]] = []

    def look(method: str, path: str) -> None:
        if "/out/" in path:
            seen.append((MANIFEST in bucket.contents(), bucket.broken_promises(f"out/{DAY}")))

    bucket.watch = look
    nights = [night(bucket)]
    put_ledger(bucket, debtors().account(90, ("2026-11-01", "88.00")).write(home / "other"))
    nights.append(night(bucket))

    assert [each.code for each in nights] == [0, 0]
    assert bucket.hashes("out") != local.after[0][0]
    assert [broken for _, broken in seen if broken] == []
    assert [stands for stands, _ in seen].count(True) > 2


@pytest.fixture
def other_machine(
    bucket: Store, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """After a night on the bucket: the home of another machine with the same database."""
    assert night(bucket).code == 0
    monkeypatch.setenv("DUNNING_HOME", str(tmp_path / "other"))
    (home / "snapshots").rename(tmp_path / "away")
    return tmp_path / "other"


def test_another_machine_explains_from_the_store(
    bucket: Store, other_machine: Path, local: Undisturbed
) -> None:
    told = dunning("explain", "000001", "--as-of", DAY)

    assert (told.code, "Абонатен № 000001" in told.printed) == (0, True)
    assert hashes(other_machine / "snapshots") == local.snapshot


def test_another_machine_does_not_load_the_ledger_again(
    bucket: Store, other_machine: Path, local: Undisturbed
) -> None:
    again = night(bucket)

    assert (again.code, "същото извлечение вече е заредено" in again.printed) == (0, True)
    assert hashes(other_machine / "snapshots") == local.snapshot


def test_a_shard_on_another_machine_finds_the_snapshot(
    bucket: Store, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local: Undisturbed
) -> None:
    """With the work folder shared and the snapshots not, as workers have it."""
    run = load.run(DAY, bucket.url("ledger"), bucket.url("out"))
    (home / "snapshots").rename(tmp_path / "away")
    monkeypatch.setenv("DUNNING_HOME", str(tmp_path / "other"))
    parts = [classify.run(run, shard, 2) for shard in range(2)]

    assert sum(sum(part["stages"].values()) for part in parts) == 16
    assert hashes(tmp_path / "other" / "snapshots") == local.snapshot


def test_a_snapshot_harmed_in_the_store_is_found_by_its_hash_and_made_again(
    bucket: Store, other_machine: Path, local: Undisturbed, engine: Engine
) -> None:
    (key,) = [key for key in bucket.keys("snapshots/") if key.endswith("/items.parquet")]
    bucket.put(key, bytes(reversed(bucket.read(key))))
    told = dunning("explain", "000001", "--as-of", DAY)
    place = bucket.url("snapshots/" + key.split("/")[1])

    assert (told.code, len(told.messages)) == (1, 1)
    assert place in told.told and "load the ledger" in told.told
    assert_as_if_undisturbed(bucket, local, engine)


def test_a_local_ledger_gives_the_same_lists_in_a_bucket(
    store: Store, local: Undisturbed, home: Path
) -> None:
    """The fingerprint is that of the files: where the ledger lies and where the lists go changes no
    byte.
    """
    told = dunning(
        "nightly", "--ledger", str(local.ledger), "--as-of", DAY, "--out", store.url("out")
    )

    assert (told.code, store.hashes("out")) == (0, local.after[0][0])
