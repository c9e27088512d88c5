"""The store of what-ifs: whole or not at all, swept, and nothing is swept that is going on."""

import os
from pathlib import Path

import pyarrow as pa
import pytest

from dunning.gateways.settings.environment import Settings
from dunning.gateways.snapshots.what_if_store import (
    WhatIfStore,
    clear,
    read_done,
    read_progress,
    read_table,
    replace_done,
    replace_progress,
    write_table,
)

DAY_SECONDS = 86_400


@pytest.fixture
def store(tmp_path: Path) -> WhatIfStore:
    return WhatIfStore(Settings.from_environment({"DUNNING_HOME": str(tmp_path / "home")}))


def put(store: WhatIfStore, number: int, age_days: int = 0) -> Path:
    """Put an order into the store that was made so many days ago."""
    assert store.append(name(number), {"number": number}, {"changed.toml": b""})
    folder = store.find(name(number))
    assert folder is not None
    then = (folder / "order.json").stat().st_mtime - age_days * DAY_SECONDS
    os.utime(folder / "order.json", (then, then))
    return folder


def name(number: int) -> str:
    return f"{number:032x}"


def names(store: WhatIfStore) -> list[str]:
    return [folder.name for folder in store.list_results()]


def test_an_order_is_put_there_once(store: WhatIfStore) -> None:
    folder = put(store, 1)

    assert not store.append(name(1), {"number": 2}, {"other.toml": b""})
    assert sorted(path.name for path in folder.iterdir()) == ["changed.toml", "order.json"]
    assert names(store) == [name(1)]


@pytest.mark.parametrize("strange", ["", ".", "..", "../x", "A" * 32, "0" * 33, name(9)])
def test_a_strange_name_finds_nothing(store: WhatIfStore, strange: str) -> None:
    put(store, 1)

    assert store.find(strange) is None


def test_old_ones_and_those_beyond_the_last_are_swept(store: WhatIfStore) -> None:
    for number, age_days in enumerate((31, 29, 2, 1, 0)):
        put(store, number, age_days)
    store.sweep(keep=3, days=30, going=())

    assert names(store) == [name(4), name(3), name(2)]


def test_what_is_going_on_is_not_swept_away(store: WhatIfStore) -> None:
    going, ended = put(store, 1, 40), put(store, 2, 40)
    store.sweep(keep=20, days=30, going={going.name})

    assert (going.exists(), ended.exists()) == (True, False)


def test_an_order_that_was_never_whole_is_swept_when_it_is_old(store: WhatIfStore) -> None:
    put(store, 1)
    old, new = (store.folder / f".{name(number)}.1-1.unfinished" for number in (2, 3))
    for folder in (old, new):
        folder.mkdir()
    then = new.stat().st_mtime - 31 * DAY_SECONDS
    os.utime(old, (then, then))
    store.sweep(keep=20, days=30, going=())

    assert (old.exists(), new.exists(), names(store)) == (False, True, [name(1)])


def test_a_result_is_done_when_it_says_so(store: WhatIfStore) -> None:
    folder = put(store, 1)
    before = read_done(folder), read_progress(folder)
    replace_progress(folder, "етапи")
    replace_done(folder, {"nights": [1]})
    after = read_done(folder), read_progress(folder)
    clear(folder)

    assert (before, after) == ((None, ""), ({"nights": [1]}, "етапи"))
    assert (read_done(folder), read_progress(folder)) == before


def test_a_table_comes_back(tmp_path: Path) -> None:
    table = pa.table({"name": ["а", None], "cents": [1, 2]})
    write_table(tmp_path / "moves.arrow", table)

    assert read_table(tmp_path / "moves.arrow") == table
