"""Withheld rows: rows taken off a list, kept with the reason."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Cents, Flags, Places
from dunning.core.frames import Bucket
from dunning.core.lists import PRINCIPAL
from dunning.decisions.lists.proposals import Proposed, build_table


def withhold(
    list_name: str,
    rows: Mapping[str, pa.Array | pa.ChunkedArray],
    stages: pa.Array | pa.ChunkedArray,
    reasons: pa.Array,
) -> pa.Table:
    """Return rows of the table `withheld`, one per row given.

    Args:
        rows: columns premise_no, payer_code, principal_cents.
        stages: of each row: the message's, of reminders; else the account's.
        reasons: why each is withheld.
    """
    return build_table(
        "withheld",
        {
            "list": pa.repeat(pa.scalar(list_name, pa.string()), len(reasons)),
            "premise_no": _one(rows["premise_no"]),
            "payer_code": _one(rows["payer_code"]),
            "stage": _one(stages),
            PRINCIPAL: _one(rows[PRINCIPAL]),
            "reason": reasons,
        },
    )


def withhold_accounts(
    bucket: Bucket,
    list_name: str,
    accounts: Places,
    stages: pa.Array,
    principal_cents: Cents,
    reasons: pa.Array,
) -> pa.Table:
    """Return rows of `withheld` for accounts that were never on a list, one per account."""
    of = bucket.accounts.take(accounts)
    rows = {
        "premise_no": of.text("premise_no"),
        "payer_code": of.text("payer_code"),
        PRINCIPAL: pa.array(principal_cents),
    }
    return withhold(list_name, rows, stages, reasons)


def withhold_rows(proposed: Proposed, name: str, kept: Flags, reason: str) -> Proposed:
    """Return the proposals with the rows of a list that are not kept moved to `withheld`.

    The items of a case go with it.
    """
    if kept.all():
        return proposed
    rows = proposed[name]
    moved = rows.filter(pa.array(~kept))
    held = withhold(name, _columns(moved), stages_of(name, moved), pa.repeat(reason, len(moved)))
    left = {
        name: rows.filter(pa.array(kept)),
        "withheld": pa.concat_tables([proposed["withheld"], held]),
    }
    if name == "court":
        items = proposed["court_items"]
        # Only items of cases that are still listed stay.
        cases = left["court"]["case_ref"].combine_chunks()
        left["court_items"] = items.filter(pc.is_in(items["case_ref"], value_set=cases))
    return {**proposed, **left}


def stages_of(list_name: str, rows: pa.Table) -> pa.Array | pa.ChunkedArray:
    """Return the stage of each row of a list; `court_bound` for a case."""
    return pa.repeat("court_bound", len(rows)) if list_name == "court" else rows["stage"]


def _columns(rows: pa.Table) -> dict[str, pa.ChunkedArray]:
    return {name: rows[name] for name in ("premise_no", "payer_code", PRINCIPAL)}


def _one(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
