"""Everything that a policy decides about a crowd, as tables that can be compared."""

from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from dunning.decisions.calendar import disconnection_window
from dunning.decisions.decide import decide_with_deeds
from dunning.decisions.guards import find_shrunk
from dunning.decisions.tables import decision_tables
from dunning.jobs.boundary_crowd import Crowd
from dunning.jobs.classify import propose
from dunning.jobs.freshness import is_stale
from dunning.policy.rules import Rules
from dunning.policy.shapes import LEDGER_TABLES

Outcomes = dict[str, Any]


def find_outcomes(crowd: Crowd, rules: Rules) -> Outcomes:
    """Return what the decisions, the lists, the calendar and the loader make of these rules.

    Raises:
        DunningError: the decisions refuse the rules.
    """
    decision, findings = decide_with_deeds(crowd.bucket, rules, crowd.deeds)
    return {
        **decision_tables(crowd.bucket, decision, rules),
        **propose(crowd.bucket, decision, findings, rules, rules.as_of),
        "windows": _windows(rules),
        "guards": _guards(rules),
        "freshness": [is_stale(rules.as_of - timedelta(days=n), rules.as_of, rules.loading) for n in range(100)],
    }


def differ(left: Outcomes, right: Outcomes) -> bool:
    """Say whether any outcome differs."""
    return any(not _equal(left[name], right[name]) for name in left)


def _equal(left: Any, right: Any) -> bool:
    return left.equals(right) if isinstance(left, pa.Table) else left == right


def _windows(rules: Rules) -> list[Any]:
    """Return when supply may be cut, for two weeks of nights from tonight on and about every day of the calendar."""
    days = (rules.as_of, *rules.calendar.extra_nonworking_days, *rules.calendar.extra_working_days)
    nights: set[date] = {rules.as_of + timedelta(days=n) for n in range(15)}
    nights |= {day + timedelta(days=n) for day in days[1:] for n in range(-12, 2)}
    return [disconnection_window(night, night, rules.disconnections, rules.calendar) for night in sorted(nights)]


def _guards(rules: Rules) -> list[Any]:
    """Return what stops every list, for ledgers that lost their tables, or more and more of ten thousand rows of each."""
    had = dict.fromkeys(LEDGER_TABLES, 10_000)
    shrunk = [find_shrunk(dict.fromkeys(LEDGER_TABLES, rows), had, rules.loading) for rows in range(0, 10_001, 50)]
    return [find_shrunk({}, had, rules.loading), *shrunk]
