"""The same ledger, policy, history and date give the same bytes: again, sharded, shuffled, in a
used home, later.
"""

from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine

from tests.jobs.nights import AS_OF, Night, copy_ledger, days, hashes, history, nightly, run_states

UNSORTED = ("manifest.json", "quarantine.csv", "quarantine.parquet", "quarantine.xlsx")


@pytest.mark.parametrize("shards", ["1", "3", "64"])
def test_any_number_of_shards_gives_the_same_bytes(
    shards: str, sample: Path, sample_night: Night, home: Path, tmp_path: Path
) -> None:
    """One shard in this process; three, and one a bucket, side by side in other processes; each in
    a new home.
    """
    night = nightly(sample, tmp_path / "out", AS_OF, "--shards", shards)

    assert (night.code, hashes(night.folder)) == (0, hashes(sample_night.folder))


def test_where_the_ledger_lies_does_not_show(
    sample: Path, sample_night: Night, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_ledger(sample, tmp_path / "a" / "b")
    monkeypatch.chdir(tmp_path)
    night = nightly(Path("a/b"), Path("x"))

    assert (night.code, hashes(tmp_path / "x" / AS_OF.isoformat())) == (
        0,
        hashes(sample_night.folder),
    )


def test_a_used_home_gives_the_bytes_of_a_fresh_one(
    sample: Path, sample_night: Night, home: Path, tmp_path: Path
) -> None:
    """Whatever was tried before without recording leaves no trace."""
    tried = [
        nightly(sample, tmp_path / "try", day, "--dry-run") for day in (days(-40), AS_OF, days(-1))
    ]
    night = nightly(sample, tmp_path / "out")

    assert [n.code for n in (*tried, night)] == [0, 0, 0, 0]
    assert hashes(night.folder) == hashes(sample_night.folder)


def test_the_order_of_rows_does_not_show(
    sample: Path, sample_night: Night, home: Path, tmp_path: Path
) -> None:
    """Only the lines of refused rows, and the fingerprint of the files, tell one order from
    another.
    """
    night = nightly(shuffle(sample, tmp_path / "shuffled"), tmp_path / "out")
    before, after = hashes(sample_night.folder), hashes(night.folder)

    assert night.code == 0
    assert {name: after[name] for name in after if name not in UNSORTED} == {
        name: before[name] for name in before if name not in UNSORTED
    }
    assert refused(night) == refused(sample_night)
    told, expected = night.manifest, sample_night.manifest
    assert told["ledger"].pop("fingerprint") != expected["ledger"].pop("fingerprint")
    for name in UNSORTED[1:]:
        told["files"].pop(name), expected["files"].pop(name)
    assert told == expected


def shuffle(ledger: Path, to: Path) -> Path:
    """Copy a ledger with the rows of every CSV in another order."""
    copy_ledger(ledger, to)
    for path in sorted(to.glob("*.csv")):
        head, *rows = path.read_bytes().splitlines(keepends=True)
        assert {row.count(b'"') % 2 for row in rows} <= {0}, f"{path} has a row of several lines"
        Random(path.name).shuffle(rows)
        path.write_bytes(head + b"".join(rows))
    return to


def refused(night: Night) -> list[tuple[str, ...]]:
    """Return the refused rows without their lines."""
    return sorted(
        (row["table"], row["file"], row["reasons"], row["row"]) for row in night.csv("quarantine")
    )


def test_a_past_date_gives_its_bytes_again_and_records_nothing(
    lasting_sample: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    """Its decisions see the deeds before it alone, whatever was sent since."""
    nights = [nightly(lasting_sample, tmp_path / "out", days(n)) for n in (0, 1, 31)]
    closed, bytes_then = history(engine), [hashes(night.folder) for night in nights]
    again = [nightly(lasting_sample, tmp_path / "again", days(n)) for n in (1, 0, 31)]

    assert [night.code for night in (*nights, *again)] == [0] * 6
    assert [len(rows) > 0 for rows in closed.values()] == [True] * 4
    assert [hashes(again[i].folder) for i in (1, 0, 2)] == bytes_then
    assert history(engine) == closed
    assert run_states(engine) == [
        ("2026-11-22", "closed"),
        ("2026-11-23", "closed"),
        ("2026-12-23", "closed"),
        ("2026-11-23", "written"),
        ("2026-11-22", "written"),
        ("2026-12-23", "written"),
    ]


def test_a_date_run_again_in_its_own_folder_leaves_the_same_files(
    lasting_sample: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    first = nightly(lasting_sample, tmp_path / "out")
    bytes_then, recorded = hashes(tmp_path / "out"), history(engine)
    second = nightly(lasting_sample, tmp_path / "out")

    assert (first.code, second.code) == (0, 0)
    assert (hashes(tmp_path / "out"), history(engine)) == (bytes_then, recorded)
    assert "нищо не е отбелязано като изпратено" in second.printed
    assert list((home / "work").iterdir()) == []
