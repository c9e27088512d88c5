"""Sort all notices into postal order and cut them into units to render.

Units are print files by district, and groups of single files for e-mail.
"""

import json
from collections import Counter
from pathlib import Path
from typing import TypedDict

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import DunningError
from dunning.decisions.lists.proposals import SORT_KEYS
from dunning.decisions.monthly.notices import POSTAL_ORDER
from dunning.documents.notice.printing import estimate_pages
from dunning.gateways.files.publishing import remove_folders
from dunning.gateways.files.seals import seal_files
from dunning.gateways.files.sorted_streams import merge_sorted
from dunning.gateways.files.worktables import read_table, write_table
from dunning.jobs.monthly.gather import Gathered, find_streams, find_withheld
from dunning.jobs.monthly.runs import NoticesRun
from dunning.jobs.monthly.units import Cutter, write_units
from dunning.jobs.run_context import RunReceipt

# e-mails per unit; one process renders a unit
UNIT_FILES = 1_000
# A separator sheet comes before the first letter of each carrier's route.
SEPARATOR_PAGES = 1
SUMS = ("total_cents", "overdue_cents")


class Planned(TypedDict):
    """The counts and sums of the sorted notices.

    email, post: notices. total_cents, overdue_cents: their sums. units: number of units to render.
    shards: of `gather`. withheld: rows by reason.
    """

    email: int
    post: int
    total_cents: int
    overdue_cents: int
    units: int
    shards: int
    withheld: dict[str, int]


def run(run: RunReceipt, shards: list[Gathered]) -> Planned:
    """Write the units and the withheld rows into the run's work folder; return counts and cents.

    A few hundred notices of each bucket are in memory at a time, however many there are in all.

    Args:
        shards: the receipts of `gather`; those of other services are ignored.

    Raises:
        DunningError: a shard is missing, or all are.
    """
    this = NoticesRun.of(run)
    own = [shard for shard in shards if shard["service"] == this.service]
    if not own:
        raise DunningError(
            "No shard was gathered, so nobody would get a notice. Run the date again."
        )
    streams = find_streams(this, len(own))
    # a step that is tried again starts with empty folders
    remove_folders([this.units, this.rendered, this.prepared])
    this.units.mkdir(parents=True)
    counts, units = _cut(this, streams)
    gathered = sum(shard["notices"] for shard in own)
    if counts["email"] + counts["post"] != gathered:
        raise DunningError(
            f"{gathered} notices were gathered but others put into order. Run the whole date again."
        )
    withheld = _join_withheld(this, len(own))
    receipt: Planned = {
        "email": counts["email"],
        "post": counts["post"],
        "total_cents": counts["total_cents"],
        "overdue_cents": counts["overdue_cents"],
        "units": units,
        "shards": len(own),
        "withheld": _count_reasons(withheld),
    }
    (this.units / "plan.json").write_text(json.dumps(receipt), encoding="utf-8")
    seal_files(
        plan_seal(this), [path for path in this.units.glob("[!.]*") if path != plan_seal(this)]
    )
    return receipt


def plan_seal(this: NoticesRun) -> Path:
    """Return the seal of the units."""
    return this.units / "units.seal"


def _join_withheld(this: NoticesRun, shards: int) -> pa.Table:
    """Write the withheld rows of all shards as one table; return it."""
    withheld = pa.concat_tables([read_table(path) for path in find_withheld(this, shards)])
    withheld = withheld.sort_by([(key, "ascending") for key in SORT_KEYS["withheld"]])
    write_table(Path(this.units) / "withheld.parquet", withheld)
    return withheld


def _cut(this: NoticesRun, streams: list[Path]) -> tuple[Counter[str], int]:
    """Write the units and their list; return counts by channel, sums, and the number of units."""
    letters = Cutter(this.units, "post", this.rules().notices.batch_pages_max, SEPARATOR_PAGES)
    mails = Cutter(this.units, "email", UNIT_FILES)
    counts: Counter[str] = Counter(dict.fromkeys(("email", "post", *SUMS), 0))
    route = ""
    # The buckets' files are each sorted; merged, they are sorted as a whole:
    #   bucket 00   A1  B2  C7  \
    #   bucket 01   A3  A9  C1   >  A1 A3 A9 B2 C1 C7 …
    #   bucket 02   B4  …       /
    for rows in merge_sorted(streams, POSTAL_ORDER):
        by_post = pc.equal(rows["channel"], "post")
        post, email = rows.filter(by_post), rows.filter(pc.invert(by_post))
        counts.update(post=len(post), email=len(email))
        counts.update({name: pc.sum(rows[name]).as_py() for name in SUMS})
        if len(post):
            weights, route = _weigh(post, route)
            letters.add(post, weights, post["district"])
        # e-mails form one group: every one weighs 1, and only their number ends a unit
        mails.add(
            email, np.ones(len(email), np.int64), pa.chunked_array([pa.repeat("", len(email))])
        )
    letters.close()
    mails.close()
    units = [*letters.units, *mails.units]
    write_units(this.units / "units.json", units)
    return counts, len(units)


def _weigh(post: pa.Table, route_before: str) -> tuple[npt.NDArray[np.int64], str]:
    """Return the pages of each letter with its separator sheet, and the last letter's route.

    The sheet is counted with the letter after it.
    """
    # \x00 is in no name, so two different pairs never join to the same text
    routes = pc.binary_join_element_wise(post["district"], pc.fill_null(post["route"], ""), "\x00")
    # each letter's route next to that of the letter before it, across batches:
    #   before    r0 r1 r1 r2
    #   routes    r1 r1 r2 r2     r0: last route of the batch before
    #   is_first  x     x
    before = pa.concat_arrays([pa.array([route_before]), *routes.slice(0, len(post) - 1).chunks])
    is_first = pc.not_equal(routes.combine_chunks(), before).to_numpy(zero_copy_only=False)
    pages = np.asarray(estimate_pages(post), np.int64)
    return pages + SEPARATOR_PAGES * is_first, routes[-1].as_py()


def _count_reasons(withheld: pa.Table) -> dict[str, int]:
    counts = withheld.group_by("reason").aggregate([([], "count_all")])
    return {row["reason"]: row["count_all"] for row in counts.sort_by("reason").to_pylist()}
