"""Two kept nights beside each other: what the pages, the terminal and the list of moves are made
of.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from dunning.decisions.account.stage_reasons import REASONS, WHY_NOT
from dunning.decisions.compare.changes import PLACES, Changes, compare, find_biggest, join_changes
from dunning.decisions.compare.list_membership import MEMBERSHIPS
from dunning.documents.lists.changes_list import explain_moves, render_moves
from dunning.documents.pages.changes_page import render_changes
from dunning.gateways.files.publishing import replace_private
from dunning.jobs.progress import Progress
from dunning.jobs.queries.past_night import Night
from dunning.policy.show import RuleChange, compare_rules

BIGGEST = 10


@dataclass(frozen=True)
class Comparison:
    """What differs between two nights, as data.

    name: `diff` or `simulate`. versions: of the rules on each side. rules: the values in force that
    differ. changes: their moves have `why` besides (see `explain_moves`). biggest: the moves of the
    most money. places, lists: what the sums stand by.
    """

    name: str
    before_on: date
    after_on: date
    versions: tuple[str, str]
    rules: list[RuleChange]
    changes: Changes
    biggest: pa.Table
    places: tuple[str, ...] = PLACES
    lists: tuple[str, ...] = MEMBERSHIPS


def compare_nights(name: str, before: Night, after: Night, progress: Progress) -> Comparison:
    """Return what differs between two nights, each decided anew, one bucket at a time.

    In memory are one bucket of either night, and the moves.
    """
    is_one = before.snapshot.folder == after.snapshot.folder
    buckets = sorted({*before.snapshot.buckets(), *after.snapshot.buckets()})
    parts = []
    for done, index in enumerate(buckets):
        if done % 8 == 0:
            progress(f"сравняване {done}/{len(buckets)}")
        bucket = before.snapshot.read_bucket(index)
        other = bucket if is_one else after.snapshot.read_bucket(index)
        parts.append(compare(before.stand(bucket), after.stand(other)))
    found = join_changes(parts)
    moves = explain_moves(found.moves, before.rules.stages, after.rules.stages, WHY_NOT)
    return Comparison(
        name=name,
        before_on=before.as_of,
        after_on=after.as_of,
        versions=(before.rules.version, after.rules.version),
        rules=compare_rules((before.policy, before.as_of), (after.policy, after.as_of)),
        changes=Changes(moves, found.stages, found.lists),
        biggest=find_biggest(moves, BIGGEST),
    )


def write_moves(comparison: Comparison, out: Path) -> list[Path]:
    """Write the moves as CSV and XLSX into a folder of their own in `out`; return the files.

    `diff-<day>-<day>/diff.*` or `simulate-<day>/simulate.*`, readable by their owner only.
    """
    days = dict.fromkeys((comparison.before_on, comparison.after_on))
    folder = out / "-".join((comparison.name, *(day.isoformat() for day in days)))
    words = {"reasons": REASONS, "why_not": WHY_NOT}
    files = []
    for name, content in render_moves(
        comparison.changes.moves, comparison.name, comparison.after_on, words
    ):
        replace_private(folder / name, content)
        files.append(folder / name)
    return files


def tell(comparison: Comparison, files: list[Path], width: int) -> str:
    """Return the comparison as a page of Bulgarian text.

    Args:
        files: where all the moves lie; empty if they were not written.
    """
    return render_changes(comparison, files, width)
