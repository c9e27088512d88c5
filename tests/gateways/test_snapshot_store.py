"""Snapshots in a store: kept once, fetched and held against their hashes, made again where they are
harmed.
"""

from pathlib import Path

import pytest

from dunning.core.errors import DunningError
from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.gateways.snapshots.snapshot_store import (
    find_kept,
    keep,
    list_kept,
    open_kept,
    remove_kept,
)
from tests.gateways.test_snapshots import write
from tests.object_stores import Fault, Store

SEAL = "snapshots/f1/snapshot.json"


@pytest.fixture
def kept(store: Store, tmp_path: Path) -> Snapshot:
    """A snapshot that was written here and is kept in the store."""
    snapshot = write(tmp_path / "here")
    keep(snapshot, store.url("snapshots"))
    return snapshot


def content(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_without_a_store_everything_is_local(tmp_path: Path) -> None:
    snapshot = write(tmp_path)
    keep(snapshot, None)
    assert find_kept(tmp_path, None, "f1") == snapshot == open_kept(snapshot.folder, tmp_path, None)
    assert find_kept(tmp_path, None, "f2") is None


def test_it_is_kept_whole_and_once(store: Store, kept: Snapshot) -> None:
    assert {
        f"snapshots/f1/{name}": found for name, found in content(kept.folder).items()
    } == store.contents()
    assert [path for method, path in store.requests if method == "PUT"][-1].endswith(
        "/snapshot.json"
    )
    store.requests.clear()
    keep(kept, store.url("snapshots"))
    assert {method for method, _ in store.requests} == {"HEAD", "GET"}


def test_one_without_its_seal_is_kept_again(store: Store, kept: Snapshot, tmp_path: Path) -> None:
    """As an upload leaves it that was killed."""
    before = store.contents()
    store.client.delete_object(Bucket=store.bucket, Key=SEAL)
    store.put("snapshots/f1/items.parquet", b"half")
    assert find_kept(tmp_path / "there", store.url("snapshots"), "f1") is None
    keep(kept, store.url("snapshots"))
    assert store.contents() == before


def test_what_aged_out_goes_from_here_and_from_the_store(
    store: Store, kept: Snapshot, tmp_path: Path
) -> None:
    other = write(tmp_path / "other")
    size = sum(map(len, content(kept.folder).values()))
    store.put("snapshots/half/items.parquet", b"an upload that was killed")

    assert list_kept(tmp_path / "nowhere", store.url("snapshots")) == {"f1": size}
    assert list_kept(other.folder.parent, None) == {"f1": size}
    store.requests.clear()
    remove_kept(kept.folder.parent, store.url("snapshots"), "f1")
    assert list_kept(kept.folder.parent, store.url("snapshots")) == {}
    assert set(store.contents()) == {"snapshots/half/items.parquet"}
    assert next(path for method, path in store.requests if method == "DELETE").endswith(
        "/snapshot.json"
    )
    assert not kept.folder.exists()


def test_another_machine_finds_and_opens_it(store: Store, kept: Snapshot, tmp_path: Path) -> None:
    for number, machine in enumerate((tmp_path / "one", tmp_path / "two")):
        nowhere = tmp_path / "nowhere" / "f1"
        found = (
            find_kept(machine, store.url("snapshots"), "f1")
            if number
            else open_kept(nowhere, machine, store.url("snapshots"))
        )
        assert found is not None
        assert (found.folder, content(found.folder)) == (machine / "f1", content(kept.folder))
        assert [path.name for path in machine.iterdir()] == ["f1"]
    store.requests.clear()
    assert open_kept(nowhere, machine, store.url("snapshots")) == found
    assert store.requests == []


def test_one_that_is_harmed_here_comes_from_the_store(
    store: Store, kept: Snapshot, tmp_path: Path
) -> None:
    before = content(kept.folder)
    (kept.folder / "items.parquet").write_bytes(b"x")
    found = find_kept(tmp_path / "here", store.url("snapshots"), "f1")
    assert found is not None
    assert content(found.folder) == before


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("items.parquet", b"x"),
        ("items.parquet", None),
        ("snapshot.json", b"{"),
        ("snapshot.json", b"{}"),
        ("snapshot.json", b'{"format": 1, "fingerprint": "f2", "tables": {}}'),
        ("snapshot.json", b'{"format": 0, "fingerprint": "f1", "tables": {}}'),
    ],
    ids=["other bytes", "missing", "no JSON", "empty", "another ledger", "another format"],
)
def test_one_that_is_harmed_in_the_store_is_refused_and_has_to_be_made_again(
    name: str, harm: bytes | None, store: Store, kept: Snapshot, tmp_path: Path
) -> None:
    before, url = store.contents(), store.url("snapshots")
    if harm is None:
        store.client.delete_object(Bucket=store.bucket, Key=f"snapshots/f1/{name}")
    else:
        store.put(f"snapshots/f1/{name}", harm)
    with pytest.raises(DunningError, match=r"(?i)remove (it|s3://[^ ]*/f1) and load the ledger"):
        open_kept(tmp_path / "nowhere" / "f1", tmp_path / "there", url)
    assert find_kept(tmp_path / "there", url, "f1") is None
    assert (SEAL in store.contents(), list((tmp_path / "there").iterdir())) == (False, [])

    keep(kept, url)
    assert store.contents() == before


def test_one_that_is_nowhere_says_so(store: Store, tmp_path: Path) -> None:
    with pytest.raises(
        DunningError, match=r"^There is no snapshot at s3://.*/f1 \(no snapshot\.json\), nor here"
    ):
        open_kept(tmp_path / "nowhere" / "f1", tmp_path, store.url("snapshots"))


def test_a_store_that_is_away_is_not_taken_for_an_empty_one(
    store: Store, kept: Snapshot, tmp_path: Path
) -> None:
    store.faults = [Fault("reset", times=99)]
    with pytest.raises(DunningError, match="did not answer"):
        find_kept(tmp_path / "there", store.url("snapshots"), "f1")
    store.faults = []
    assert SEAL in store.contents()
