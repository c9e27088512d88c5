"""Whole nights on an object store: ledger in, snapshots and lists out, through every fault of the line to it.

The server is a real one over HTTP; what the line does to requests stands in `tests.object_stores`. A night gives the
bytes of a local one, or it is refused in one line, no manifest stands, and running it again gives them.
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dunning.gateways.extracts import RECORD
from dunning.jobs import classify, load
from tests.jobs.conftest import MakeHome
from tests.jobs.nights import AS_OF, Debtors, Night, days, deeds, dunning, hashes, history, nightly, run_states, say_fresh
from tests.jobs.test_recovery import wait_for_the_lock
from tests.object_stores import Fault, Store

REPOSITORY = Path(__file__).parents[2]
DAY = AS_OF.isoformat()
MANIFEST = f"out/{DAY}/manifest.json"


@dataclass(frozen=True)
class Undisturbed:
    """Two nights of a ledger on local folders: their files, what they recorded, and the snapshot."""

    ledger: Path
    files: dict[str, str]
    history: dict[str, list[tuple]]
    snapshot: dict[str, str]


@pytest.fixture(scope="module")
def local(new_home: MakeHome, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """AS_OF and the day after; on the second some more is due, so that both have deeds."""
    folder = tmp_path_factory.mktemp("local")
    ledger = say_fresh(debtors().write(folder / "ledger"))
    with new_home(folder / "home") as engine:
        nights = [nightly(ledger, folder / "out", days(n)) for n in (0, 1)]
        assert [night.code for night in nights] == [0, 0]
        found = Undisturbed(ledger, hashes(folder / "out"), history(engine), hashes(folder / "home" / "snapshots"))
    assert {row[3] for row in found.history["deeds"]} == {AS_OF, days(1)}
    return found


def debtors() -> Debtors:
    """Return a ledger with something on every list."""
    people = Debtors()
    for number in range(1, 9):
        people.debtor(number, ("2026-11-21", "60.00"), ("2026-03-01", f"{number}.00"), phone=number % 3 > 0)
    for number in range(9, 14):
        people.debtor(number, ("2026-11-22", "75.20"), ("2026-02-01", "350.00"))
        people.notice(number, "overdue" if number % 2 else "final_warning", "2026-09-01", "2026-09-03")
    for number in range(14, 17):
        people.debtor(number, ("2026-11-22", "20.00"))
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
    return ["nightly", "--ledger", store.url("ledger"), "--as-of", days(day).isoformat(), "--out", store.url("out")]


def night(store: Store, day: int = 0) -> Night:
    """Run a night on the bucket."""
    return dunning(*words(store, day))


def assert_as_if_undisturbed(store: Store, local: Undisturbed, engine: Engine) -> None:
    """Both dates, run now, leave in the bucket and in the books what they leave without any fault."""
    nights = [night(store, day) for day in (0, 1)]

    assert [(night.code, night.told) for night in nights] == [(0, ""), (0, "")]
    assert store.hashes("out") == local.files
    assert store.hashes("snapshots") == local.snapshot
    assert history(engine) == local.history
    assert store.unfinished_uploads() == []


def test_a_night_on_a_store_gives_the_bytes_of_a_local_one(
    bucket: Store, local: Undisturbed, home: Path, engine: Engine
) -> None:
    assert_as_if_undisturbed(bucket, local, engine)
    assert f"Папка: {bucket.url(f'out/{DAY}')}" in night(bucket).printed
    assert hashes(home / "snapshots") == local.snapshot
    assert [oct(path.stat().st_mode & 0o777) for path in (home / "incoming").iterdir()] == ["0o700"]


@pytest.mark.parametrize("deed", ["stall", "busy", "reset", "lose", "cut", "corrupt"])
def test_each_fault_is_got_over_on_every_way(deed: str, bucket: Store, local: Undisturbed, engine: Engine) -> None:
    """It strikes the ledger on its way in, and the snapshot, the lists and the manifest on their way out."""
    bucket.faults = [
        Fault(deed, "GET", "ledger/payments"), Fault(deed, "GET", "list-type"),
        Fault(deed, "PUT", "snapshots/.*/items"), Fault(deed, "PUT", "out/.*/classification"),
        Fault(deed, "PUT", "manifest"), Fault(deed, "HEAD|DELETE", "manifest"),
    ]  # fmt: skip
    struck = night(bucket)

    assert (struck.code, struck.told) == (0, "")
    assert {fault.times for fault in bucket.faults[:2]} == {0}
    assert bucket.hashes(f"out/{DAY}") == {
        name.removeprefix(f"{DAY}/"): sha256 for name, sha256 in local.files.items() if name.startswith(DAY)
    }
    assert {state for _, state in deeds(engine)} == {"done"}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("reset", "GET", "ledger/payments", 99), "did not answer, or broke off, again and again while"),
        (Fault("corrupt", "GET", "ledger/invoices", 99), "ledger/invoices.csv arrived here damaged 3 times"),
        (Fault("AccessDenied", "GET", "list-type", 99), "does not let us list"),
        (Fault("lose", "PUT", "snapshots/.*/items", 99), "did not answer, or broke off, again and again while"),
        (Fault("corrupt", "PUT", "out/.*/court.csv", 99), "court.csv arrived there damaged 3 times"),
        (Fault("AccessDenied", "PUT", "manifest", 99), "does not let us write"),
        (Fault("reset", "PUT", "manifest", 99), "did not answer, or broke off, again and again while"),
    ],
    ids=lambda value: f"{value.deed} {value.method} {value.path}" if isinstance(value, Fault) else "",
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

    assert (struck.code, run_states(engine), {state for _, state in deeds(engine)}) == (1, between, {"intended"})
    bucket.faults, bucket.watch = [], lambda method, path: None
    assert night(bucket, 1).code == 0
    assert (bucket.hashes("out"), history(engine)) == (local.files, local.history)


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("snapshots/.*/holds", None), ("snapshots/.*/snapshot.json", None), ("out/.*/classification", "closing"),
        ("out/.*/court.xlsx", "closing"), ("out/.*/withheld.xlsx", "closing"), ("manifest", "closing"),
    ],
)  # fmt: skip
def test_killed_right_after_a_write_and_run_again_equals_once(
    path: str, state: str | None, bucket: Store, local: Undisturbed, engine: Engine
) -> None:
    """SIGKILL reaches the process when the store has what was written, and before it hears of it."""
    process: list[subprocess.Popen[str]] = []
    fault = Fault("", "PUT", path)
    bucket.watch = lambda method, at: os.kill(process[0].pid, signal.SIGKILL) if fault.meets(method, at) else None
    with subprocess.Popen(
        [sys.executable, "-m", "dunning.cli", *words(bucket)], cwd=REPOSITORY, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as started:  # fmt: skip
        process.append(started)
        started.communicate()
    bucket.watch = lambda method, at: None
    wait_for_the_lock(engine)

    assert started.returncode == -signal.SIGKILL
    assert run_states(engine) == ([] if state is None else [(DAY, state)])
    assert (MANIFEST in bucket.keys()) == (path == "manifest")
    assert_as_if_undisturbed(bucket, local, engine)


def test_a_reader_never_finds_other_than_the_manifest_promises(bucket: Store, local: Undisturbed, home: Path) -> None:
    """Looked at after every change in the store: a night, and the same date again on another ledger."""
    seen: list[tuple[bool, list[str]]] = []
    bucket.watch = lambda method, path: seen.append((MANIFEST in bucket.keys(), bucket.broken_promises(f"out/{DAY}")))
    nights = [night(bucket)]
    put_ledger(bucket, debtors().debtor(90, ("2026-11-01", "88.00")).write(home / "other"))
    nights.append(night(bucket))

    assert [each.code for each in nights] == [0, 0]
    assert bucket.hashes(f"out/{DAY}") != local.files
    assert [broken for _, broken in seen if broken] == []
    assert [stands for stands, _ in seen].count(True) > 2


def test_what_an_older_run_of_the_date_left_is_removed(bucket: Store, local: Undisturbed, engine: Engine) -> None:
    """Nobody finds a list there that the manifest does not name; what others put there stays."""
    assert night(bucket).code == 0
    old = {"Bucket": bucket.bucket, "Key": f"out/{DAY}/old.csv", "CopySource": f"{bucket.bucket}/{MANIFEST}"}
    bucket.client.copy_object(**old)
    bucket.put(f"out/{DAY}/notes.txt", b"of a clerk")
    assert night(bucket).code == 0

    named = {*json.loads(bucket.read(MANIFEST))["files"], "manifest.json", "notes.txt"}
    assert set(bucket.hashes(f"out/{DAY}")) == named


def fetched(store: Store) -> list[str]:
    """Return the files of the ledger that were asked for, and forget all requests."""
    found = sorted(path.rpartition("/")[2] for method, path in store.requests if method == "GET" and "/ledger/" in path)
    store.requests.clear()
    return found


def test_what_was_brought_once_is_not_brought_again(bucket: Store, local: Undisturbed, home: Path) -> None:
    night(bucket)
    every = fetched(bucket)
    (incoming,) = (home / "incoming").iterdir()
    night(bucket)
    again = fetched(bucket)
    (incoming / "payers.csv").write_text("changed by somebody", "utf-8")
    bucket.put("ledger/holds.csv", bucket.read("ledger/holds.csv") + b"\n")
    bucket.client.delete_object(Bucket=bucket.bucket, Key="ledger/court_cases.csv")
    bucket.put("ledger/readme.txt", b"not of the ledger")
    night(bucket)

    assert every == sorted(path.name for path in local.ledger.iterdir())
    assert (again, fetched(bucket)) == ([], ["holds.csv", "payers.csv"])
    assert sorted(path.name for path in incoming.iterdir()) == sorted({*every, RECORD} - {"court_cases.csv"})


def test_a_download_that_broke_off_is_gone_on_with(bucket: Store, local: Undisturbed, engine: Engine) -> None:
    bucket.faults = [Fault("reset", "GET", "ledger/payments", 99)]
    assert night(bucket).code == 1
    first = set(fetched(bucket)) - {"payments.csv"}
    bucket.faults = []
    assert night(bucket).code == 0

    assert first > {"holds.csv", "invoices.csv"}
    assert set(fetched(bucket)) == {path.name for path in local.ledger.iterdir()} - first


def test_a_ledger_that_changes_while_it_is_read_is_refused(bucket: Store, engine: Engine) -> None:
    """A file that is replaced after it was listed, and one that was read before: two extracts are never mixed."""
    bucket.faults = [Fault("replace", "HEAD", "ledger/payments")]
    first = night(bucket)
    bucket.put("ledger/payments.csv", b"")
    bucket.faults = [Fault("replace", "HEAD", "ledger/tenancies", after=1)]
    bucket.watch = lambda method, path: None
    assert first.code == 1
    assert "ledger/payments.csv changed or went away while it was read" in first.told
    assert deeds(engine) == []


def test_a_file_that_comes_while_the_ledger_is_read_is_noticed(bucket: Store, engine: Engine) -> None:
    bucket.faults = [Fault("extra", "GET", "ledger/tenancies")]
    refused = night(bucket)
    assert (refused.code, refused.messages) == (
        1,
        [
            f"dunning: The files in {bucket.url('ledger')} changed while they were read: parts of two extracts would be "
            "mixed. Wait until the extract is written to its end and run again."
        ],
    )


def test_a_place_without_a_ledger_is_refused(bucket: Store, engine: Engine) -> None:
    bucket.put("empty/readme.txt", b"")
    refused = dunning("nightly", "--ledger", bucket.url("empty"), "--as-of", DAY, "--out", bucket.url("out"))
    assert (refused.code, refused.messages) == (
        1,
        [
            f"dunning: There is no file of a ledger extract (.csv, .csv.gz, .parquet) right at {bucket.url('empty')}; 1 "
            "other objects are there. Check --ledger, and that the extract was written."
        ],
    )


def test_only_one_extract_is_kept_here(bucket: Store, home: Path) -> None:
    for name in ("2026-11-21", "2026-11-22"):
        for key in bucket.keys("ledger/"):
            bucket.put(f"{name}/{key.rpartition('/')[2]}", bucket.read(key))
        told = dunning("nightly", "--ledger", bucket.url(name), "--as-of", DAY, "--out", bucket.url("out"), "--dry-run")
        assert told.code == 0
    assert [path.name[:-13] for path in (home / "incoming").iterdir()] == [f"{bucket.bucket}-2026-11-22"]


@pytest.fixture
def other_machine(bucket: Store, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """After a night on the bucket: the home of another machine with the same database."""
    assert night(bucket).code == 0
    monkeypatch.setenv("DUNNING_HOME", str(tmp_path / "other"))
    (home / "snapshots").rename(tmp_path / "away")
    return tmp_path / "other"


def test_another_machine_explains_from_the_store(bucket: Store, other_machine: Path, local: Undisturbed) -> None:
    told = dunning("explain", "000001", "--as-of", DAY)

    assert (told.code, "Абонатен № 000001" in told.printed) == (0, True)
    assert hashes(other_machine / "snapshots") == local.snapshot


def test_another_machine_does_not_load_the_ledger_again(
    bucket: Store, other_machine: Path, local: Undisturbed, engine: Engine
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


@pytest.mark.parametrize("what", ["items.parquet", "snapshot.json"])
def test_a_snapshot_harmed_in_the_store_is_found_by_its_hash_and_made_again(
    what: str, bucket: Store, other_machine: Path, local: Undisturbed, engine: Engine
) -> None:
    (key,) = [key for key in bucket.keys("snapshots/") if key.endswith(f"/{what}")]
    bucket.put(key, b'{"format": 1}' if what == "snapshot.json" else bytes(reversed(bucket.read(key))))
    told = dunning("explain", "000001", "--as-of", DAY)
    place = bucket.url("snapshots/" + key.split("/")[1])

    assert (told.code, len(told.messages)) == (1, 1)
    assert place in told.told and "load the ledger" in told.told
    assert_as_if_undisturbed(bucket, local, engine)


def test_a_snapshot_that_is_here_and_not_in_the_store_is_kept_there(
    bucket: Store, local: Undisturbed, engine: Engine
) -> None:
    assert night(bucket).code == 0
    for key in bucket.keys("snapshots/"):
        bucket.client.delete_object(Bucket=bucket.bucket, Key=key)
    assert_as_if_undisturbed(bucket, local, engine)


def test_local_and_stored_places_go_together(bucket: Store, local: Undisturbed, engine: Engine, tmp_path: Path) -> None:
    """The fingerprint is that of the files: where the ledger lies and where the lists go changes no byte."""
    here = nightly(local.ledger, tmp_path / "out")
    there = dunning("nightly", "--ledger", str(local.ledger), "--as-of", DAY, "--out", bucket.url("out"))

    assert (here.code, there.code) == (0, 0)
    assert bucket.hashes(f"out/{DAY}") == hashes(tmp_path / "out" / DAY)
    assert {f"{DAY}/{name}": sha256 for name, sha256 in hashes(tmp_path / "out" / DAY).items()} == {
        name: sha256 for name, sha256 in local.files.items() if name.startswith(DAY)
    }
