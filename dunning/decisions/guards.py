"""What stops a whole list: a ledger in which the protection of people is missing or has shrunk."""

import pyarrow as pa

from dunning.decisions.proposals import Proposed, build_table, merge_proposed
from dunning.policy.rules import Loading

# Lists that could hurt somebody, with the column that holds the sum of a row.
GUARDED = {"reminders": "overdue_cents", "disconnections": "overdue_cents", "court": "principal_cents"}


def find_shrunk(tables: dict[str, int], before: dict[str, int], rule: Loading) -> dict[str, str]:
    """Return why lists must stop, by table: a guarded table that is missing or lost too many rows since the last run.

    Args:
        tables: rows per table that the ledger has; a table that is absent is not there.
        before: the same of the last run that closed its books.
    """
    found = {}
    for name in rule.tables_guarded:
        had, has = before.get(name, 0), tables.get(name)
        if had and has is None:
            found[name] = f"{name}_missing"
        elif had and has is not None and had - has > had * rule.shrink_share_max:
            found[name] = f"{name}_shrank"
    return found


def stop_lists(proposed: Proposed, reason: str) -> Proposed:
    """Return the proposals with every row that could hurt moved to `withheld` for one reason."""
    held = [proposed["withheld"]]
    for name, cents in GUARDED.items():
        rows = proposed[name]
        stage = rows["stage"].combine_chunks() if name != "court" else pa.repeat("court_bound", len(rows))
        held.append(
            build_table(
                "withheld",
                {
                    "list": pa.repeat(name, len(rows)),
                    "premise_no": rows["premise_no"].combine_chunks(),
                    "payer_code": rows["payer_code"].combine_chunks(),
                    "stage": stage,
                    "overdue_cents": rows[cents].combine_chunks(),
                    "reason": pa.repeat(reason, len(rows)),
                },
            )
        )
    return merge_proposed([{"withheld": table} for table in held])
