"""A night straight from a billing database is the night from files of the same rows, and leaks no
password.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from dunning.jobs.nightly import load
from tests.billing_databases import Billing, postgres_database, sqlite_database, write_cells
from tests.jobs.conftest import MakeHome
from tests.jobs.nights import (
    AS_OF,
    Night,
    days,
    dunning,
    hashes,
    history,
    nightly,
    read_csv,
    say_fresh,
)
from tests.world import World

REPOSITORY = Path(__file__).parents[2]
# Runs the command, and dies by SIGKILL as soon as it tells a step.
DIE = """
import os, signal, sys
from dunning.cli import command, nightly
from contextlib import contextmanager

step = sys.argv.pop(1)

@contextmanager
def die_at_the_step(title):
    yield lambda message: os.kill(os.getpid(), signal.SIGKILL) if message == step else print(message, flush=True)

nightly.show_progress = die_at_the_step
sys.exit(command.main())
"""
ALL_BUT = {"manifest.json", "quarantine.csv", "quarantine.parquet", "quarantine.xlsx"}


@pytest.fixture
def empty_postgres(postgres: Path) -> Iterator[Billing]:
    """An empty PostgreSQL database of billing."""
    with postgres_database(postgres) as billing:
        yield billing


@pytest.fixture
def empty_sqlite(tmp_path: Path) -> Billing:
    """An empty SQLite database of billing."""
    return sqlite_database(tmp_path)


def people() -> World:
    """Return fifty who owe, pay, are held or have agreed."""
    ledger = World()
    for number in range(1, 51):
        bills = ("2026-11-01", f"{number}.20"), ("2026-02-01", "70.00")
        ledger.account(number, *bills, vulnerable="1" if number == 5 else "0")
        ledger.payment(number, "2026-11-20", "10.50")
        if number % 7 == 0:
            ledger.notice(
                number, "overdue" if number % 2 else "final_warning", "2026-09-01", "2026-09-03"
            )
    return ledger.hold(3).hold(4).agreement(6)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """The ledger of these people as files."""
    return people().write(tmp_path / "ledger")


@pytest.fixture
def billing(empty_postgres: Billing, ledger: Path) -> Billing:
    """The ledger of these people in PostgreSQL, typed."""
    return empty_postgres.fill(ledger, is_typed=True)


def night_of(billing: Billing, out: Path, *options: str, as_of: date = AS_OF) -> Night:
    """Run the command on a database."""
    return dunning(
        "nightly",
        "--ledger",
        billing.url,
        "--as-of",
        as_of.isoformat(),
        "--out",
        str(out),
        *options,
        folder=out / as_of.isoformat(),
    )


def incoming(home: Path) -> list[Path]:
    """Return the extracts that lie in a home."""
    return list((home / "incoming").glob("*"))


@pytest.fixture(scope="module")
def from_files(
    sample: Path, new_home: MakeHome, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Night]:
    """A sample with its flaws as files, without the rows that no database could hold, and the night
    of it.
    """
    folder = tmp_path_factory.mktemp("from_files")
    files = say_fresh(write_cells(sample, folder / "ledger"), AS_OF)
    with new_home(folder / "home"):
        night = nightly(files, folder / "out")
    assert night.code == 0, night.told
    return files, night


@pytest.mark.parametrize("engine", ["postgres", "sqlite"])
def test_the_lists_are_those_of_the_files_whatever_stands_in_the_rows(
    engine: str,
    from_files: tuple[Path, Night],
    home: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """All is text: the same rows are refused for the same reasons, though under other line
    numbers.
    """
    files, expected = from_files
    billing: Billing = request.getfixturevalue(f"empty_{engine}").fill(files)
    night = night_of(billing, tmp_path / "out")

    assert night.code == 0, night.told
    assert kept(hashes(night.folder)) == kept(hashes(expected.folder))
    assert refused_rows(night) == refused_rows(expected) != []
    assert told(night) == told(expected)


def kept(files: dict[str, str]) -> dict[str, str]:
    return {name: sha256 for name, sha256 in files.items() if name not in ALL_BUT}


def refused_rows(night: Night) -> list[tuple[str, ...]]:
    rows = read_csv(night.folder / "quarantine.csv")
    return sorted((row["table"], row["reasons"], row["row"]) for row in rows)


def told(night: Night) -> dict:
    """Return a manifest without what the form of the extract changes."""
    manifest = night.manifest
    assert manifest["ledger"].pop("fingerprint")
    manifest["files"] = kept(manifest["files"])
    return manifest


def test_from_typed_columns_all_files_are_the_same_bytes(
    billing: Billing, ledger: Path, new_home: MakeHome, tmp_path: Path
) -> None:
    with new_home(tmp_path / "one") as engine:
        expected = nightly(say_fresh(ledger, AS_OF), tmp_path / "from_files")
        recorded = history(engine)
    with new_home(tmp_path / "two") as engine:
        night = night_of(billing, tmp_path / "from_database")
        found = history(engine)

    assert (expected.code, night.code) == (0, 0), expected.told + night.told
    names = set(hashes(expected.folder)) - {"manifest.json"}
    assert {n: hashes(night.folder)[n] for n in names} == {
        n: hashes(expected.folder)[n] for n in names
    }
    assert told(night) == told(expected)
    assert [found[name] for name in ("deeds", "proposals")] == [
        recorded[name] for name in ("deeds", "proposals")
    ]
    assert len(found["deeds"]) > 10


def test_a_night_leaves_no_extract_and_gives_its_bytes_again(
    billing: Billing, home: Path, engine: Engine, tmp_path: Path
) -> None:
    nights = [night_of(billing, tmp_path / "out") for _ in range(2)]

    assert [night.code for night in nights] == [0, 0], nights[0].told + nights[1].told
    assert incoming(home) == []
    assert len(list((home / "snapshots").iterdir())) == 1  # the same rows are the same ledger
    assert len(history(engine)["closed"]) == 1


def test_killed_after_the_extract_the_next_run_does_not_ask_again(
    billing: Billing, home: Path, tmp_path: Path, new_home: MakeHome
) -> None:
    with new_home(tmp_path / "other"):
        expected = night_of(billing, tmp_path / "expected")
    words = [
        "nightly",
        "--ledger",
        billing.url,
        "--as-of",
        AS_OF.isoformat(),
        "--out",
        str(tmp_path / "out"),
    ]
    died = subprocess.run(
        [sys.executable, "-c", DIE, "снимка", *words],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert (died.returncode, len(incoming(home))) == (-signal.SIGKILL, 1), died.stderr
    billing.execute("DELETE FROM payments")
    night = night_of(billing, tmp_path / "out")

    assert (night.code, hashes(night.folder)) == (0, hashes(expected.folder)), night.told
    assert "базата вече е извлечена" in night.printed
    assert incoming(home) == []


def test_killed_within_the_extract_the_next_run_begins_anew(
    billing: Billing, home: Path, tmp_path: Path
) -> None:
    words = [
        "nightly",
        "--ledger",
        billing.url,
        "--as-of",
        AS_OF.isoformat(),
        "--out",
        str(tmp_path / "out"),
    ]
    step = "извлича се payments"
    died = subprocess.run(
        [sys.executable, "-c", DIE, step, *words], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert (died.returncode, len(incoming(home))) == (-signal.SIGKILL, 1), died.stderr
    night = night_of(billing, tmp_path / "out")

    assert (night.code, "базата вече е извлечена" in night.printed) == (0, False), night.told
    assert incoming(home) == []


def test_a_refused_database_is_asked_again_when_mended(
    billing: Billing, home: Path, tmp_path: Path
) -> None:
    billing.execute("UPDATE holds SET reason = 'spor'")
    refused = night_of(billing, tmp_path / "out")
    assert (refused.code, incoming(home), (tmp_path / "out").exists()) == (1, [], False)
    assert "holds.parquet:2" in refused.told
    billing.execute("UPDATE holds SET reason = 'dispute'")

    assert night_of(billing, tmp_path / "out").code == 0


@pytest.mark.parametrize("way", ["typed", "env:", "of the task"])
def test_the_password_of_a_url_is_written_nowhere(
    way: str,
    billing: Billing,
    home: Path,
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = make_url(billing.url).set(password="s3cr3t-w0rd").render_as_string(hide_password=False)
    assert "s3cr3t-w0rd" in url
    monkeypatch.setenv("DUNNING_LEDGER_BILLING", url)
    if way == "of the task":
        said = json.dumps(load.run(AS_OF.isoformat(), url, str(tmp_path / "out")))
    else:
        night = night_of(
            Billing(url if way == "typed" else "env:DUNNING_LEDGER_BILLING"), tmp_path / "out"
        )
        assert night.code == 0, night.told
        said = night.printed + night.told
    with engine.connect() as connection:
        recorded = str(
            connection.execute(text("SELECT CAST(r AS text) FROM dunning.runs AS r")).all()
        )
    written = [
        path for root in (home, tmp_path / "out") for path in root.rglob("*") if path.is_file()
    ]

    assert "s3cr3t" not in said + recorded
    assert [
        path for path in written if b"s3cr3t" in path.read_bytes() or "s3cr3t" in path.name
    ] == []


@pytest.mark.usefixtures("home")
def test_a_database_says_no_day_so_old_payments_close_nothing(
    billing: Billing, engine: Engine, tmp_path: Path
) -> None:
    night = night_of(billing, tmp_path / "out", as_of=days(10))

    assert (night.code, history(engine)["closed"]) == (0, [])
    assert "Плащанията са твърде стари" in night.printed


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ["--ledger", "ledger", "--billing-sql", "sql"],
            2,
            "--billing-sql holds queries for a database",
        ),
        (["--ledger", "sqlite:///b.db", "--mapping", "m.toml"], 2, "--mapping is for files"),
        (
            ["--ledger", "env:DUNNING_LEDGER_NOWHERE"],
            2,
            "the environment variable DUNNING_LEDGER_NOWHERE is not set",
        ),
        (["--ledger", "sqlite:///b.db"], 1, "There is no SQLite file b.db"),
        (["--ledger", "sqlite:///b.db", "--billing-sql", "sql"], 1, "The folder of queries"),
        (["--ledger", "postgresql://u:s3cr3t@:x/b"], 1, "it is not shown"),
    ],
    ids=lambda value: "",
)
@pytest.mark.usefixtures("engine")
def test_a_wrong_order_is_refused_in_one_line(
    words: list[str],
    code: int,
    said: str,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    people().write(tmp_path / "ledger")
    night = dunning("nightly", *words, "--as-of", AS_OF.isoformat(), "--out", "out")

    assert (night.code, len(night.messages), said in night.told, "s3cr3t" in night.told) == (
        code,
        1,
        True,
        False,
    )
    assert not (tmp_path / "out").exists()
