"""Decide on a shard's accounts again and write the contents of their notices in postal order."""

import json
from pathlib import Path
from typing import TypedDict

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import UsageError
from dunning.core.frames import BUCKETS
from dunning.core.memory import keep_freed_memory
from dunning.decisions.lists.proposals import SCHEMAS, join_proposed
from dunning.decisions.monthly.notices import propose_notices
from dunning.gateways.files.seals import check_seal, seal_files
from dunning.gateways.files.worktables import StreamWriter, read_table, write_table
from dunning.gateways.postgres.database import RUNNER, Source, connect_as
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store.readers import reading
from dunning.jobs.monthly.runs import NoticesRun
from dunning.jobs.nightly.runs import shard_buckets, shard_seal
from dunning.jobs.records.history import UNREAD, History
from dunning.jobs.run_context import RunReceipt

BATCH_ROWS = 512
_NUMBERS = pa.schema({"bucket": pa.int16(), "invoice_no": pa.string()})


class Gathered(TypedDict):
    """The row counts of a gathered shard."""

    service: str
    shard: int
    shards: int
    notices: int
    withheld: int


def run(run: RunReceipt, shard: int = 0, shards: int = 1) -> Gathered:
    """Write one shard's notices and withheld rows into the work folder; return their counts.

    One file per bucket, in batches, so that the step that joins them needs one batch of each in
    memory. Shards share nothing and may run at once; any number of them gives the same files in the
    end.
    """
    if not 0 <= shard < shards <= BUCKETS:
        raise UsageError(
            f"Shard {shard} of {shards} does not exist; there are 1 to {BUCKETS} shards, counted from 0."
        )
    this = NoticesRun.of(run)
    check_seal(this.given_seal)
    engine = connect_as(RUNNER, Settings.from_environment(), f"notices {this.as_of} gather")
    with reading(engine):
        notices, withheld = _gather(engine, this, shard, shards)
    receipt: Gathered = {
        "service": this.service,
        "shard": shard,
        "shards": shards,
        "notices": notices,
        "withheld": withheld,
    }
    folder = this.shard_folder(shard, shards)
    (folder / "counts.json").write_text(json.dumps(receipt), encoding="utf-8")
    # names that begin with a dot are files still being written
    seal_files(
        shard_seal(folder), [path for path in folder.glob("[!.]*") if path != shard_seal(folder)]
    )
    return receipt


def _gather(source: Source, this: NoticesRun, shard: int, shards: int) -> tuple[int, int]:
    """Write the notices and withheld rows of a shard; return the rows of each."""
    keep_freed_memory()
    folder, rules = this.shard_folder(shard, shards), this.rules()
    snapshot, history = this.open_snapshot(), History.read(Path(this.work))
    filled, withheld, new, listed = set(snapshot.buckets()), [], [_NUMBERS.empty_table()], 0
    with StreamWriter(folder) as writer:
        for index in (index for index in shard_buckets(shard, shards) if index in filled):
            bucket, decision, assessment = history.decide(
                snapshot.read_bucket(index, without=UNREAD), this.as_of, rules
            )
            shown = this.memory.of_bucket(source, this.service, index)
            found = propose_notices(
                bucket, decision, assessment, rules, this.service, this.since, shown
            )
            # small batches: `plan` merges all buckets with one batch of each in memory
            for first in range(0, len(found["notices"]), BATCH_ROWS):
                writer.write({f"{index:02d}": found["notices"].slice(first, BATCH_ROWS)})
            withheld.append({"withheld": found["withheld"]})
            new.append(_numbers_of(index, found["notices"]))
            listed += len(found["notices"])
    held = join_proposed(withheld)["withheld"].cast(SCHEMAS["withheld"])
    write_table(_withheld(folder), held)
    write_table(_numbers(folder), pa.concat_tables(new))
    return listed, len(held)


def find_streams(this: NoticesRun, shards: int) -> list[Path]:
    """Return the files of all buckets in their order.

    Raises:
        DunningError: a shard was not gathered, or one of its files is not what was written.
    """
    folders = [this.shard_folder(shard, shards) for shard in range(shards)]
    for folder in folders:
        check_seal(shard_seal(folder))
    return [path for folder in folders for path in sorted(folder.glob("[!.]*.arrow"))]


def find_withheld(this: NoticesRun, shards: int) -> list[Path]:
    """Return the file of withheld rows of each shard."""
    return [_withheld(this.shard_folder(shard, shards)) for shard in range(shards)]


def read_numbers(this: NoticesRun, shards: int) -> dict[int, pa.Array]:
    """Return the documents that the notices show as new, by bucket.

    Raises:
        DunningError: the file of a shard is missing, or is not what was written.
    """
    found: dict[int, pa.Array] = {}
    for folder in (this.shard_folder(shard, shards) for shard in range(shards)):
        check_seal(shard_seal(folder), [_numbers(folder).name])
        rows = read_table(_numbers(folder))
        for bucket in pc.unique(rows["bucket"]).to_pylist():
            found[bucket] = rows.filter(pc.equal(rows["bucket"], bucket))[
                "invoice_no"
            ].combine_chunks()
    return found


def _numbers_of(bucket: int, notices: pa.Table) -> pa.Table:
    # `lines` is a list per notice: flattened, it is one row per line of all notices
    numbers = pc.unique(notices["lines"].combine_chunks().flatten().field("invoice_no"))
    return pa.table(
        [pa.repeat(pa.scalar(bucket, pa.int16()), len(numbers)), numbers], schema=_NUMBERS
    )


def _numbers(folder: Path) -> Path:
    return folder / "numbers.parquet"


def _withheld(folder: Path) -> Path:
    return folder / "withheld.parquet"
