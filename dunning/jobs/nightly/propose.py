"""Join the proposals of all shards into one set of lists, and check that none was lost."""

import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import DunningError
from dunning.core.lists import LISTS
from dunning.decisions.account.ageing import join_ageing
from dunning.decisions.account.assessment import check_books
from dunning.decisions.lists.missing_protections import stop_lists
from dunning.decisions.lists.one_message import silence_listed
from dunning.decisions.lists.proposals import SCHEMAS, Proposed, merge_proposed
from dunning.decisions.lists.volume_limits import limit_reminders, withhold_handed_over
from dunning.gateways.files.seals import check_seal, seal_files
from dunning.gateways.files.worktables import read_table, write_table
from dunning.jobs.nightly.runs import NightlyRun, shard_seal
from dunning.jobs.receipts import ProposedReceipt, ShardBooks, ShardReceipt
from dunning.jobs.records.history import History
from dunning.jobs.run_context import RunReceipt


def run(run: RunReceipt, shards: list[ShardReceipt]) -> ProposedReceipt:
    """Write the run's proposals into its work folder; return counts per list and the books.

    Raises:
        DunningError: a shard is missing, or all are, the books do not balance, or a row is listed
            twice.
    """
    this = NightlyRun.of(run)
    if not shards:
        raise DunningError(
            "No shard was classified, so nobody would be on any list. Run the date again."
        )
    folders = this.shard_folders(len(shards))
    receipts = [_read_receipt(folder) for folder in folders]
    books = _join_books(receipts)
    proposed = merge_proposed(
        {name: read_table(folder / f"proposed-{name}.parquet") for name in SCHEMAS}
        for folder in folders
    )
    proposed = _limit(this, proposed)
    check_once(proposed)
    tables = {
        Path(this.work) / "proposed" / f"{name}.parquet": table for name, table in proposed.items()
    }
    ages = join_ageing(read_table(folder / "ageing.parquet") for folder in folders)
    tables[Path(this.work) / "ageing.parquet"] = ages
    for path, table in tables.items():
        write_table(path, table)
    receipt: ProposedReceipt = {
        "shards": len(shards),
        "accounts": sum(receipt["accounts"] for receipt in receipts),
        "stages": _join_stages(receipts),
        "books": books,
        "lists": {name: len(table) for name, table in proposed.items()},
    }
    receipt_file = Path(this.work) / "proposed.json"
    receipt_file.write_text(json.dumps(receipt), encoding="utf-8")
    seal_files(this.proposed_seal, [receipt_file, *tables])
    return receipt


def _limit(this: NightlyRun, proposed: Proposed) -> Proposed:
    """Return the proposals of which only those are listed that may leave; the others withheld."""
    # The order matters: stops first, then repeats, then silences, and the volume limit last,
    # so that it counts only rows that may really leave.
    for reason in this.stops.values():
        proposed = stop_lists(proposed, reason)
    rules, history = this.rules(), History.read(Path(this.work))
    proposed = withhold_handed_over(proposed, history.handed_over, this.as_of, rules.release)
    proposed = silence_listed(proposed, history.handed_over, history.silences, this.as_of, rules)
    return merge_proposed([limit_reminders(proposed, rules.release)])


def check_once(proposed: Proposed) -> None:
    """Refuse proposals in which a row occurs twice, listed or withheld.

    A reminder is one message to one account; the other lists have one row per account.
    """
    withheld = proposed["withheld"]
    for name in LISTS:
        listed = proposed[name].select(["premise_no", "payer_code"])
        held = withheld.filter(pc.equal(withheld["list"], name)).select(
            ["premise_no", "payer_code"]
        )
        rows = pa.concat_tables([listed, held])
        # grouping without aggregates gives the distinct accounts
        different = rows.group_by(["premise_no", "payer_code"]).aggregate([])
        if len(different) != len(rows):
            raise DunningError(
                f"{len(rows) - len(different)} accounts stand twice on the list {name}. Nothing was written; "
                "report this with the ledger's fingerprint."
            )


def _join_books(shards: list[ShardBooks]) -> dict[str, int]:
    """Return the books of all shards together; refuse them if a side differs by a cent."""
    books: Counter[str] = Counter()
    for shard in shards:
        books.update(shard["books"])
    if shards:
        check_books(books)
    return dict(sorted(books.items()))


def _join_stages(shards: list[ShardBooks]) -> dict[str, int]:
    """Return the number of accounts per stage of all shards."""
    stages: Counter[str] = Counter()
    for shard in shards:
        stages.update(shard["stages"])
    return dict(stages)


def _read_receipt(folder: Path) -> ShardBooks:
    path = folder / "books.json"
    if not path.is_file():
        raise DunningError(
            f"The shard {folder.name} has not been classified. Run the whole date again."
        )
    check_seal(
        shard_seal(folder),
        ["books.json", "ageing.parquet", *(f"proposed-{name}.parquet" for name in SCHEMAS)],
    )
    receipt: ShardBooks = json.loads(path.read_text(encoding="utf-8"))
    return receipt
