"""Stops whole lists if data that protects people is missing from the ledger or has shrunk."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from dunning.core.lists import LISTS
from dunning.decisions.lists.proposals import Proposed, merge_proposed
from dunning.decisions.lists.withheld import withhold_rows
from dunning.policy.rules import Loading


def find_shrunk(
    tables: Mapping[str, int],
    before: Mapping[str, int],
    rule: Loading,
    accepted: Iterable[str] = (),
) -> dict[str, str]:
    """Return the reason to stop lists for each guarded table or column that is lost or shrank.

    By name of the table or column; compared with the last run.

    A column is not reported where its table is.

    Args:
        tables: rows per table that the ledger has, and rows that carry a protecting column
            (`payers.vulnerable`); what is absent is not there.
        before: the same of the last run that closed its books; what it did not record is not
            compared.
        accepted: tables (with all their columns) and columns of which a person confirmed that
            less is right.
    """
    accepted = set(accepted)
    found: dict[str, str] = {}
    # Tables come first, so that their columns can be skipped.
    for name in _guarded(before, rule):
        table = name.partition(".")[0]
        if table in found or accepted & {table, name}:
            continue
        had, has = before[name], tables.get(name)
        if has is None:
            found[name] = f"{name}_missing"
        elif had - has > had * rule.shrink_share_max:
            found[name] = f"{name}_shrank"
    return found


def _guarded(before: Mapping[str, int], rule: Loading) -> Iterator[str]:
    """Yield the names that are compared, as far as the last run had them.

    The policy's tables, then every protecting column.
    """
    yield from (name for name in rule.tables_guarded if name in before)
    yield from sorted(name for name in before if "." in name)


def stop_lists(proposed: Proposed, reason: str) -> Proposed:
    """Return the proposals with every row of every list moved to `withheld` for one reason."""
    for name in LISTS:
        proposed = withhold_rows(proposed, name, np.zeros(len(proposed[name]), np.bool_), reason)
    return merge_proposed([proposed])
