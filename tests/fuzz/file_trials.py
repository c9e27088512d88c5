"""Trials of damaged files."""

from pathlib import Path
from random import Random

from dunning.gateways.snapshots.snapshot import Snapshot
from tests.fuzz.file_ledgers import copy_ledger
from tests.fuzz.files import BYTES, damage_gzip, damage_place
from tests.fuzz.good_rows import VARIETIES
from tests.fuzz.trials import Outcome, scratch, try_door
from tests.oracle.door.files import PlainTable, read_plain

_TEXTS = ("plain", "cp1251, tabs, CRLF", "BOM, commas")
_MOST = ("invoices", "payments", "payers", "premises")


def try_bytes(random: Random, ledgers: dict[str, Path]) -> Outcome:
    """One text file with one kind of damage."""
    damage = random.choice(BYTES)
    with scratch() as folder:
        ledger = copy_ledger(random, ledgers, _TEXTS, folder / "ledger")
        table = _choose_table(random)
        path = ledger / f"{table}.csv"
        path.write_bytes(damage(random, path.read_bytes()))
        return _try(f"bytes: {damage.__name__}", ledger, path, table)


def try_gzip(random: Random, ledgers: dict[str, Path]) -> Outcome:
    """One gzip file, damaged as gzip or in its text."""
    with scratch() as folder:
        ledger = copy_ledger(random, ledgers, ("gzip",), folder / "ledger")
        table = _choose_table(random)
        path = ledger / f"{table}.csv.gz"
        return _try(damage_gzip(random, path), ledger, path, table)


def try_place(random: Random, ledgers: dict[str, Path]) -> Outcome:
    """One file that is no file, or lies under another name; an optional one is missed too."""
    with scratch() as folder:
        ledger = copy_ledger(random, ledgers, ("plain", "gzip", "Parquet"), folder / "ledger")
        table = _choose_table(random)
        path = next(ledger.glob(f"{table}.*"))
        what = damage_place(random, path)

        def judge(snapshot: Snapshot) -> list[str]:
            is_told = any(table in warning.lower() for warning in snapshot.info["warnings"])
            is_absent = table in snapshot.info["absent_tables"]
            if what.startswith("gone"):
                return [] if is_absent else ["a table that is gone is not among the absent ones"]
            return [] if is_absent and is_told else ["taken in without a word about it"]

        return try_door("place", what, ledger, table, judge)


def _choose_table(random: Random) -> str:
    return random.choice((*VARIETIES, *_MOST, *_MOST))


def _try(what: str, ledger: Path, path: Path, table: str) -> Outcome:
    plain = read_plain(path, table)
    return try_door(
        "files",
        f"{what} ({path.name})",
        ledger,
        table,
        lambda snapshot: judge(snapshot, plain, table),
    )


def judge(snapshot: Snapshot, plain: PlainTable | None, table: str) -> list[str]:
    """Return what the door saw otherwise than a plain reader: rows, bad cells, ragged rows,
    sums.
    """
    if plain is None:
        return ["a plain reader cannot read this at all"]
    refused = {
        row["line"]: row["reasons"]
        for row in snapshot.quarantine().to_pylist()
        if row["table"] == table
    }
    books = snapshot.info["books"]
    faults = []
    if books["tables"][table]["read"] != plain.rows_read:
        faults.append(
            f"{books['tables'][table]['read']} rows read, by a plain reader {plain.rows_read}"
        )
    faults += [
        f"line {line} is ragged and passed"
        for line in plain.ragged
        if refused.get(line) != "ragged_row"
    ]
    known: set[tuple[str, ...]] = set()
    for line, row in plain.bad_rows(table):
        cells = tuple(cell.strip() for cell in row.values())
        if line in refused:
            known.add(cells)
        elif cells not in known:
            faults.append(f"line {line} has a bad cell and passed: {row}")
    return faults + _compare_sums(books["minor"], plain, table)


def _compare_sums(minor: dict, plain: PlainTable, table: str) -> list[str]:
    names = {"invoices": ("invoices", "credit_notes"), "payments": ("payments",)}.get(table, ())
    found = {word: sum(minor[name][word]["read"] for name in names) for word in ("EUR", "BGN")}
    return (
        [f"sums read are {found}, by a plain reader {plain.sums()}"]
        if names and found != plain.sums()
        else []
    )
