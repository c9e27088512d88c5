"""What stops a whole list: a ledger in which the protection of people is missing or has shrunk."""

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
    """Return why lists must stop, by name: a guarded table or column that is missing or lost too
    much since last time.

    A column is not told of where its table is.

    Args:
        tables: rows per table that the ledger has, and rows that carry a protecting column
            (`payers.vulnerable`); what is absent is not there.
        before: the same of the last run that closed its books; what it did not record is not
            compared.
        accepted: tables (with all their columns) and columns of which a person says that less is
            right.
    """
    accepted = set(accepted)
    found: dict[str, str] = {}
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
    """Yield what is compared: the policy's tables, then every protecting column, as far as the last
    run had them.
    """
    yield from (name for name in rule.tables_guarded if name in before)
    yield from sorted(name for name in before if "." in name)


def stop_lists(proposed: Proposed, reason: str) -> Proposed:
    """Return the proposals with every row of every list moved to `withheld` for one reason."""
    for name in LISTS:
        proposed = withhold_rows(proposed, name, np.zeros(len(proposed[name]), np.bool_), reason)
    return merge_proposed([proposed])
