"""A date whose books are closed: what a later run of it sees, and that its files are never replaced
by others.
"""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from dunning.gateways.store import holds
from tests.jobs.nights import AS_OF, Night, days, dunning, hashes, nightly, read_csv, say_fresh
from tests.object_stores import Store
from tests.world import World, premise_of


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """One overdue account, fresh for every night of a year."""
    return say_fresh(World().account(1, ("2026-11-01", "60.00")).write(tmp_path / "ledger"))


@pytest.fixture
def corrected(tmp_path: Path) -> Path:
    """The same people after a correction: another one owes."""
    made = World().account(1, ("2026-12-01", "60.00")).account(2, ("2026-11-01", "75.00"))
    return say_fresh(made.write(tmp_path / "corrected"))


def recall(as_of: date = AS_OF) -> Night:
    """Recall the messages of a night."""
    return dunning(
        "recall",
        "--as-of",
        as_of.isoformat(),
        "--list",
        "reminders",
        "--reason",
        "грешка",
        "--by",
        "шеф",
    )


def folders(out: Path) -> list[str]:
    """Return the folders of nights below an `out`."""
    return sorted(path.name for path in out.iterdir() if path.name[0] == "2")


def beside(out: Path) -> Path:
    """Return the only folder beside that of AS_OF, named by its own manifest."""
    (name,) = [name for name in folders(out) if name.startswith(f"{AS_OF}-")]
    sha256 = hashes(out / name)["manifest.json"]
    assert name == f"{AS_OF}-{sha256[:8]}"
    return out / name


def test_a_closed_date_does_not_see_a_later_recall(
    ledger: Path, home: Path, tmp_path: Path
) -> None:
    """The night of 23.11 sent nothing, because 22.11 had; the recall of 22.11 came after it."""
    first, second = nightly(ledger, tmp_path / "out"), nightly(ledger, tmp_path / "out", days(1))
    assert recall().code == 0
    again = nightly(ledger, tmp_path / "again", days(1))

    assert (len(first.csv("reminders/sms")), again.csv("reminders/sms")) == (1, [])
    assert hashes(again.folder) == hashes(second.folder)


def test_the_night_after_a_recall_does_see_it(ledger: Path, home: Path, tmp_path: Path) -> None:
    nightly(ledger, tmp_path / "out")
    nightly(ledger, tmp_path / "out", days(1))
    recall()
    dry = nightly(ledger, tmp_path / "dry", days(2), "--dry-run")

    assert [row["premise_no"] for row in dry.csv("reminders/sms")] == [premise_of(1)]
    assert hashes(nightly(ledger, tmp_path / "out", days(2)).folder) == hashes(dry.folder)


def test_a_closed_date_does_not_see_how_a_strike_ended_since(
    ledger: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    """Its `next_on` is the day on which the strike was to end, also after somebody ended it
    earlier.
    """
    nightly(ledger, tmp_path / "out")
    struck = holds.append_hold(
        engine,
        premise_no=premise_of(1),
        payer_code="P1",
        list_name="reminders",
        struck_on=AS_OF,
        note="проверка",
        author="шеф",
        valid_until=days(20),
    )
    closed = nightly(ledger, tmp_path / "out", days(1))
    holds.end_hold(engine, struck, "шеф")
    again = nightly(ledger, tmp_path / "again", days(1))

    assert closed.account(premise_of(1))["next_on"] == days(20)
    assert hashes(again.folder) == hashes(closed.folder)


def test_a_past_date_that_was_never_closed_sees_what_the_closed_one_before_it_saw(
    ledger: Path, home: Path, tmp_path: Path
) -> None:
    """22.11 and 24.11 are closed; the recall of 22.11 came after that, and 23.11 does not know of
    it.
    """
    nightly(ledger, tmp_path / "out")
    nightly(ledger, tmp_path / "out", days(2))
    recall()
    never, before_all = (
        nightly(ledger, tmp_path / "out", days(1)),
        nightly(ledger, tmp_path / "out", days(-1)),
    )

    assert never.csv("reminders/sms") == []
    assert [row["premise_no"] for row in before_all.csv("reminders/sms")] == [premise_of(1)]


def test_a_past_date_is_run_again_after_any_number_of_releases(
    ledger: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    """What was released or recalled since is not there for it, and no reason to refuse it."""
    closed = nightly(ledger, tmp_path / "out")
    recall()

    assert hashes(nightly(ledger, tmp_path / "again").folder) == hashes(closed.folder)


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_other_files_come_beside_those_of_a_closed_date(
    dry: tuple[str, ...], ledger: Path, corrected: Path, home: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    closed = nightly(ledger, out)
    before = hashes(closed.folder)
    other = nightly(corrected, out, AS_OF, *dry)

    assert (other.code, other.told, hashes(closed.folder)) == (0, "", before)
    found = beside(out)
    assert folders(out) == [AS_OF.isoformat(), found.name]
    assert [row["premise_no"] for row in read_csv(found / "reminders/sms.csv")] == [premise_of(2)]
    assert f"Папка: {found}" in other.result
    assert (
        f"За тази дата вече има други файлове: те остават непроменени, а тези са в {found}."
        in other.result
    )


def test_the_recall_stops_what_was_sent_after_other_files_were_written(
    ledger: Path, corrected: Path, home: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    nightly(ledger, out)
    nightly(corrected, out, AS_OF, "--dry-run")
    told = recall()

    kill = read_csv(out / "recalled" / AS_OF.isoformat() / "reminders" / "kill-reminders-sms.csv")
    assert (told.code, [row["premise_no"] for row in kill]) == (0, [premise_of(1)])


def test_other_files_are_written_once_however_often(
    ledger: Path, corrected: Path, home: Path, tmp_path: Path
) -> None:
    """Harmed, without manifest as after a kill, or whole: the next run leaves them whole, and under
    one name.
    """
    out = tmp_path / "out"
    nightly(ledger, out)
    nightly(corrected, out)
    found = beside(out)
    whole, kept_since = hashes(found), (found / "court.csv").stat().st_mtime_ns
    (found / "manifest.json").unlink()
    (found / "withheld.csv").unlink()
    nightly(corrected, out)
    assert hashes(found) == whole
    written_at = (found / "court.csv").stat().st_mtime_ns
    (found / "withheld.csv").write_text("harmed", "utf-8")
    nightly(corrected, out)

    assert (hashes(found), folders(out)) == (whole, [AS_OF.isoformat(), found.name])
    assert kept_since < written_at == (found / "court.csv").stat().st_mtime_ns


def test_the_same_files_stay_in_place_and_harmed_ones_come_back(
    ledger: Path, home: Path, tmp_path: Path
) -> None:
    closed = nightly(ledger, tmp_path / "out")
    before = hashes(closed.folder)
    times = {path: path.stat().st_mtime_ns for path in closed.folder.rglob("*") if path.is_file()}
    (closed.folder / "withheld.csv").unlink()
    (closed.folder / "court.csv").write_text("harmed", "utf-8")
    (closed.folder / "disconnections.csv").chmod(0o644)
    again = nightly(ledger, tmp_path / "out")

    now = {path: path.stat().st_mtime_ns for path in closed.folder.rglob("*") if path.is_file()}
    written = sorted(path.name for path, at in now.items() if times[path] != at)
    assert written == ["court.csv", "disconnections.csv", "withheld.csv"]
    assert (hashes(closed.folder), folders(tmp_path / "out")) == (before, [AS_OF.isoformat()])
    assert [path for path in now if path.stat().st_mode & 0o077] == []
    assert "вече има други файлове" not in again.printed


@pytest.mark.parametrize("harm", ["manifest", "folder"])
def test_where_the_files_of_a_closed_date_lay_no_others_come(
    harm: str, ledger: Path, corrected: Path, home: Path, tmp_path: Path
) -> None:
    """Their place is theirs even if somebody removed them; the right ledger brings them back."""
    out = tmp_path / "out"
    closed = nightly(ledger, out)
    before = hashes(closed.folder)
    if harm == "manifest":
        (closed.folder / "manifest.json").unlink()
    else:
        shutil.rmtree(closed.folder)
    nightly(corrected, out)
    assert (closed.folder / "manifest.json").exists() is False
    nightly(ledger, out)

    assert hashes(closed.folder) == before
    assert folders(out) == [AS_OF.isoformat(), beside(out).name]


def test_any_other_out_gets_the_folder_of_the_date(
    ledger: Path, corrected: Path, home: Path, tmp_path: Path
) -> None:
    """Twice, the second time over the first; but not through a link to where the files of the date
    lie.
    """
    nightly(ledger, tmp_path / "out")
    (tmp_path / "link").symlink_to(tmp_path / "out")
    first = nightly(corrected, tmp_path / "other")
    third = say_fresh(World().account(3, ("2026-11-01", "80.00")).write(tmp_path / "third"))
    second = nightly(third, tmp_path / "other")
    nightly(corrected, tmp_path / "link")

    assert folders(tmp_path / "other") == [AS_OF.isoformat()]
    assert [row["premise_no"] for row in second.csv("reminders/sms")] == [premise_of(3)]
    assert f"Папка: {first.folder}" in first.result
    assert len(folders(tmp_path / "out")) == 2


def test_a_whole_copy_of_the_files_of_a_closed_date_is_not_replaced_either(
    ledger: Path, corrected: Path, home: Path, tmp_path: Path
) -> None:
    """As after the folder of all lists was moved to another disk."""
    closed = nightly(ledger, tmp_path / "out")
    before = hashes(closed.folder)
    (tmp_path / "out").rename(tmp_path / "moved")
    nightly(corrected, tmp_path / "moved")

    assert hashes(tmp_path / "moved" / AS_OF.isoformat()) == before
    assert folders(tmp_path / "moved") == [AS_OF.isoformat(), beside(tmp_path / "moved").name]


def test_a_date_that_is_not_closed_yet_takes_its_folder(
    ledger: Path, corrected: Path, home: Path, tmp_path: Path
) -> None:
    """A trial wrote there before; the run that closes the date puts its own files in its place."""
    trial = nightly(corrected, tmp_path / "out", AS_OF, "--dry-run")
    closed = nightly(ledger, tmp_path / "out")

    assert (trial.folder, folders(tmp_path / "out")) == (closed.folder, [AS_OF.isoformat()])
    assert [row["premise_no"] for row in closed.csv("reminders/sms")] == [premise_of(1)]


def test_the_pages_of_a_closed_date_tell_of_its_own_files(
    ledger: Path, corrected: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    nightly(ledger, tmp_path / "out")
    nightly(corrected, tmp_path / "out")
    told = dunning("explain", premise_of(1), "--as-of", AS_OF.isoformat())

    assert (told.code, "60,00" in told.printed) == (0, True)
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT state, receipts FROM dunning.runs ORDER BY run_id")
        ).all()
    sent = [row.receipts["manifest"]["lists"]["reminders/sms"]["cents"] for row in rows]
    assert ([row.state for row in rows], sent) == (["closed", "written"], [6000, 7500])


def test_in_a_bucket_it_is_the_same(
    store: Store, ledger: Path, corrected: Path, home: Path, tmp_path: Path
) -> None:
    words = ["--as-of", AS_OF.isoformat(), "--out", store.url("out")]
    dunning("nightly", "--ledger", str(ledger), *words)
    closed = store.hashes("out")
    other = dunning("nightly", "--ledger", str(corrected), *words)
    both = store.hashes("out")
    (name,) = {path.split("/")[0] for path in both} - {AS_OF.isoformat()}
    store.put(f"out/{AS_OF}/court.csv", b"harmed")
    dunning("nightly", "--ledger", str(ledger), *words)

    assert name == f"{AS_OF}-{both[f'{name}/manifest.json'][:8]}"
    assert {path: sha256 for path, sha256 in both.items() if path in closed} == closed
    assert f"Папка: {store.url(f'out/{name}')}" in other.result
    assert store.hashes("out") == both


def test_the_manifest_beside_names_its_own_files(
    ledger: Path, corrected: Path, home: Path, tmp_path: Path
) -> None:
    """It is the one that the same run gives anywhere else: nothing in it tells of the place."""
    nightly(ledger, tmp_path / "out")
    nightly(corrected, tmp_path / "out")
    other = nightly(corrected, tmp_path / "other")

    assert hashes(beside(tmp_path / "out")) == hashes(other.folder)
    named = json.loads((other.folder / "manifest.json").read_text("utf-8"))["files"]
    assert set(named) == set(hashes(other.folder)) - {"manifest.json"}
