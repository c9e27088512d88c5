"""A night again from its kept snapshot: the same bytes, long after, and nothing recorded."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from dunning.policy.policies import BUILT_IN
from tests.jobs.nights import (
    AS_OF,
    Night,
    contents,
    days,
    dunning,
    hashes,
    nightly,
    run_states,
    say_fresh,
)
from tests.world import World

SAME = "Повторено от запазеното извлечение: същите байтове като на онази нощ."
OTHER = "Повторено от запазеното извлечение, но с други байтове: "
WHAT_IF = "Повторено от запазеното извлечение с други правила: това не са файловете на онази нощ."


def replay(out: Path, as_of: date = AS_OF, *options: str) -> Night:
    """Run the command for a date without a ledger."""
    command = ["nightly", "--as-of", as_of.isoformat(), "--out", str(out), *options]
    return dunning(*command, folder=out / as_of.isoformat())


def debtors() -> World:
    """Return one who is overdue, and one who was reminded in September and now gets his last
    warning.
    """
    ledger = World().account(1, ("2026-11-01", "60.00")).account(2, ("2026-05-01", "55.00"))
    return ledger.notice(2, "overdue", "2026-09-01", "2026-09-05")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Their ledger, fresh for every night of a year."""
    return say_fresh(debtors().write(tmp_path / "ledger"))


@pytest.fixture
def higher(tmp_path: Path) -> Path:
    """A policy in which the stage of last warnings begins at 60,00 instead of 50,00."""
    stages = (BUILT_IN / "stages.toml").read_text("utf-8")
    assert stages.count("amount_cents_min = 5000") == 2
    (tmp_path / "policy").mkdir()
    changed = stages.replace("amount_cents_min = 5000", "amount_cents_min = 6000")
    (tmp_path / "policy" / "stages.toml").write_text(changed, "utf-8")
    return tmp_path / "policy"


def test_every_closed_night_gives_its_bytes_again(
    lasting_sample: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    """Also after later nights were closed, and in any number of parts: all files, the manifest
    among them.
    """
    nights = [nightly(lasting_sample, tmp_path / "out", days(n)) for n in (0, 1, 31)]
    before = contents(engine)
    again = [
        replay(tmp_path / "again", days(n), "--shards", shards)
        for n, shards in ((1, "1"), (0, "3"), (31, "64"))
    ]

    assert [night.code for night in (*nights, *again)] == [0] * 6
    assert [len(hashes(night.folder)) for night in nights] == [28] * 3
    assert [hashes(again[n].folder) for n in (1, 0, 2)] == [
        hashes(night.folder) for night in nights
    ]
    assert [SAME in night.printed for night in again] == [True] * 3
    assert contents(engine) == before
    assert list((home / "work").iterdir()) == []


def test_neither_ledger_nor_policy_folder_is_needed(
    ledger: Path, higher: Path, home: Path, tmp_path: Path
) -> None:
    """The store kept the files that the night used: who has 55,00 to pay is only overdue where that
    is below 60,00.
    """
    first = nightly(ledger, tmp_path / "out", AS_OF, "--policy", str(higher))
    shutil.rmtree(ledger)
    shutil.rmtree(higher)
    again = replay(tmp_path / "again")

    assert (again.code, again.messages) == (0, [])
    assert hashes(again.folder) == hashes(first.folder)
    assert again.account("000002")["stage"] == "overdue"


def test_a_night_that_only_wrote_files_gives_them_again(
    ledger: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    first = nightly(ledger, tmp_path / "out", AS_OF, "--dry-run")
    again = replay(tmp_path / "again")

    assert SAME in again.printed
    assert hashes(again.folder) == hashes(first.folder)
    assert run_states(engine) == [("2026-11-22", "written")]


def test_the_right_ledger_of_a_date_is_the_one_that_closed_it(home: Path, tmp_path: Path) -> None:
    """A dry run and a re-run with other ledgers wrote files of that date too, but do not speak for
    it.
    """
    amounts = ("1.00", "2.00", "3.00")
    ledgers = [
        say_fresh(debtors().payment(1, "2026-11-20", paid).write(tmp_path / paid))
        for paid in amounts
    ]
    nightly(ledgers[0], tmp_path / "dry", AS_OF, "--dry-run")
    closed = nightly(ledgers[1], tmp_path / "out")
    nightly(ledgers[2], tmp_path / "later")

    assert hashes(replay(tmp_path / "again").folder) == hashes(closed.folder)


def test_a_stopped_night_is_stopped_again(home: Path, tmp_path: Path) -> None:
    """Its holds were missing, measured by the night before; the table is back since, and the date
    still open.
    """
    whole = say_fresh(debtors().hold(2).write(tmp_path / "whole"))
    missing = say_fresh(debtors().hold(2).write(tmp_path / "missing", without=("holds",)))
    nightly(whole, tmp_path / "out", days(-1))
    stopped = nightly(missing, tmp_path / "out")
    again = replay(tmp_path / "again")

    assert stopped.manifest["stops"] == {"holds": "holds_missing"}
    assert hashes(again.folder) == hashes(stopped.folder)


def test_under_other_rules_it_is_a_what_if(
    ledger: Path, higher: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    """The bytes are those of a dry run of that ledger under these rules; the store knows nothing of
    it.
    """
    nightly(ledger, tmp_path / "out")
    before = contents(engine)
    night = replay(tmp_path / "what-if", AS_OF, "--policy", str(higher))
    after = contents(engine)
    dry = nightly(ledger, tmp_path / "dry", AS_OF, "--policy", str(higher), "--dry-run")

    assert (night.code, night.result[-1]) == (0, WHAT_IF)
    assert hashes(night.folder) == hashes(dry.folder)
    assert after == before


def test_other_bytes_never_take_the_place_of_a_night(
    ledger: Path, higher: Path, home: Path, tmp_path: Path
) -> None:
    first = nightly(ledger, tmp_path / "out")
    before = hashes(first.folder)
    other = replay(tmp_path / "out", AS_OF, "--policy", str(higher))

    (beside,) = [
        path for path in (tmp_path / "out").iterdir() if path.name.startswith("2026-11-22-")
    ]
    assert beside.name == f"2026-11-22-{hashes(beside)['manifest.json'][:8]}"
    assert (other.code, other.told, hashes(first.folder)) == (0, "", before)
    assert (
        f"За тази дата вече има други файлове: те остават непроменени, а тези са в {beside}."
        in other.result
    )
    assert other.result[-1] == WHAT_IF
    assert list((home / "work").iterdir()) == []


def test_a_history_that_is_another_one_since_is_said(
    ledger: Path, home: Path, tmp_path: Path
) -> None:
    """A dry run of the 22nd, and then the 21st was closed: what it sent, the 22nd now knows of."""
    nightly(ledger, tmp_path / "out", AS_OF, "--dry-run")
    nightly(ledger, tmp_path / "out", days(-1))
    again = replay(tmp_path / "again")

    assert (again.code, again.result[-1][: len(OTHER)]) == (0, OTHER)
    assert again.csv("reminders/sms") == []


def test_its_own_files_may_be_written_again_where_they_lay(
    ledger: Path, home: Path, tmp_path: Path
) -> None:
    first = nightly(ledger, tmp_path / "out")
    before = hashes(first.folder)
    (first.folder / "manifest.json").unlink()
    (first.folder / "court.csv").write_text("harmed", "utf-8")

    assert replay(tmp_path / "out").code == 0
    assert hashes(first.folder) == before


def test_a_policy_kept_before_there_was_retention_is_still_read(
    ledger: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    nightly(ledger, tmp_path / "out")
    with engine.begin() as connection:
        gone = connection.execute(
            text("DELETE FROM dunning.run_policies WHERE name = 'retention.toml'")
        )
    again = replay(tmp_path / "again")

    assert (gone.rowcount, again.code, again.messages) == (1, 0, [])


def test_a_date_without_a_run_is_refused(
    ledger: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    nightly(ledger, tmp_path / "out")
    before = contents(engine)
    refused = replay(tmp_path / "again", days(1))

    assert (refused.code, refused.printed, refused.messages) == (
        1,
        "",
        [
            "dunning: No run of 2026-11-23 is known here, so there is nothing to look at. "
            "Run `dunning nightly --ledger DIR --as-of 2026-11-23` first, with the extract of that day."
        ],
    )
    assert contents(engine) == before
    assert not (tmp_path / "again").exists()


def test_a_harmed_snapshot_is_found_by_its_hash(ledger: Path, home: Path, tmp_path: Path) -> None:
    nightly(ledger, tmp_path / "out")
    (folder,) = (home / "snapshots").iterdir()
    content = bytearray((folder / "items.parquet").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "items.parquet").write_bytes(content)
    refused = replay(tmp_path / "again")

    assert (refused.code, len(refused.messages)) == (1, 1)
    assert (
        f"The snapshot file {folder / 'items.parquet'} is missing or not the one that was written"
        in refused.told
    )
    assert not (tmp_path / "again").exists()


def test_a_snapshot_that_is_gone_comes_back_with_its_ledger(
    ledger: Path, home: Path, tmp_path: Path
) -> None:
    first = nightly(ledger, tmp_path / "out")
    (folder,) = (home / "snapshots").iterdir()
    shutil.rmtree(folder)
    refused = replay(tmp_path / "again")
    nightly(ledger, tmp_path / "back")

    assert (refused.code, len(refused.messages)) == (1, 1)
    assert refused.told.startswith(
        f"dunning: The snapshot of 2026-11-22 ({folder.name[:12]}) is not kept any more"
    )
    assert (
        "Run `dunning nightly --ledger DIR --as-of 2026-11-22` with that day's extract"
        in refused.told
    )
    assert hashes(replay(tmp_path / "again").folder) == hashes(first.folder)


@pytest.mark.parametrize(
    "options", [("--mapping", "m.toml"), ("--quarantine-limit", "0.05"), ("--shards", "65")]
)
def test_what_only_a_ledger_has_is_refused_without_one(
    options: tuple[str, str], home: Path, tmp_path: Path
) -> None:
    refused = replay(tmp_path / "out", AS_OF, *options)

    assert (refused.code, refused.printed, len(refused.messages)) == (2, "", 1)
    assert options[0] in refused.told
