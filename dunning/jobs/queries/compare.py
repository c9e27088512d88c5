"""The comparison of two stored nights, for pages, terminal and the list of moves."""

from pathlib import Path

from dunning.core.progress import Progress
from dunning.decisions.compare.changes import (
    Changes,
    Comparison,
    compare,
    find_biggest,
    join_changes,
)
from dunning.documents.lists.changes_list import explain_moves, render_moves
from dunning.documents.pages.changes_page import render_changes
from dunning.gateways.files.publishing import replace_private
from dunning.jobs.queries.past_night import Night
from dunning.policy.show import compare_rules

BIGGEST = 10


def compare_nights(name: str, before: Night, after: Night, progress: Progress) -> Comparison:
    """Return the differences between two nights, both decided again, one bucket at a time.

    In memory are one bucket of either night, and the moves.
    """
    is_one = before.snapshot.folder == after.snapshot.folder
    buckets = sorted({*before.snapshot.buckets(), *after.snapshot.buckets()})
    parts = []
    for done, index in enumerate(buckets):
        if done % 8 == 0:
            progress(f"сравняване {done}/{len(buckets)}")
        bucket = before.snapshot.read_bucket(index)
        # The same snapshot under two policies: each bucket is read once.
        other = bucket if is_one else after.snapshot.read_bucket(index)
        parts.append(compare(before.summarize_accounts(bucket), after.summarize_accounts(other)))
    found = join_changes(parts)
    moves = explain_moves(found.moves, before.rules.stages, after.rules.stages)
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
    """Write the moves as CSV and XLSX into a folder below `out`; return the files.

    `diff-<day>-<day>/diff.*` or `simulate-<day>/simulate.*`, readable by their owner only.
    """
    days = dict.fromkeys((comparison.before_on, comparison.after_on))
    folder = out / "-".join((comparison.name, *(day.isoformat() for day in days)))
    files = []
    moves = comparison.changes.moves
    for name, content in render_moves(moves, comparison.name, comparison.after_on):
        replace_private(folder / name, content)
        files.append(folder / name)
    return files


def show_comparison(comparison: Comparison, files: list[Path], width: int) -> str:
    """Return the comparison as a page of Bulgarian text.

    Args:
        files: the files with all moves; empty if they were not written.
    """
    return render_changes(comparison, files, width)
