"""Decide on every account of a shard and propose what to do about it."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from dunning.core.arrays import Places
from dunning.core.errors import UsageError
from dunning.core.frames import BUCKETS, SCHEMAS, Bucket, Frame
from dunning.core.memory import keep_freed_memory
from dunning.core.words import STAGES
from dunning.decisions.account.ageing import age, join_ageing
from dunning.decisions.account.assessment import Assessment
from dunning.decisions.account.interest import interest_segments
from dunning.decisions.frames import Decision
from dunning.decisions.lists.court import propose_court
from dunning.decisions.lists.disconnections import propose_disconnections
from dunning.decisions.lists.proposals import Proposed, join_proposed, merge_proposed
from dunning.decisions.lists.reminders import propose_reminders
from dunning.decisions.tables import decision_tables
from dunning.gateways.files.seals import check_seal, seal_files
from dunning.gateways.files.worktables import StreamWriter, write_table
from dunning.jobs.nightly.runs import NightlyRun, shard_buckets, shard_folder, shard_seal
from dunning.jobs.receipts import ShardBooks, ShardReceipt
from dunning.jobs.records.history import UNREAD, History
from dunning.jobs.run_context import RunReceipt
from dunning.policy.rules import Rules

# Invoice lines are the largest table, and no decision and no list reads them.
_READ = tuple(name for name in SCHEMAS if name != "invoice_lines")


@dataclass(frozen=True)
class _ShardSums:
    """What the buckets of a shard add up to. books: minor units by `CUR.line`; stages: accounts."""

    books: Counter[str] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)
    proposed: list[Proposed] = field(default_factory=list)
    ages: list[pa.Table] = field(default_factory=list)


def run(run: RunReceipt, shard: int = 0, shards: int = 1) -> ShardReceipt:
    """Write one shard's decisions and proposals; return its counts per stage.

    Shards share nothing and may run at once; any number of them gives the same files in the end.
    """
    if not 0 <= shard < shards <= BUCKETS:
        raise UsageError(
            f"Shard {shard} of {shards} does not exist; there are 1 to {BUCKETS} shards, counted from 0."
        )
    # before any large allocation: the allocator reuses what a bucket frees for the next one
    keep_freed_memory()
    this = NightlyRun.of(run)
    folder = shard_folder(Path(this.work), shard, shards)
    check_seal(this.given_seal)
    found = _decide(this, shard_buckets(shard, shards), folder)
    for name, table in merge_proposed(found.proposed).items():
        write_table(folder / f"proposed-{name}.parquet", table)
    write_table(folder / "ageing.parquet", join_ageing(found.ages))
    receipt: ShardReceipt = {
        "shard": shard,
        "shards": shards,
        "accounts": sum(found.stages.values()),
        "stages": dict(found.stages),
    }
    with_books: ShardBooks = {**receipt, "books": dict(found.books)}
    (folder / "books.json").write_text(json.dumps(with_books), encoding="utf-8")
    # names that begin with a dot are files still being written
    made = [path for path in folder.glob("[!.]*") if path.suffix in (".parquet", ".arrow")]
    seal_files(shard_seal(folder), [folder / "books.json", *made])
    return receipt


def _decide(this: NightlyRun, buckets: range, folder: Path) -> _ShardSums:
    """Write the decisions on the accounts of some buckets; return what was found in them."""
    snapshot, rules = this.open_snapshot(), this.rules()
    history = History.read(Path(this.work))
    found, filled = _ShardSums(), set(snapshot.buckets())
    # One bucket in memory at a time: all rows of an account are in the same bucket.
    with StreamWriter(folder) as writer:
        for index in (index for index in buckets if index in filled):
            bucket, decision, assessment = history.decide(
                snapshot.read_bucket(index, _READ, UNREAD), this.as_of, rules
            )
            writer.write(decision_tables(bucket, decision, rules))
            found.ages.append(age(bucket, decision, rules))
            found.proposed.append(propose(bucket, decision, assessment, rules, this.newest_paid_on))
            found.books.update(assessment.allocation.books)
            counts = np.bincount(decision.accounts["stage"], minlength=len(STAGES))
            found.stages.update(dict(zip(STAGES, counts.tolist(), strict=True)))
    return found


def propose(
    bucket: Bucket,
    decision: Decision,
    assessment: Assessment,
    rules: Rules,
    newest_paid_on: date | None,
) -> Proposed:
    """Return all proposals for one bucket, in no particular order."""

    def segments_of(items: Places) -> Frame:
        # both are sorted: the places of the chosen items among the allocated ones
        chosen = np.searchsorted(assessment.allocation.items, items)
        return interest_segments(
            bucket, assessment.allocation, rules, chosen, assessment.equalised_on
        )

    return join_proposed(
        [
            propose_reminders(bucket, decision, rules, assessment.history),
            propose_disconnections(bucket, decision, rules, assessment.history, newest_paid_on),
            propose_court(bucket, decision, rules, assessment.history, segments_of),
        ]
    )
