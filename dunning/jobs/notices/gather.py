"""Decide on every account of a shard again and gather what its notices say, in postal order."""

import json
from pathlib import Path

from dunning.core.errors import UsageError
from dunning.core.frames import BUCKETS
from dunning.decisions.notices import propose_notices
from dunning.decisions.proposals import SCHEMAS, join_proposed
from dunning.gateways.database import RUNNER, connect_as
from dunning.gateways.memory import keep_freed_memory
from dunning.gateways.seals import check_seal, seal_files
from dunning.gateways.settings import Settings
from dunning.gateways.store.readers import reading
from dunning.gateways.worktables import StreamWriter, write_table
from dunning.jobs.any_run import Receipt
from dunning.jobs.history import History
from dunning.jobs.notices.runs import NoticesRun
from dunning.jobs.runs import shard_buckets, shard_seal

BATCH_ROWS = 512


def run(run: Receipt, shard: int = 0, shards: int = 1) -> Receipt:
    """Write the notices of one shard, and what is withheld, into the run's work folder; return how many of each.

    A file a bucket, in batches, so that whoever joins them needs one batch of each in memory. Shards share nothing and
    may run at once; any number of them gives the same files in the end.
    """
    if not 0 <= shard < shards <= BUCKETS:
        raise UsageError(f"Shard {shard} of {shards} does not exist; there are 1 to {BUCKETS} shards, counted from 0.")
    this = NoticesRun.of(run)
    check_seal(this.given_seal)
    with reading(connect_as(RUNNER, Settings.from_environment(), f"notices {this.as_of} gather")):
        counts = _gather(this, shard, shards)
    receipt = {"service": this.service, "shard": shard, "shards": shards, **counts}
    folder = this.shard_folder(shard, shards)
    (folder / "counts.json").write_text(json.dumps(receipt), encoding="utf-8")
    seal_files(shard_seal(folder), [path for path in folder.glob("[!.]*") if path != shard_seal(folder)])
    return receipt


def _gather(this: NoticesRun, shard: int, shards: int) -> dict[str, int]:
    keep_freed_memory()
    folder, rules = this.shard_folder(shard, shards), this.rules()
    snapshot, history = this.open_snapshot(), History.read(Path(this.work))
    filled, withheld, listed = set(snapshot.buckets()), [], 0
    with StreamWriter(folder) as writer:
        for index in (index for index in shard_buckets(shard, shards) if index in filled):
            bucket, decision, findings = history.decide(snapshot.read_bucket(index), rules)
            found = propose_notices(bucket, decision, findings, rules, this.service, this.since_day)
            for first in range(0, len(found["notices"]), BATCH_ROWS):
                writer.write({f"{index:02d}": found["notices"].slice(first, BATCH_ROWS)})
            withheld.append({"withheld": found["withheld"]})
            listed += len(found["notices"])
    held = join_proposed(withheld)["withheld"].cast(SCHEMAS["withheld"])
    write_table(_withheld(folder), held)
    return {"notices": listed, "withheld": len(held)}


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
    """Return the files of what each shard withholds."""
    return [_withheld(this.shard_folder(shard, shards)) for shard in range(shards)]


def _withheld(folder: Path) -> Path:
    return folder / "withheld.parquet"
