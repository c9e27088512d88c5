"""The process that decides the nights of a what-if anew: started by `what_if.start`, ends by
itself.
"""

import os
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import DunningError
from dunning.documents.pages.rule_values import write_label, write_title, write_value
from dunning.gateways.settings.environment import Settings
from dunning.gateways.snapshots.what_if_store import (
    WhatIfStore,
    read_order,
    replace_done,
    replace_progress,
    write_table,
)
from dunning.jobs.queries import simulate
from dunning.jobs.queries.compare import Comparison, write_moves
from dunning.policy.show import Row, RuleChange

LANGUAGES = ("bg", "en")
_POLITE = 5


def main(folder: Path, held: int) -> None:
    """Work on a result.

    Args:
        held: descriptor of its lock, which goes with this process.
    """
    os.set_inheritable(held, False)
    os.nice(_POLITE)
    run(Settings.from_environment(), folder)


def run(settings: Settings, folder: Path) -> None:
    """Decide every night of a result when its turn has come, and say that it is done; or why it
    cannot be.
    """
    order = read_order(folder)
    with WhatIfStore(settings).turn():
        try:
            nights = [_decide(folder, date.fromisoformat(night)) for night in order["nights"]]
        except DunningError as error:
            replace_done(folder, {"refusal": str(error), "nights": []})
        else:
            replace_done(folder, {"refusal": "", "nights": nights})


def moves_file(folder: Path, night: date) -> Path:
    """Return where the moves of a night lie as a table, those of the most money first."""
    return folder / f"moves-{night}.arrow"


def list_file(folder: Path, night: date, suffix: str) -> Path:
    """Return where the moves of a night lie as a list for clerks. suffix: csv or xlsx."""
    return folder / f"simulate-{night}" / f"simulate.{suffix}"


def _decide(folder: Path, night: date) -> dict[str, Any]:
    def tell(message: str) -> None:
        replace_progress(folder, f"{night:%d.%m.%Y}: {message}")

    comparison = simulate.run(folder / "policy" / night.isoformat(), night, tell)
    tell("записване")
    write_moves(comparison, folder)
    write_table(moves_file(folder, night), _order(comparison.changes.moves))
    return _sum_up(comparison)


def _order(moves: pa.Table) -> pa.Table:
    weight = pc.max_element_wise(moves["open_cents_before"], moves["open_cents_after"])
    order = [("weight", "descending"), ("premise_no", "ascending"), ("payer_code", "ascending")]
    return moves.append_column("weight", weight).sort_by(order).drop_columns(["weight"])


def _sum_up(comparison: Comparison) -> dict[str, Any]:
    changes = comparison.changes
    return {
        "night": comparison.after_on.isoformat(),
        "versions": list(comparison.versions),
        "rules": [_tell_rule(change) for change in comparison.rules],
        "places": list(comparison.places),
        "stages": changes.stages.tolist(),
        "lists": dict(zip(comparison.lists, changes.lists.tolist(), strict=True)),
        "moves": len(changes.moves),
    }


def _tell_rule(change: RuleChange) -> dict[str, Any]:
    """Return a changed value by language: what it is about, what it is called, both sides as
    lines.
    """
    row = change.after or change.before
    assert row is not None
    name = row.file.removesuffix(".toml")
    return {
        language: {
            "title": write_title(language, name),
            "label": write_label(language, row),
            "before": _lines(language, change.before),
            "after": _lines(language, change.after),
        }
        for language in LANGUAGES
    }


def _lines(language: str, row: Row | None) -> Iterable[str]:
    return write_value(language, row)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
