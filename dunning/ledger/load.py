"""Load an extract: its files become one complete snapshot, or none at all."""

from dataclasses import replace
from pathlib import Path

from dunning.core.errors import DunningError
from dunning.core.ledger_tables import LARGE_TABLES
from dunning.core.memory import keep_freed_memory
from dunning.core.progress import Progress
from dunning.ledger.build.assembly import Extract, assemble
from dunning.ledger.check.duplicates import mark_duplicates
from dunning.ledger.check.late_dates import DayCounts, count_days, find_groups, is_dated, last_days
from dunning.ledger.check.manifest import Manifest, check_manifest, read_manifest
from dunning.ledger.check.quarantine import QuarantineLimits, Refusals, check_limits, list_refused
from dunning.ledger.large_tables import LargeTable, read_large_table
from dunning.ledger.read.parsing import parse_table
from dunning.ledger.read.sources import ledger_fingerprint, read_ledger, unused_files
from dunning.ledger.snapshot_store import ExtractInfo, LedgerSnapshots, Loaded
from dunning.ledger.typed_tables import RawTable, TypedTable


def load_ledger(
    folder: Path,
    snapshots: LedgerSnapshots[Loaded],
    *,
    mapping: Path | None = None,
    quarantine_limits: QuarantineLimits,
    progress: Progress | None = None,
) -> Loaded:
    """Return the snapshot of the ledger in `folder`.

    A snapshot of the same files that already exists and is undamaged is used again.

    Args:
        folder: the extract.
        snapshots: where all snapshots are kept; this one is named by the ledger's fingerprint.
        mapping: how a foreign layout becomes the contract's tables.
        quarantine_limits: shares of refused rows from which on a load is refused.
        progress: called with one short line for each step.

    Raises:
        DunningError: the extract is incomplete or unreadable or changes while it is read, its
            manifest disagrees, a table has too many refused rows, or there is not one account in
            it. Nothing is then left behind.
    """
    keep_freed_memory()
    report_step = progress or (lambda _: None)
    manifest = read_manifest(folder)
    raw = _read_headers(folder, mapping, manifest)
    report_step("отпечатък на извлечението")
    # The same bytes give the same snapshot, so a known fingerprint saves the whole load.
    fingerprint = ledger_fingerprint(folder, mapping, raw)
    found = snapshots.find(fingerprint)
    if found is not None:
        report_step("същото извлечение вече е заредено")
        # The limits may differ from those of the first load, so they are checked again.
        check_limits(
            {name: Refusals(**refused) for name, refused in found.info["refusals"].items()},
            quarantine_limits,
        )
        return found
    with snapshots.open_writer(fingerprint) as writer:
        extract = _read(raw, writer.scratch, report_step)
        if manifest is not None:
            check_manifest(
                manifest, extract.counts, {name: table.file for name, table in raw.items()}
            )
        assembled = assemble(extract, writer, quarantine_limits, report_step)
        # The fingerprint is taken again after the last read: a file that changed meanwhile would
        # mix two extracts.
        _refuse_changed(folder, fingerprint, ledger_fingerprint(folder, mapping, raw))
        quarantine = list_refused(assembled.tables, assembled.cells, is_mapped=mapping is not None)
        described = _describe(raw, manifest, unused_files(folder, raw))
        return writer.finish(quarantine, {**assembled.info, **described})


def _read_headers(
    folder: Path, mapping: Path | None, manifest: Manifest | None
) -> dict[str, RawTable]:
    """Return all tables, none of their rows read, with the last days that they may be of."""
    # A database does not state its own day, so its rows are not held to one.
    speaks_for = manifest.as_of if manifest is not None and not manifest.is_asked else None
    return {
        name: replace(table, last_days=last_days(name, speaks_for))
        for name, table in read_ledger(folder, mapping).items()
    }


def _read(raw: dict[str, RawTable], folder: Path, report_step: Progress) -> Extract:
    """Read every table completely: small ones into memory, large ones into `folder` by bucket."""
    tables: dict[str, TypedTable] = {}
    days: dict[str, DayCounts] = {}
    for name in raw:
        if name not in LARGE_TABLES:
            tables[name] = parse_table(raw[name])
            mark_duplicates(tables[name])
            if is_dated(raw[name]):
                days[name] = count_days(tables[name])
            _report_read(report_step, raw[name], tables[name].rows_read)
    large: dict[str, LargeTable] = {}
    # Invoices come first in LARGE_TABLES: payments and bill lines are put into the bucket of their
    # invoice.
    for name in LARGE_TABLES:
        large[name] = read_large_table(raw[name], folder, large.get("invoices"))
        if is_dated(raw[name]):
            days[name] = large[name].days
        _report_read(report_step, raw[name], large[name].counts.rows)
    return Extract(tables, large, {name: find_groups(of) for name, of in days.items()})


def _report_read(report_step: Progress, table: RawTable, rows: int) -> None:
    if not table.is_absent:
        report_step(f"прочетен {table.file}: {rows} реда")


def _refuse_changed(folder: Path, before: str, after: str) -> None:
    if before != after:
        raise DunningError(
            f"The files in {folder} changed while they were read ({before[:12]} before, {after[:12]} after): "
            "parts of two extracts would be mixed. Wait until the extract is written to its end and load again."
        )


def _describe(
    raw: dict[str, RawTable], manifest: Manifest | None, unused: list[str]
) -> ExtractInfo:
    unknown = {
        name: list(t.source.unknown)
        for name, t in raw.items()
        if t.source is not None and t.source.unknown
    }
    warnings = [
        f"{raw[name].file}: непознати колони, които не са прочетени: {', '.join(columns)}"
        for name, columns in unknown.items()
    ]
    warnings += [f"{name}: такава таблица няма в договора, файлът не е прочетен" for name in unused]
    return {
        "as_of": manifest.as_of.isoformat() if manifest else None,
        "unknown_columns": unknown,
        "absent_tables": [name for name, table in raw.items() if table.is_absent],
        "warnings": warnings,
    }
