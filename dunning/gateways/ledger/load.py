"""The door: an extract's files become one snapshot, whole or not at all."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from dunning.core.errors import DunningError
from dunning.gateways.ledger.accounts import number_rows
from dunning.gateways.ledger.attribution import attribute
from dunning.gateways.ledger.books import make_books, newest_day
from dunning.gateways.ledger.conditions import mark_conditions
from dunning.gateways.ledger.dealings import Dealings, mark_missing_documents, mark_missing_parties
from dunning.gateways.ledger.duplicates import mark_duplicates
from dunning.gateways.ledger.evidence import find_refused_evidence
from dunning.gateways.ledger.ground import Ground
from dunning.gateways.ledger.holds import build_holds
from dunning.gateways.ledger.manifest import Manifest, check_manifest, read_manifest
from dunning.gateways.ledger.movements import (
    Payments,
    build_equalisations,
    build_invoice_lines,
    build_items,
    sort_items,
)
from dunning.gateways.ledger.parsing import parse_table
from dunning.gateways.ledger.parties import Parties, find_first_days
from dunning.gateways.ledger.quarantine import (
    QuarantineLimits,
    Refusals,
    check_limits,
    count_refusals,
    list_refused,
)
from dunning.gateways.ledger.raw import RawTable, TypedTable
from dunning.gateways.ledger.references import References
from dunning.gateways.ledger.sources import ledger_fingerprint, read_ledger, unused_files
from dunning.gateways.snapshots import BucketedTable, Snapshot, find_snapshot, write_snapshot

Progress = Callable[[str], None]
Find = Callable[[Path, str], Snapshot | None]


def load_ledger(
    folder: Path, snapshots: Path, *, mapping: Path | None = None, quarantine_limits: QuarantineLimits,
    progress: Progress | None = None, find: Find = find_snapshot,
) -> Snapshot:
    """Return the snapshot of the ledger in `folder`; one that is there already and unharmed is used again.

    Args:
        folder: the extract.
        snapshots: where all snapshots live; this one gets a folder named by the ledger's fingerprint.
        mapping: how a foreign layout becomes the contract's tables.
        quarantine_limits: shares of refused rows from which on a load is refused.
        progress: is told what is being done, one short line a step.
        find: looks for the snapshot of a fingerprint among `snapshots`, or wherever else it may be kept.

    Raises:
        DunningError: the extract is incomplete or unreadable or changes while it is read, its manifest disagrees, a
            table has too many refused rows, or there is not one account in it. Nothing is then left behind.
    """
    tell = progress or (lambda _: None)
    raw = read_ledger(folder, mapping)
    manifest = read_manifest(folder)
    tell("отпечатък на извлечението")
    fingerprint = ledger_fingerprint(folder, mapping, raw)
    found = find(snapshots, fingerprint)
    if found is not None:
        tell("същото извлечение вече е заредено")
        check_limits({name: Refusals(**told) for name, told in found.info["refusals"].items()}, quarantine_limits)
        return found
    tables = _read_tables(raw, tell)
    if manifest is not None:
        check_manifest(manifest, tables)
    ground = resolve(tables, tell)
    check_limits(count_refusals(tables), quarantine_limits)
    _refuse_empty(ground, folder)
    tell("снимка")
    written, info = _build(ground)
    info |= _describe(raw, tables, manifest, unused_files(folder, raw), written)
    quarantine = list_refused(tables, is_mapped=mapping is not None)
    _refuse_changed(folder, fingerprint, ledger_fingerprint(folder, mapping, raw))
    return write_snapshot(snapshots, fingerprint, written, quarantine, info)


def resolve(tables: dict[str, TypedTable], tell: Progress = lambda _: None) -> Ground:
    """Decide about every row of the typed tables: marks all reasons, and returns what the snapshot is built on."""
    references = References(tables)
    tell("проверки")
    mark_conditions(tables)
    mark_missing_parties(references)
    numbering = number_rows(tables["premises"].frame.text("premise_no"), tables["payers"].frame.text("payer_code"))
    tell("чии са фактурите и плащанията")
    attribution = attribute(references, numbering)
    mark_missing_documents(references, attribution)
    for name in ("invoices", "payments"):
        references.forget_texts(name, "premise_no", "payer_code")
    return Ground(references, numbering, attribution)


def _read_tables(raw: dict[str, RawTable], tell: Progress) -> dict[str, TypedTable]:
    def read(name: str) -> TypedTable:
        typed = parse_table(raw[name])
        mark_duplicates(typed)
        if not raw[name].is_absent:
            tell(f"прочетен {raw[name].file}: {typed.rows_read} реда")
        return typed

    largest_first = sorted(raw, key=lambda name: ("invoices", "payments", "invoice_lines").count(name), reverse=True)
    with ThreadPoolExecutor(2) as pool:
        typed = dict(zip(largest_first, pool.map(read, largest_first), strict=True))
    return {name: typed[name] for name in raw}


def _refuse_empty(ground: Ground, folder: Path) -> None:
    if not len(ground.accounts):
        raise DunningError(
            f"The ledger in {folder} has no account: no tenancy, invoice or payment of a known premise and payer was "
            "taken in. A run on it would say that nobody owes anything. Check that the extract is complete."
        )


def _refuse_changed(folder: Path, before: str, after: str) -> None:
    if before != after:
        raise DunningError(
            f"The files in {folder} changed while they were read ({before[:12]} before, {after[:12]} after): "
            "parts of two extracts would be mixed. Wait until the extract is written to its end and load again."
        )


def _build(ground: Ground) -> tuple[dict[str, BucketedTable], dict[str, Any]]:
    parties, items = Parties(ground), sort_items(ground)
    payments, dealings = Payments(ground, items), Dealings(ground, items)
    holds, holds_without_effect = build_holds(ground, items)
    written = parties.build(find_first_days(ground), find_refused_evidence(ground.references, ground.attribution))
    written |= {
        "items": build_items(ground, items),
        "equalisations": build_equalisations(ground),
        "payments": payments.build_payments(),
        "reversals": payments.build_reversals(),
        "invoice_lines": build_invoice_lines(ground),
        "holds": holds,
    }
    written |= dealings.build()
    info = {
        "books": make_books(ground.references.tables, written),
        "dropped_names": payments.dropped,
        "holds_without_effect": holds_without_effect,
        "without_effect": dealings.without_effect,
        "payers_without_account": parties.payers_left_out,
        "refusals": {name: of.as_info() for name, of in count_refusals(ground.references.tables).items()},
    }
    return written, info


def _describe(
    raw: dict[str, RawTable], tables: dict[str, TypedTable], manifest: Manifest | None, unused: list[str],
    written: dict[str, BucketedTable],
) -> dict[str, Any]:
    newest_invoice_on = newest_day(written["items"].rows["issued_on"])
    payments = written["payments"].rows
    newest_payment_on = newest_day(payments["paid_on"].filter(pc.invert(payments["is_note"])))
    unknown = {name: list(t.source.unknown) for name, t in raw.items() if t.source is not None and t.source.unknown}
    warnings = [
        f"{raw[name].file}: непознати колони, които не са прочетени: {', '.join(columns)}"
        for name, columns in unknown.items()
    ]
    warnings += [f"{name}: такава таблица няма в договора, файлът не е прочетен" for name in unused]
    return {
        "as_of": manifest.as_of.isoformat() if manifest else None,
        "newest_invoice_on": newest_invoice_on,
        "newest_payment_on": newest_payment_on,
        "unknown_columns": unknown,
        "absent_tables": [name for name, table in raw.items() if table.is_absent],
        "warnings": warnings,
    }

