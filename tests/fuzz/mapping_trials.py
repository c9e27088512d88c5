"""Trials of damaged mappings and manifests."""

import json
from pathlib import Path
from random import Random
from typing import Any

from dunning.gateways.snapshots.snapshot import Snapshot
from tests.fuzz.file_ledgers import copy_ledger
from tests.fuzz.mappings import EXAMPLE, IBM, MANIFEST, damage_manifest, damage_mapping
from tests.fuzz.trials import Outcome, scratch, try_door


def try_mapping(random: Random, ledgers: dict[str, Path]) -> Outcome:
    """The example's mapping, damaged; what is taken in all the same must balance and come of the
    file.
    """
    what, text = damage_mapping(random, EXAMPLE.read_text("utf-8"))
    with scratch() as folder:
        ledger, mapping = folder / "ledger", folder / "map.toml"
        ledger.mkdir()
        (ledger / "ibm-late-payments.csv").write_text(IBM)
        mapping.write_text(text, "utf-8")
        outcome = try_door(
            "mappings", what, ledger, "", lambda snapshot: _judge_mapped(snapshot), mapping
        )
    if outcome.outcome == "refused" and not (
        "map.toml" in outcome.detail or _is_about_tables(outcome.detail)
    ):
        return Outcome(
            outcome.kind, what, "FAULT", f"names neither mapping nor table: {outcome.detail}"
        )
    return outcome


def _is_about_tables(message: str) -> bool:
    """A mapping may be right and yet leave tables out, or make none of the file's rows an
    account.
    """
    return any(
        words in message for words in ("Required table", "has no account", "ibm-late-payments.csv")
    )


def _judge_mapped(snapshot: Snapshot) -> list[str]:
    """Four rows give at most as many of each table, and no amount that the file does not have."""
    books = snapshot.info["books"]
    faults = [
        f"{name}: {rows['read']} rows of 4"
        for name, rows in books["tables"].items()
        if rows["read"] > 4
    ]
    possible = {0, 5039, 5537, 9760, 10592}
    sums = {sum(some) for some in _subsets(sorted(possible - {0}))}
    taken = [
        sums_of["taken"]
        for of in ("invoices", "payments")
        for sums_of in books["minor"][of].values()
    ]
    return faults + [
        f"taken in {minor}, which no rows of the file come to"
        for minor in taken
        if minor not in sums
    ]


def _subsets(values: list[int]) -> list[list[int]]:
    return [[v for i, v in enumerate(values) if bits >> i & 1] for bits in range(1 << len(values))]


def try_manifest(random: Random, ledgers: dict[str, Path]) -> Outcome:
    """A manifest, damaged; it may only be taken in where all it says is so."""
    with scratch() as folder:
        ledger = copy_ledger(random, ledgers, ("plain",), folder / "ledger")
        what, data = damage_manifest(random, MANIFEST)
        (ledger / "manifest.json").write_bytes(data)
        return try_door(
            "manifests", what, ledger, "manifest.json", lambda snapshot: _judge_told(snapshot, data)
        )


def _judge_told(snapshot: Snapshot, data: bytes) -> list[str]:
    told: dict[str, Any] = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once)
    as_of = snapshot.info["as_of"]
    faults = [] if as_of == told["as_of"] else [f"as_of {told['as_of']} became {as_of}"]
    for name, counts in told["tables"].items():
        if counts["rows"] != snapshot.info["books"]["tables"][name]["read"]:
            faults.append(f"{name}: {counts} passed, read {snapshot.info['books']['tables'][name]}")
        if name == "payments" and counts.get("amount"):
            read = {
                word: sums["read"]
                for word, sums in snapshot.info["books"]["minor"]["payments"].items()
            }
            said = {word: round(float(counts["amount"].get(word, 0)) * 100) for word in read}
            faults += [] if said == read else [f"payments: {counts} passed, read {read}"]
    return faults


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs), "a name stands there twice and passed"
    return dict(pairs)
