"""The comparison of two past nights, or of one night under its own and another policy."""

from datetime import date
from pathlib import Path

from dunning.core.errors import UsageError
from dunning.core.progress import Progress, no_progress
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
from dunning.jobs.nightly.load import load_checked_policy
from dunning.jobs.queries.past_night import Night, open_night, open_nights
from dunning.policy.show import compare_rules

BIGGEST = 10


def diff(before_on: date, after_on: date, progress: Progress = no_progress) -> Comparison:
    """Return the differences between two past nights, each under its own run's policy.

    Nothing is recorded.

    Raises:
        DunningError: no run of either date is known, or its snapshot is not kept any more or was
            harmed.
    """
    if before_on == after_on:
        raise UsageError(
            f"Both days are {before_on}; give two different ones, or `dunning simulate` another policy."
        )
    with open_nights(f"diff {before_on} {after_on}") as (settings, engine):
        progress("отваряне на двете нощи")
        before, after = (open_night(settings, engine, day) for day in (before_on, after_on))
        return compare_nights("diff", before, after, progress)


def simulate(policy: Path, as_of: date, progress: Progress = no_progress) -> Comparison:
    """Return the differences between a night as it was and under a folder's policy files.

    Nothing is recorded.

    Rule files that the folder does not have are the built-in ones, as with `nightly --policy`.

    Raises:
        DunningError: the policy is refused; no run of the date is known, or its snapshot is not
            kept or was harmed.
    """
    changed = load_checked_policy(policy)
    with open_nights(f"simulate {as_of}") as (settings, engine):
        progress("отваряне на нощта")
        before = open_night(settings, engine, as_of)
        after = open_night(settings, engine, as_of, changed)
        return compare_nights("simulate", before, after, progress)


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
