"""In however small pieces a ledger goes through the door, and however texts collide, the snapshot
is the same.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.gateways.snapshots.snapshot_store import SnapshotStore
from dunning.ledger import bucket_files, text_index
from dunning.ledger.build import bucket_passes
from dunning.ledger.load import load_ledger
from dunning.ledger.read import streams
from dunning.sample import write_sample
from tests.jobs.nights import AS_OF
from tests.ledger.extracts import Extract, Limits
from tests.ledger.test_against_plain import extracts


@contextmanager
def cramped() -> Iterator[None]:
    """Blocks of half a kilobyte, everything in files at once, every bucket a part of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "_CHUNK", 500)
        patch.setattr(bucket_files, "HELD_BYTES", 1)
        patch.setattr(bucket_passes, "RANGE_BYTES", 1)
        yield


@contextmanager
def colliding() -> Iterator[None]:
    """As `cramped`, and only four different hashes: almost every key could be another one, in
    another bucket.
    """
    mix: Callable = text_index._mix
    with cramped(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_index, "_mix", lambda hashes, words: (mix(hashes, words) >> 62) << 62)
        yield


def told(snapshot: Snapshot) -> dict:
    """Return everything that a snapshot says of itself, the hash of every file among it."""
    return {name: value for name, value in snapshot.info.items() if name != "fingerprint"}


@pytest.mark.parametrize("pieces", [cramped, colliding])
def test_a_sample_with_all_its_flaws(pieces: Callable, tmp_path: Path) -> None:
    folder = write_sample(tmp_path / "ledger", 150, 3, AS_OF, dialect="bulgaria").folder
    whole = load_ledger(folder, SnapshotStore(tmp_path / "whole"), quarantine_limits=Limits())
    with pieces():
        pieced = load_ledger(folder, SnapshotStore(tmp_path / "pieced"), quarantine_limits=Limits())

    assert told(pieced) == told(whole)
    assert sorted(path.name for path in (tmp_path / "pieced").iterdir()) == [whole.fingerprint]


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(extract=extracts())
def test_odd_extracts(tmp_path_factory: pytest.TempPathFactory, extract: Extract) -> None:
    folder = tmp_path_factory.mktemp("odd")
    whole = extract.load(folder)
    for pieces in (cramped, colliding):
        with pieces():
            pieced = load_ledger(
                folder / "ledger",
                SnapshotStore(folder / pieces.__name__),
                quarantine_limits=Limits(),
            )
        assert told(pieced) == told(whole)
