"""A what-if trial: the nights of its order decided again, in a task of the DAG `what_if`."""

import os
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TypedDict

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import DunningError, NotThereError
from dunning.decisions.compare.changes import Comparison
from dunning.documents.pages.policy_text import label_of, title_of
from dunning.documents.pages.rule_values import write_value
from dunning.gateways.settings.environment import Settings
from dunning.gateways.snapshots.what_if_store import (
    RuleText,
    TrialDone,
    TrialNight,
    WhatIfStore,
    clear,
    read_done,
    read_order,
    replace_done,
    replace_progress,
    write_table,
)
from dunning.jobs.queries.compare import simulate, write_moves
from dunning.policy.show import Row, RuleChange

LANGUAGES = ("bg", "en")
_POLITE = 5


class TrialReceipt(TypedDict):
    """The numbers of nights and moves of a trial."""

    result_id: str
    nights: int
    moves: int


def run(result_id: str) -> TrialReceipt:
    """Decide each night of a stored trial again; return the numbers of nights and moves.

    A user who starts the DAG by hand can name a stored trial and nothing else: the rules and the
    nights are those that the page has checked. A trial that is complete stays as it is.

    Raises:
        NotThereError: there is no such trial. DunningError: the nights cannot be decided; the
            trial keeps why.
    """
    store = WhatIfStore(Settings.from_environment())
    folder = store.find(result_id)
    if folder is None:
        raise NotThereError(
            f"There is no what-if {result_id[:40]!r} in {store.folder}, so nothing was decided. The page of "
            "the rules stores what is to be tried and starts this DAG itself; order it there."
        )
    # A trial must not slow down the night's own run.
    os.nice(_POLITE)
    return decide(folder)


def decide(folder: Path) -> TrialReceipt:
    """Decide the nights in a trial's folder and write the results there, as `run` does."""
    done = read_done(folder)
    if done is None or done["refusal"]:
        done = _decide_all(folder, [date.fromisoformat(on) for on in read_order(folder)["nights"]])
    moves = sum(night["moves"] for night in done["nights"])
    return {"result_id": folder.name, "nights": len(done["nights"]), "moves": moves}


def moves_file(folder: Path, night: date) -> Path:
    """Return the path of a night's moves as a table, largest sums first."""
    return folder / f"moves-{night}.arrow"


def list_file(folder: Path, night: date, suffix: str) -> Path:
    """Return the path of a night's moves as a list for clerks. suffix: csv or xlsx."""
    return folder / f"simulate-{night}" / f"simulate.{suffix}"


def _decide_all(folder: Path, nights: Iterable[date]) -> TrialDone:
    clear(folder)
    try:
        done: TrialDone = {"refusal": "", "nights": [_decide(folder, night) for night in nights]}
    except DunningError as error:
        # The refusal is stored before it is raised: the page reads it from there.
        replace_done(folder, {"refusal": str(error), "nights": []})
        raise
    replace_done(folder, done)
    return done


def _decide(folder: Path, night: date) -> TrialNight:
    def note(message: str) -> None:
        replace_progress(folder, f"{night:%d.%m.%Y}: {message}")

    comparison = simulate(folder / "policy" / night.isoformat(), night, note)
    note("записване")
    write_moves(comparison, folder)
    write_table(moves_file(folder, night), _order(comparison.changes.moves))
    return _sum_up(comparison)


def _order(moves: pa.Table) -> pa.Table:
    weight = pc.max_element_wise(moves["open_cents_before"], moves["open_cents_after"])
    # Account numbers break ties, so that the order of equal sums is always the same.
    order = [("weight", "descending"), ("premise_no", "ascending"), ("payer_code", "ascending")]
    return moves.append_column("weight", weight).sort_by(order).drop_columns(["weight"])


def _sum_up(comparison: Comparison) -> TrialNight:
    changes = comparison.changes
    return {
        "night": comparison.after_on.isoformat(),
        "versions": list(comparison.versions),
        "rules": [_rule_to_json(change) for change in comparison.rules],
        "places": list(comparison.places),
        "stages": changes.stages.tolist(),
        "lists": dict(zip(comparison.lists, changes.lists.tolist(), strict=True)),
        "moves": len(changes.moves),
    }


def _rule_to_json(change: RuleChange) -> dict[str, RuleText]:
    """Return a changed value by language: title of its file, label, and both sides as lines."""
    row = change.after or change.before
    assert row is not None
    return {
        language: {
            "title": title_of(language, row.file),
            "label": label_of(language, row),
            "before": _lines(language, change.before),
            "after": _lines(language, change.after),
        }
        for language in LANGUAGES
    }


def _lines(language: str, row: Row | None) -> list[str]:
    return write_value(language, row)
