"""A bit that turns over on the disk: in a snapshot, between two steps, in a published list. It is
found by its hash.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from dunning.core.errors import DunningError
from dunning.gateways.snapshots.snapshot import find_snapshot, open_snapshot
from dunning.jobs.nightly import classify, close, load, propose, report, write
from dunning.jobs.nightly.runs import NightlyRun
from tests.faults.children import Warm
from tests.faults.places import AS_OF, Place, Undisturbed, hashes, place
from tests.faults.servers import Server

SEED = 20261122
SHARDS = 2

Step = Callable[[dict], object]


@pytest.fixture
def here(
    folder: Path,
    undisturbed: Undisturbed,
    warm_process: Warm,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Place]:
    """A fresh place, which also the steps called in this process use."""
    with place(folder / "place", undisturbed.ledger, warm_process, server) as fresh:
        for name, value in fresh.environment.items():
            monkeypatch.setenv(name, value)
        yield fresh


def positions(path: Path, count: int = 4) -> list[int]:
    """Return the first and the last bit of a file, and some drawn between."""
    bits, dice = 8 * path.stat().st_size, Random(f"{SEED} {path.name}")
    return [0, *(dice.randrange(bits) for _ in range(count)), bits - 1]


@contextmanager
def turned(path: Path, bit: int) -> Iterator[None]:
    """Turn one bit of a file over for as long as the block lasts."""
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    whole = path.read_bytes()
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(whole)


def begin(here: Place) -> dict:
    """Load as the first step does."""
    return load.run(AS_OF.isoformat(), str(here.ledger), str(here.out))


def classify_all(run: dict) -> list[dict]:
    """Classify in shards."""
    return [classify.run(run, shard, SHARDS) for shard in range(SHARDS)]


def go_on(run: dict) -> None:
    """Take all steps after the load."""
    propose.run(run, classify_all(run))
    write.run(run)
    report.run(run, close.run(run))


def test_a_snapshot_with_a_turned_bit_is_not_used_again(
    here: Place, undisturbed: Undisturbed
) -> None:
    """Any bit of any of its files; the load makes the snapshot anew and the night is the same."""
    snapshot = Path(begin(here)["snapshot"])
    files = sorted(snapshot.iterdir())
    found = {}
    for path in files:
        for bit in positions(path):
            with turned(path, bit):
                found[path.name, bit] = find_snapshot(snapshot.parent, snapshot.name)
    whole = hashes(snapshot)
    victim = Random(SEED).choice(files)
    victim.write_bytes(victim.read_bytes()[:-100] + bytes(100))
    night = here.run()

    assert {where for where, again in found.items() if again is not None} == set()
    assert len(files) == 21
    assert (night.code, night.told, hashes(snapshot)) == (0, "", whole)
    assert here.hashes(AS_OF) == undisturbed.first


def test_a_bit_that_turns_between_load_and_decisions_changes_no_decision(
    here: Place, undisturbed: Undisturbed
) -> None:
    """Every file of the snapshot: what a shard reads is refused; what no shard reads cannot change
    anything.
    """
    run = begin(here)
    snapshot = Path(run["snapshot"])
    expected, passed, refused = told_by(run), set(), set()
    for path in sorted(snapshot.glob("*.*")):
        if path.name == "quarantine.parquet":
            continue
        for bit in positions(path):
            with turned(path, bit):
                try:
                    assert told_by(run) == expected
                    passed.add(path.name)
                except DunningError as error:
                    assert str(snapshot) in str(error)
                    refused.add(path.name)
    go_on(run)

    assert "invoice_lines.parquet" in passed  # which no decision reads
    assert refused == {path.name for path in snapshot.iterdir()} - {
        "quarantine.parquet",
        "invoice_lines.parquet",
    }
    assert here.hashes(AS_OF) == undisturbed.first


def told_by(run: dict) -> dict[str, str]:
    """Return the hashes of everything that the shards write."""
    classify_all(run)
    return hashes(Path(run["work"]) / "shards")


def test_a_bit_of_the_refused_rows_that_turns_before_they_are_listed_is_found(here: Place) -> None:
    run = begin(here)
    propose.run(run, classify_all(run))
    with (
        turned(Path(run["snapshot"]) / "quarantine.parquet", 99),
        pytest.raises(DunningError, match="SHA-256 differs"),
    ):
        write.run(run)
    assert write.run(run)["as_of"] == AS_OF.isoformat()


def test_what_one_step_leaves_for_another_is_found_when_a_bit_of_it_turned(
    here: Place, undisturbed: Undisturbed
) -> None:
    """Whatever file of the work folder it is, the night ends as if nothing had been, or is refused
    before it closes.
    """
    run = begin(here)
    work = Path(run["work"])
    parts = [{"shard": shard} for shard in range(SHARDS)]
    steps: list[tuple[str, Callable[[], object]]] = [
        ("load", lambda: classify_all(run)),
        ("classify", lambda: (propose.run(run, parts), write.run(run))),
        ("propose", lambda: (write.run(run), close.check_files(NightlyRun.of(run)))),
        ("write", lambda: close.check_files(NightlyRun.of(run))),
    ]
    unnoticed: dict[tuple[str, str], object] = {}
    tried = 0
    for after, act in steps:
        before = {path: path.read_bytes() for path in sorted(work.rglob("*")) if path.is_file()}
        for path in fresh(work, after):
            with turned(path, Random(f"{after} {path.name}").randrange(8 * path.stat().st_size)):
                tried += 1
                try:
                    act()
                    unnoticed[after, path.relative_to(work).as_posix()] = None
                except DunningError as error:
                    assert "Run the" in str(error)
            for other, content in before.items():
                other.parent.mkdir(exist_ok=True)
                other.write_bytes(content)
        act()
    close.run(run)

    assert unnoticed == {}
    assert tried > 50
    assert here.hashes(AS_OF) == undisturbed.first


def fresh(work: Path, after: str) -> list[Path]:
    """Return what a step has just written."""
    folders = {
        "load": ("policy", "."),
        "classify": ("shards/*",),
        "propose": ("proposed", "."),
        "write": ("files/**",),
    }
    known = {
        "load": {"given.seal", "actions.parquet"},
        "propose": {"proposed.seal", "proposed.json"},
    }
    found = sorted(
        {path for folder in folders[after] for path in work.glob(f"{folder}/*") if path.is_file()}
    )
    return [path for path in found if path.parent != work or path.name in known[after]]


def test_a_published_file_that_is_changed_is_not_the_one_that_the_manifest_names(
    here: Place, undisturbed: Undisturbed
) -> None:
    """Whoever trusts the manifest sees it; the same date again puts it right."""
    assert here.run().code == 0
    target = here.out / AS_OF.isoformat()
    named = json.loads((target / "manifest.json").read_text("utf-8"))["files"]
    for name in named:
        path = target / name
        with turned(path, Random(name).randrange(8 * path.stat().st_size)):
            assert [
                other
                for other, sha256 in hashes(target).items()
                if named.get(other, sha256) != sha256
            ] == [name]
    (target / "court.csv").write_text("x")
    again = here.run()

    assert (again.code, here.hashes(AS_OF)) == (0, undisturbed.first)


def test_explain_does_not_tell_a_story_from_a_turned_bit(here: Place) -> None:
    """Months later, from the snapshot that was kept."""
    assert here.run().code == 0
    (folder,) = (here.home / "snapshots").iterdir()
    premise_no = (
        open_snapshot(folder)
        .read_bucket(open_snapshot(folder).buckets()[0])
        .premises.text("premise_no")
    )
    words = ["explain", premise_no.to_pylist()[0], "--as-of", AS_OF.isoformat()]
    whole = here.warm.start(words, here.environment).wait()
    told = {}
    for path in sorted(folder.glob("[!q]*.parquet")):
        with turned(path, 8 * path.stat().st_size - 70):
            told[path.name] = here.warm.start(words, here.environment).wait()

    assert whole.code == 0
    assert {
        name for name, end in told.items() if (end.code, "SHA-256" in end.told) != (1, True)
    } == set()
