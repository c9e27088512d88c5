"""Write a run's files: decisions, lists as CSV, Parquet and XLSX, and a manifest of them all."""

import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import DunningError
from dunning.core.lists import SUMS as SUM_COLUMNS
from dunning.core.words import CHANNELS, STAGES
from dunning.decisions.tables import TABLES
from dunning.documents.lists.list_files import render_lists
from dunning.documents.messages.texts import Letterhead
from dunning.documents.pages.findings_text import describe_unusual
from dunning.gateways.files.publishing import (
    MANIFEST,
    hash_files,
    manifest_bytes,
    remove_folders,
    write_private,
)
from dunning.gateways.files.seals import check_seal, seal_files
from dunning.gateways.files.worktables import TableWriter, read_streams, read_table
from dunning.jobs.nightly.runs import NightlyRun, shard_seal
from dunning.jobs.receipts import (
    ListFigures,
    PartFigures,
    ProposedReceipt,
    RunManifest,
    WrittenReceipt,
)
from dunning.jobs.records.baseline import Baseline
from dunning.jobs.run_context import RunReceipt

PARTS = ("ready", "person")
SUMS = ("open_cents", "overdue_cents", "interest_cents", "credit_cents", "shielded_cents")


def run(run: RunReceipt) -> WrittenReceipt:
    """Write all files of a run, readable by their owner only; return counts and hashes.

    Raises:
        DunningError: the classification does not agree with the books.
    """
    this = NightlyRun.of(run)
    check_seal(this.given_seal)
    check_seal(this.proposed_seal)
    proposed: ProposedReceipt = json.loads(
        (Path(this.work) / "proposed.json").read_text(encoding="utf-8")
    )
    # a step that is tried again starts with an empty folder
    remove_folders([this.prepared])
    stages = _write_decisions(this, proposed["shards"])
    # stages were summed from the written rows: the files themselves are compared with the books
    _check_totals(
        proposed["books"], {name: sum(stage[name] for stage in stages.values()) for name in SUMS}
    )
    lists = _write_lists(this)
    policy = this.policy()
    manifest: RunManifest = {
        "as_of": this.as_of.isoformat(),
        "ledger": {"fingerprint": this.fingerprint, "tables": this.open_snapshot().info["books"]},
        "policy": {"version": this.policy_version, "files": policy.hashes()},
        "books": proposed["books"],
        "stages": stages,
        "lists": lists,
        "stops": this.stops,
        "accepted_shrunk": this.accepted_shrunk,
        "warnings": this.warnings,
        "files": hash_files(this.prepared),
        "unusual": [],
    }
    # judged before it is written: what is found is part of the manifest itself
    unusual = Baseline.read(Path(this.work)).judge(this.as_of, manifest, this.rules().release)
    manifest["unusual"] = describe_unusual(unusual)
    write_private(this.prepared / MANIFEST, manifest_bytes(manifest))
    seal_files(this.manifest_seal, [this.prepared / MANIFEST])
    return {
        "as_of": this.as_of.isoformat(),
        "stages": stages,
        "lists": lists,
        "files": manifest["files"],
    }


def _check_totals(books: dict[str, int], classified: dict[str, int]) -> None:
    """Refuse a classification with an open sum or credit that is a cent off the control totals.

    Args:
        books: see `propose`.
        classified: sums over all accounts of `open_cents` and `credit_cents`.
    """
    for line, column in (("EUR.open", "open_cents"), ("EUR.credit", "credit_cents")):
        if books.get(line, 0) != classified[column]:
            raise DunningError(
                f"The books do not balance: {column} of all accounts is {classified[column]} cents, the books say "
                f"{books.get(line, 0)}. Nothing was published; report this with the ledger's fingerprint."
            )


def _write_decisions(this: NightlyRun, shards: int) -> dict[str, dict[str, int]]:
    """Write the joined tables of all shards; return accounts and sums per stage.

    One row group per bucket, whatever the number of shards.
    """
    sums: dict[str, Counter[str]] = {
        stage: Counter(accounts=0, **dict.fromkeys(SUMS, 0)) for stage in STAGES
    }
    for folder in this.shard_folders(shards):
        check_seal(shard_seal(folder), [f"{name}.arrow" for name in TABLES])
    # one group at a time: memory does not grow with the number of accounts
    with TableWriter(this.prepared) as writer:
        for name in TABLES:
            paths = [folder / f"{name}.arrow" for folder in this.shard_folders(shards)]
            for group in read_streams([path for path in paths if path.exists()]):
                writer.write({name: group})
                if name == "classification":
                    _add_up(sums, group)
    return {stage: dict(counts) for stage, counts in sums.items()}


def _add_up(sums: dict[str, Counter[str]], group: pa.Table) -> None:
    totals = group.group_by("stage").aggregate(
        [("stage", "count"), *((name, "sum") for name in SUMS)]
    )
    for row in totals.to_pylist():
        found = {name: row[f"{name}_sum"] for name in SUMS}
        sums[row["stage"]].update(accounts=row["stage_count"], **found)


def _write_lists(this: NightlyRun) -> dict[str, ListFigures]:
    """Write every list; return rows and cents of each."""
    proposed = {
        path.stem: read_table(path)
        for path in sorted((Path(this.work) / "proposed").glob("*.parquet"))
    }
    quarantine = this.open_snapshot().quarantine()
    rules = this.rules()
    parts = rules.reminders.sms_parts_max
    head = Letterhead(
        this.as_of, rules.supplier, this.newest_paid_on, rules.profile, sms_parts_max=parts
    )
    for name, content in render_lists(proposed, quarantine, head):
        write_private(this.prepared / name, content)
    return _count({**proposed, "quarantine": quarantine})


def _count(tables: dict[str, pa.Table]) -> dict[str, ListFigures]:
    counts: dict[str, ListFigures] = {}
    for channel in CHANNELS:
        rows = tables["reminders"].filter(pc.equal(tables["reminders"]["channel"], channel))
        counts[f"reminders/{channel}"] = _figures(rows, SUM_COLUMNS["reminders"])
    for name, table in tables.items():
        if name != "reminders":
            counts[name] = _figures(table, SUM_COLUMNS.get(name))
    counts["court"]["parts"] = _count_parts(tables["court"])
    counts["court"]["person_reasons"] = _count_reasons(tables["court"])
    return counts


def _figures(rows: pa.Table, cents: str | None) -> ListFigures:
    figures: ListFigures = {"rows": len(rows)}
    if cents:
        figures["cents"] = _sum(rows, cents)
    return figures


def _count_parts(court: pa.Table) -> dict[str, PartFigures]:
    """Return rows and cents of the ready and the waiting court cases."""
    parts: dict[str, PartFigures] = {}
    for part in PARTS:
        rows = court.filter(pc.equal(court["part"], part))
        parts[part] = {"rows": len(rows), "cents": _sum(rows, SUM_COLUMNS["court"])}
    return parts


def _count_reasons(court: pa.Table) -> dict[str, int]:
    """Return the number of waiting court cases by reason; a case may have several."""
    # a cell holds reasons separated by spaces
    cells = court["person_reasons"].to_pylist()
    counts = Counter(reason for cell in cells for reason in cell.split())
    return dict(sorted(counts.items()))


def _sum(rows: pa.Table, cents: str) -> int:
    # the sum of no rows is null
    return pc.sum(rows[cents]).as_py() or 0
