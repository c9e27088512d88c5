"""Bad input gets one clear message and nothing half-done."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.jobs.nights import (
    AS_OF,
    Night,
    deeds,
    dunning,
    hashes,
    history,
    nightly,
    run_states,
    say_fresh,
)
from tests.world import World

Spoil = Callable[[Path], object]


def people() -> World:
    """Return three who owe and pay."""
    ledger = World().hold(3)
    for number in (1, 2, 3):
        ledger.account(number, ("2026-11-01", "60.00")).payment(number, "2026-11-20", "10.00")
    return ledger


def replace(file: str, old: str, new: str, count: int = 1) -> Spoil:
    """Spoil a ledger by another text in one of its files."""

    def spoil(folder: Path) -> None:
        text = (folder / file).read_text("utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, count), "utf-8")

    return spoil


def remove(file: str) -> Spoil:
    """Spoil a ledger by removing a file."""
    return lambda folder: (folder / file).unlink()


def write(file: str, content: bytes) -> Spoil:
    """Spoil a ledger by other bytes in a file."""
    return lambda folder: (folder / file).write_bytes(content)


def recode(file: str, encoding: str) -> Spoil:
    """Spoil a ledger by another encoding of a file."""
    return lambda folder: (folder / file).write_bytes(
        (folder / file).read_text("utf-8").encode(encoding)
    )


def tell(**tables: dict) -> Spoil:
    """Give a ledger a manifest that counts these tables."""
    content = {"as_of": AS_OF.isoformat(), "tables": tables}
    return lambda folder: (folder / "manifest.json").write_text(json.dumps(content), "utf-8")


REFUSED: dict[str, tuple[Spoil, tuple[str, ...]]] = {
    "a required table is missing": (remove("tenancies.csv"), ("tenancies.csv", "Add the file")),
    "a required column is missing": (
        replace("payments.csv", "paid_on", "paid"),
        ("payments.csv, line 1", "paid_on", "--mapping"),
    ),
    "not text at all": (write("payers.csv", bytes(range(256)) * 40), ("payers.csv",)),
    "not gzip": (lambda f: (f / "notices.csv").rename(f / "notices.csv.gz"), ("notices.csv.gz",)),
    "not Parquet": (
        lambda f: (f / "notices.csv").rename(f / "notices.parquet"),
        ("notices.parquet",),
    ),
    "an empty file": (write("payments.csv", b""), ("payments.csv",)),
    "a column twice": (replace("payers.csv", "language", "name"), ("payers.csv, line 1", "name")),
    "a table twice": (lambda f: (f / "payers.csv.gz").write_bytes(b"x"), ("payers", "twice")),
    "a ragged row": (
        replace("payments.csv", ";bank;", ";bank;;;"),
        ("payments.csv:2", "ragged_row", "--quarantine"),
    ),
    "31.02": (
        replace("payments.csv", "2026-11-20", "31.02.2026"),
        ("payments.csv:2", "bad_date", "33.33 %"),
    ),
    "three decimals": (
        replace("invoices.csv", "60.00", "60.005"),
        ("invoices.csv:2", "bad_value", "33.33 %"),
    ),
    "1e9": (replace("invoices.csv", "60.00", "1e9"), ("invoices.csv:2", "bad_value")),
    "the same key in different rows": (
        replace("payments.csv", "Z000002", "Z000001"),
        ("payments.csv:2", "duplicate_key", "2 of 3 rows"),
    ),
    "a payment to nobody": (
        replace("payments.csv", "Z000001;000001;P1", "Z000001;;"),
        ("payments.csv:2", "unmatched_payment"),
    ),
    "one refused hold is too many": (
        replace("holds.csv", ";dispute;", ";spor;"),
        ("holds.csv:2", "bad_value", "0 %"),
    ),
    "a manifest off by one cent": (
        tell(invoices={"rows": 3, "amount": {"EUR": "180.01"}}),
        (
            "invoices.csv should sum to 180.01 EUR and sums to 180.00 EUR",
            "Export the ledger again.",
        ),
    ),
    "a manifest off by one row": (
        tell(payers={"rows": 4}),
        ("payers.csv should have 4 rows and has 3",),
    ),
    "a manifest that is no JSON": (
        write("manifest.json", b'{"as_of": "2026-11-22",\n'),
        ("manifest.json, line 2",),
    ),
    "yesterday's ledger": (
        write("manifest.json", b'{"as_of": "2026-11-21", "tables": {}}'),
        ("2026-11-21", "2026-11-22", "Wait"),
    ),
}


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A sound ledger."""
    return people().write(tmp_path / "ledger")


def refusal(night: Night) -> str:
    """Return the one message of a refused run."""
    (message,) = night.messages
    assert (night.code, night.result) == (1, [])
    assert message.startswith("dunning: ")
    return message


def assert_nothing_was_done(home: Path, engine: Engine, out: Path) -> None:
    """Fail if a refused run left anything: files, a snapshot, work tables, something in the
    store.
    """
    assert not out.exists()
    assert {name: list((home / name).glob("*")) for name in ("work", "snapshots")} == {
        "work": [],
        "snapshots": [],
    }
    assert history(engine) == {"deeds": [], "decisions": [], "proposals": [], "closed": []}
    assert run_states(engine) == []


@pytest.mark.parametrize(("spoil", "said"), REFUSED.values(), ids=REFUSED)
def test_a_bad_ledger_is_refused_in_one_message(
    spoil: Spoil, said: tuple[str, ...], ledger: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    spoil(ledger)
    message = refusal(nightly(ledger, tmp_path / "out"))

    assert [part for part in said if part not in message] == []
    assert_nothing_was_done(home, engine, tmp_path / "out")


def test_the_sound_ledger_is_not_refused(ledger: Path, home: Path, tmp_path: Path) -> None:
    night = nightly(ledger, tmp_path / "out")

    assert (night.code, night.messages, night.csv("quarantine")) == (0, [], [])


def test_a_ledger_of_headers_alone_is_refused(home: Path, engine: Engine, tmp_path: Path) -> None:
    message = refusal(nightly(World().write(tmp_path / "ledger"), tmp_path / "out"))

    assert "has no account" in message and "Check that the extract is complete." in message
    assert_nothing_was_done(home, engine, tmp_path / "out")


@pytest.mark.parametrize(
    ("folder", "said"),
    [("nowhere", "is not there"), ("empty", "it has no such file at all"), ("file", "no folder")],
)
def test_a_folder_that_is_no_ledger_is_refused(
    folder: str, said: str, home: Path, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    message = refusal(nightly(tmp_path / folder, tmp_path / "out"))

    assert said in message and folder in message
    assert_nothing_was_done(home, engine, tmp_path / "out")


BAD_ROWS = {
    "31.02": (replace("payments.csv", "2026-11-20", "31.02.2026"), ("payments", 2, "bad_date")),
    "three decimals": (replace("payments.csv", "10.00", "10.005"), ("payments", 2, "bad_value")),
    "1e9": (replace("payments.csv", "10.00", "1e9"), ("payments", 2, "bad_value")),
    "too few cells": (replace("payments.csv", ";EUR;bank;", ";EUR"), ("payments", 2, "ragged_row")),
    "a payment to nobody": (
        replace("payments.csv", "Z000001;000001;P1", "Z000001;;"),
        ("payments", 2, "unmatched_payment"),
    ),
    "nobody's premise": (
        replace("payments.csv", "Z000001;000001;", "Z000001;000009;"),
        ("payments", 2, "missing_reference"),
    ),
}


@pytest.mark.parametrize(("spoil", "found"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_within_the_limit_is_set_aside_and_the_rest_goes_on(
    spoil: Spoil, found: tuple[str, int, str], ledger: Path, home: Path, tmp_path: Path
) -> None:
    spoil(ledger)
    night = nightly(ledger, tmp_path / "out", AS_OF, "--quarantine-limit", "0.34")
    books = night.manifest["ledger"]["tables"]["tables"]["payments"]

    assert [
        (row["table"], int(row["line"]), row["reasons"]) for row in night.csv("quarantine")
    ] == [found]
    assert (night.code, books) == (0, {"read": 3, "quarantined": 1, "repeated": 0, "taken": 2})
    assert night.manifest["lists"]["quarantine"] == {"rows": 1}


def test_both_rows_of_a_doubled_key_are_set_aside(ledger: Path, home: Path, tmp_path: Path) -> None:
    replace("payments.csv", "Z000002", "Z000001")(ledger)
    night = nightly(ledger, tmp_path / "out", AS_OF, "--quarantine-limit", "0.67")

    assert [(row["line"], row["reasons"]) for row in night.csv("quarantine")] == [
        ("2", "duplicate_key"),
        ("3", "duplicate_key"),
    ]
    assert night.manifest["ledger"]["tables"]["minor"]["payments"]["EUR"] == {
        "read": 3000,
        "quarantined": 2000,
        "repeated": 0,
        "taken": 1000,
    }


def test_a_limit_of_one_run_does_not_hold_for_the_next(
    ledger: Path, home: Path, tmp_path: Path
) -> None:
    """The snapshot of the first run is there already; its refused rows still are too many."""
    replace("payments.csv", "10.00", "1e9")(ledger)
    codes = [
        nightly(ledger, tmp_path / "out", AS_OF, *limit).code
        for limit in (("--quarantine-limit", "1"), ())
    ]

    assert codes == [0, 1]


def test_a_mapping_that_names_a_missing_column_is_refused(
    ledger: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    mapping = tmp_path / "foreign.toml"
    mapping.write_text(
        '[tables.payments]\nfile = "payments.csv"\n[tables.payments.columns]\n'
        'payment_no = { column = "payment_no" }\npaid_on = { column = "paid_at" }\n'
        'amount = { column = "amount" }\ncurrency = { value = "EUR" }\n',
        "utf-8",
    )
    message = refusal(nightly(ledger, tmp_path / "out", AS_OF, "--mapping", str(mapping)))

    assert [
        part for part in ("foreign.toml, line 5", "paid_at", "payments.csv") if part not in message
    ] == []
    assert_nothing_was_done(home, engine, tmp_path / "out")


@pytest.mark.parametrize(
    "option", ["--ledger", "--out", "--mapping", "--policy", "DUNNING_SNAPSHOTS"]
)
def test_addresses_that_are_of_no_use_are_refused(
    option: str,
    ledger: Path,
    home: Path,
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    given = {"--ledger": str(ledger), "--out": "out", "--as-of": AS_OF.isoformat()}
    if option.startswith("--"):
        given[option] = "ftp://host/prefix"
    else:
        monkeypatch.setenv(option, "ftp://host/prefix")
    message = refusal(dunning("nightly", *(word for pair in given.items() for word in pair)))

    also = "" if option in ("--mapping", "--policy") else " or an s3:// address"
    assert (
        message
        == f"dunning: {option} is an address (ftp://), which is not taken here; give a local folder{also}."
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "ledger"]
    monkeypatch.undo()
    assert_nothing_was_done(home, engine, tmp_path / "out")


def test_a_file_in_the_way_of_the_lists(home: Path, engine: Engine, tmp_path: Path) -> None:
    """What could not be published does not count as sent; with the way free the same date
    closes.
    """
    ledger = say_fresh(people().write(tmp_path / "ledger"))
    (tmp_path / "out").write_text("in the way")
    message = refusal(nightly(ledger, tmp_path / "out"))
    kept = [state for _, state in deeds(engine)]
    (tmp_path / "out").unlink()
    night = nightly(ledger, tmp_path / "out")

    assert str(tmp_path / "out") in message and "--out" in message
    assert kept == []
    assert (night.code, [state for _, state in deeds(engine)]) == (0, ["done", "done"])


def test_a_full_disk(home: Path, engine: Engine, tmp_path: Path) -> None:
    """A real one, of 64 KiB: the workbooks do not fit. No manifest is left, so nobody trusts what
    is there.
    """
    ledger = say_fresh(people().write(tmp_path / "ledger"))
    (tmp_path / "out").mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path / "out")],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("this user may not mount a file system")
    try:
        message = refusal(nightly(ledger, tmp_path / "out"))
        left = hashes(tmp_path / "out")
    finally:
        subprocess.run(["umount", str(tmp_path / "out")], check=True)
    kept = deeds(engine)
    night = nightly(ledger, tmp_path / "out")

    assert "No space left on device" in message and "Make room" in message
    assert f"{AS_OF}/manifest.json" not in left
    assert kept == []
    assert (night.code, [state for _, state in deeds(engine)]) == (0, ["done", "done"])


def test_a_home_that_cannot_be_written(
    ledger: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    (home / "work").write_text("in the way")
    message = refusal(nightly(ledger, tmp_path / "out"))

    assert str(home / "work") in message
    assert not (tmp_path / "out").exists()
    assert history(engine) == {"deeds": [], "decisions": [], "proposals": [], "closed": []}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "COMMAND"),
        (("nightly",), "--out"),
        (("nightly", "--out", "y", "--mapping", "m.toml"), "--ledger"),
        (("nightly", "--ledger", "x"), "--out"),
        (("nightly", "--ledger", "x", "--out", "y", "--as-of", "31.02.2026"), "2026-11-22"),
        (("nightly", "--ledger", "x", "--out", "y", "--as-of", "2026-02-31"), "2026-11-22"),
        (("nightly", "--ledger", "x", "--out", "y", "--shards", "0"), "1 to 64"),
        (("nightly", "--ledger", "x", "--out", "y", "--shards", "65"), "1 to 64"),
        (("nightly", "--ledger", "x", "--out", "y", "--shards", "many"), "--shards"),
        (("nightly", "--ledger", "x", "--out", "y", "--quarantine-limit", "1.5"), "0 to 1"),
        (("nightly", "--ledger", "x", "--out", "y", "--quarantine-limit", "-0.1"), "0 to 1"),
        (("nightly", "--ledger", "x", "--out", "y", "--quarantine-limit", "nan"), "0 to 1"),
        (
            ("nightly", "--ledger", "x", "--out", "y", "--quarantine-limit", "5%"),
            "--quarantine-limit",
        ),
        (("nightly", "--ledger", "x", "--out", "y", "--as-of", "0001-01-01"), "1990-01-01"),
        (("nightly", "--ledger", "x", "--out", "y", "--as-of", "9999-12-31"), "2100-01-01"),
        (("night",), "night"),
        (("explain",), "PREMISE_NO"),
        (("sample", "--accounts", "0", "--out", "y"), "at least 1"),
        (("policy",), "ACTION"),
    ],
)
def test_wrong_usage_is_exit_code_two(
    words: tuple[str, ...], said: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = dunning(*words)

    assert (told.code, told.printed) == (2, "")
    assert said in told.messages[-1]
    assert "Traceback" not in told.told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home"]


@pytest.mark.parametrize("as_of", ["1990-01-01", "2100-01-01"])
def test_the_ends_of_the_calendar_can_be_run(
    as_of: str, ledger: Path, home: Path, tmp_path: Path
) -> None:
    words = ("nightly", "--ledger", str(ledger), "--out", str(tmp_path / "out"), "--as-of", as_of)

    assert dunning(*words).code == 0
