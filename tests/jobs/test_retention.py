"""Which snapshots are kept: real nights with a short retention, and the choice itself over many
days.
"""

import os
import shutil
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dunning.gateways.snapshots.snapshot_store import list_snapshots, remove_snapshot
from dunning.gateways.store.readers import reading, without_readers
from dunning.gateways.store.runs import Facts, LoadedRun, last_closed_on, start_run
from dunning.jobs.retention import find_reasons
from dunning.policy.policies import BUILT_IN
from dunning.policy.rules import Retention
from tests.jobs.nights import AS_OF, Night, dunning, hashes, nightly, say_fresh
from tests.object_stores import Store
from tests.world import World

RULE = Retention(every_snapshot_days=3, monthly_snapshot_months=2)
LAST = date(2026, 11, 22)


def loaded(
    run_id: int, day: date, state: str = "closed", name: str = "", is_recording: bool = True
) -> LoadedRun:
    return LoadedRun(run_id, day, state, is_recording, name or f"{day:%m%d}")


def kept(
    runs: Iterable[LoadedRun], closed_on: date | None = LAST, rule: Retention = RULE
) -> dict[str, str]:
    return {
        name: " ".join(reasons)
        for name, reasons in sorted(find_reasons(runs, closed_on, rule).items())
    }


def test_the_last_days_and_the_newest_of_each_month_are_kept() -> None:
    """Seventy nights up to 22 November; three days, and of two months the newest: October 31 and
    tonight.
    """
    runs = [loaded(n, LAST - timedelta(days=n)) for n in range(70)]

    assert kept(runs) == {
        "1031": "monthly",
        "1120": "recent",
        "1121": "recent",
        "1122": "last_closed recent monthly",
    }


def test_a_month_counts_by_the_calendar_over_the_year() -> None:
    runs = [
        loaded(1, date(2025, 12, 30)),
        loaded(2, date(2025, 12, 31)),
        loaded(3, date(2026, 1, 31)),
    ]

    assert kept(runs, date(2026, 1, 31)) == {
        "0131": "last_closed recent monthly",
        "1231": "monthly",
    }


def test_of_a_month_the_closed_night_is_kept_before_a_later_one_that_only_wrote() -> None:
    runs = [
        loaded(1, date(2026, 10, 10)),
        loaded(2, date(2026, 10, 20), "written"),
        loaded(3, date(2026, 10, 25), "failed"),
        loaded(4, LAST),
    ]

    assert kept(runs) == {"1010": "monthly", "1122": "last_closed recent monthly"}
    assert kept(runs[1:]) == {"1020": "monthly", "1122": "last_closed recent monthly"}


def test_of_a_date_the_run_that_speaks_for_it_is_kept() -> None:
    """The closed one, not a dry run before it or the date run again after it."""
    day = date(2026, 10, 31)
    runs = [
        loaded(1, day, "written", "dry"),
        loaded(2, day, "closed", "real"),
        loaded(3, day, "written", "again"),
        loaded(4, LAST),
    ]

    assert kept(runs) == {"1122": "last_closed recent monthly", "real": "monthly"}


def test_one_snapshot_of_many_dates_is_kept_for_the_newest() -> None:
    runs = [loaded(n, LAST - timedelta(days=n), name="same") for n in range(300)]

    assert kept(runs) == {"same": "last_closed recent monthly"}


def test_a_run_that_goes_on_keeps_its_snapshot() -> None:
    """One that still wants to close an overtaken date can only be refused; it keeps nothing."""
    old = date(2026, 3, 1)
    runs = [
        loaded(1, old, "running", "open", is_recording=False),
        loaded(2, old, "running", "overtaken"),
        loaded(3, LAST + timedelta(days=1), "closing", "tonight"),
        loaded(4, LAST),
    ]

    assert kept(runs) == {
        "1122": "last_closed recent monthly",
        "open": "open_run",
        "tonight": "open_run recent",
    }


def test_before_a_date_is_closed_nothing_ages_out() -> None:
    runs = [loaded(1, date(2020, 1, 1), "written"), loaded(2, LAST, "failed")]

    assert kept(runs, None) == {"0101": "recent", "1122": "recent"}


# --- real nights
# ---------------------------------------------------------------------------------------------------


@pytest.fixture
def short(tmp_path: Path) -> str:
    """A policy that keeps two days and two months."""
    text = (BUILT_IN / "retention.toml").read_text("utf-8")
    for old, new in (
        ("every_snapshot_days = 35", "every_snapshot_days = 2"),
        ("_months = 13", "_months = 2"),
    ):
        assert text.count(old) == 2
        text = text.replace(old, new)
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "retention.toml").write_text(text, "utf-8")
    return str(tmp_path / "policy")


def night(tmp_path: Path, short: str, day: date, *options: str) -> Night:
    """Run a date on a ledger of its own, so that it has a snapshot of its own."""
    folder = tmp_path / "ledgers" / f"{day}"
    if not folder.exists():
        paid = f"{day.toordinal() % 50}.00"
        say_fresh(
            World().account(1, ("2026-08-01", "60.00")).payment(1, "2026-09-01", paid).write(folder)
        )
    told = nightly(folder, tmp_path / "out", day, "--policy", short, *options)
    assert told.code == 0, told.told
    return told


def names(home: Path) -> set[str]:
    """Return everything that lies among the snapshots, hidden and half-removed ones too."""
    return {path.name for path in (home / "snapshots").iterdir()}


def fingerprint(told: Night) -> str:
    return told.manifest["ledger"]["fingerprint"]


def test_a_recording_night_removes_what_has_aged_out(
    short: str, home: Path, tmp_path: Path
) -> None:
    """From 30 October on: 30 October goes on 1 November (31 is its month's newest), 1 November on
    the 3rd.
    """
    nights = {
        day: night(tmp_path, short, day)
        for day in (date(2026, 10, 30), date(2026, 10, 31), date(2026, 11, 1))
    }
    after_first = names(home)
    nights |= {day: night(tmp_path, short, day) for day in (date(2026, 11, 2), date(2026, 11, 3))}
    own = {day: fingerprint(told) for day, told in nights.items()}

    assert len(set(own.values())) == 5
    assert after_first == {own[date(2026, 10, 31)], own[date(2026, 11, 1)]}
    assert names(home) == {own[date(2026, 10, 31)], own[date(2026, 11, 2)], own[date(2026, 11, 3)]}


def test_it_goes_from_the_store_too(
    short: str, home: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUNNING_SNAPSHOTS", store.url("snapshots"))
    days = (date(2026, 10, 30), date(2026, 10, 31), date(2026, 11, 2), date(2026, 11, 3))
    own = {day: fingerprint(night(tmp_path, short, day)) for day in days}
    there = {key.split("/")[1] for key in store.contents()}

    assert there == names(home) == {own[day] for day in days[1:]}


def test_a_date_that_aged_out_says_so_and_comes_back_with_its_ledger(
    short: str, home: Path, tmp_path: Path
) -> None:
    first = night(tmp_path, short, date(2026, 10, 30))
    for day in (date(2026, 10, 31), AS_OF):
        night(tmp_path, short, day)
    asked = [
        dunning("nightly", "--as-of", "2026-10-30", "--out", str(tmp_path / "again")),
        dunning("explain", "000001", "--as-of", "2026-10-30"),
        dunning("diff", "2026-10-30", "2026-11-22"),
        dunning("simulate", "--policy", short, "--as-of", "2026-10-30"),
    ]
    kept_still = dunning("diff", "2026-10-31", "2026-11-22")
    back = nightly(tmp_path / "ledgers" / "2026-10-30", tmp_path / "back", date(2026, 10, 30))

    said = f"dunning: The snapshot of 2026-10-30 ({fingerprint(first)[:12]}) is not kept any more: see `dunning snap"
    assert [(told.code, len(told.messages), told.told[: len(said)]) for told in asked] == [
        (1, 1, said)
    ] * 4
    assert kept_still.code == 0
    assert hashes(back.folder) == hashes(first.folder)
    assert fingerprint(first) in names(home)


def test_a_night_that_records_nothing_removes_nothing(
    short: str, home: Path, tmp_path: Path
) -> None:
    first = night(tmp_path, short, date(2026, 11, 1), "--dry-run")
    night(tmp_path, short, AS_OF, "--dry-run")

    assert fingerprint(first) in names(home)


def test_what_a_run_still_needs_stays(
    short: str, home: Path, engine: Engine, tmp_path: Path
) -> None:
    """A dry run of an old date is between its steps, as under Airflow, while tonight closes."""
    first = night(tmp_path, short, date(2026, 11, 1))
    facts = Facts(ledger_fingerprint=fingerprint(first), snapshot_name=fingerprint(first))
    start_run(engine, date(2026, 11, 1), is_recording=False, facts=facts)
    night(tmp_path, short, AS_OF)

    assert fingerprint(first) in names(home)
    assert "незавършена нощ" in dunning("snapshots").printed


def test_while_somebody_reads_nothing_is_removed(
    short: str, home: Path, engine: Engine, tmp_path: Path
) -> None:
    first = night(tmp_path, short, date(2026, 11, 1))
    with reading(engine), reading(engine):
        night(tmp_path, short, AS_OF)
        refused = dunning("snapshots", "prune")
        stays = names(home)
    told = dunning("snapshots", "prune")

    assert last_closed_on(engine) == AS_OF
    assert fingerprint(first) in stays
    assert (refused.code, refused.messages) == (
        1,
        [
            "dunning: Somebody is reading snapshots (diff, simulate or explain), so none was removed. "
            "Run it again when that is over."
        ],
    )
    assert (told.code, "Премахнати: 1, " in told.printed) == (0, True)
    assert fingerprint(first) not in names(home)


def test_who_reads_waits_only_for_the_removal_itself(engine: Engine) -> None:
    with without_readers(engine) as is_free, without_readers(engine) as is_free_too:
        assert (is_free, is_free_too) == (True, False)
    with reading(engine), without_readers(engine) as is_free:
        assert not is_free
    with without_readers(engine) as is_free:
        assert is_free


def test_the_command_lists_what_is_kept_and_why(short: str, home: Path, tmp_path: Path) -> None:
    told = [night(tmp_path, short, day) for day in (date(2026, 10, 31), AS_OF)]
    stray = home / "snapshots" / "ffff"
    shutil.copytree(home / "snapshots" / fingerprint(told[0]), stray)
    lines = [" ".join(line.split()) for line in dunning("snapshots").printed.splitlines()]
    sizes = list_snapshots(home / "snapshots")

    assert lines[0].startswith("Запазени извлечения: 3, ")
    assert [
        line.split(" ", 1)[0] for line in lines if line[:4] in {name[:4] for name in sizes}
    ] == [fingerprint(told[1])[:16], fingerprint(told[0])[:16], "ffff"]
    said = [
        f"1 22.11.2026 22.11.2026 {sizes[fingerprint(told[1])] // 1000} kB последният приключен ден; от последните "
        "дни; най-новото за месеца",
        f"1 31.10.2026 31.10.2026 {sizes[fingerprint(told[0])] // 1000} kB най-новото за месеца",
        f"0 – – {sizes['ffff'] // 1000} kB никоя нощ не го познава: махнете го сами, ако е излишно",
    ]
    assert [text for text in said if not any(line.endswith(text) for line in lines)] == []


def test_a_dry_prune_says_what_would_go_and_removes_nothing(
    short: str, home: Path, engine: Engine, tmp_path: Path
) -> None:
    first = night(tmp_path, short, date(2026, 11, 1))
    with reading(engine):
        night(tmp_path, short, AS_OF)
    before = names(home)
    dry = dunning("snapshots", "prune", "--dry-run")
    assert names(home) == before
    wet = dunning("snapshots", "prune")

    assert ("С изтекъл срок: 1, " in dry.printed, "Премахнати: 1, " in wet.printed) == (True, True)
    assert before - names(home) == {fingerprint(first)}
    assert "Премахнати" not in dunning("snapshots", "prune").printed


def test_a_removal_cut_short_leaves_nothing_that_is_found(
    short: str, home: Path, tmp_path: Path
) -> None:
    """Half-removed, it has its other name already; the next night clears it away."""
    first = night(tmp_path, short, date(2026, 11, 1))
    folder = home / "snapshots" / fingerprint(first)
    beside = folder.with_name(f".{folder.name}.unfinished")
    os.rename(folder, beside)
    (beside / "items.parquet").unlink()

    assert list_snapshots(home / "snapshots") == {}
    assert dunning("explain", "000001", "--as-of", "2026-11-01").code == 1
    night(tmp_path, short, AS_OF)
    assert not beside.exists()


def test_a_snapshot_is_removed_whole_also_where_an_older_removal_was_cut_short(
    tmp_path: Path,
) -> None:
    for name in ("aa", ".aa.unfinished", "bb"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "snapshot.json").write_text("{}", "utf-8")
    remove_snapshot(tmp_path, "aa")

    assert [path.name for path in tmp_path.iterdir()] == ["bb"]
    assert list_snapshots(tmp_path) == {"bb": 2}
    assert list_snapshots(tmp_path / "absent") == {}
