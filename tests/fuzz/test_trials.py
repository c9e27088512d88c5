"""Damaged files, mappings and manifests are taken in rightly or refused in one message; none
crashes or hangs.
"""

import json

import pytest

from tests.fuzz.batches import SHARES, count_outcomes, run_trials
from tests.fuzz.trials import FAULT

SEED, CASES = 20261122, 1000


@pytest.mark.parametrize("kind", SHARES)
def test_damaged(kind: str, record_property) -> None:
    outcomes = run_trials(kind, SEED, CASES * SHARES[kind] // 1000)
    counts = count_outcomes(outcomes)
    record_property("fuzz", json.dumps([[*of, number] for of, number in counts.items()]))
    assert [one for one in outcomes if one.outcome == FAULT] == []
    assert sum(counts.values()) == CASES * SHARES[kind] // 1000
