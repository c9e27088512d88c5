"""The columnar decisions say what the plain oracle says, on every field, for accounts full of
edges.
"""

from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle.facts import Policy
from tests.oracle.next_day import next_rise, next_rise_day_by_day
from tests.properties.comparison import disagreements
from tests.properties.crowds import NIGHTS, draw_crowd, draw_policy


@pytest.mark.parametrize("seed", range(26))
def test_a_crowd_is_decided_as_the_oracle_decides_each_account(seed: int) -> None:
    as_of = NIGHTS[seed % len(NIGHTS)]
    assert disagreements(draw_crowd(Random(seed), 40, as_of), Policy(), as_of) == []


@pytest.mark.parametrize("seed", range(100, 126))
def test_so_it_is_under_any_other_policy(seed: int) -> None:
    as_of = NIGHTS[seed % len(NIGHTS)]
    random = Random(seed)
    policy = draw_policy(random)
    assert disagreements(draw_crowd(random, 40, as_of), policy, as_of) == [], policy


@settings(max_examples=60, deadline=None, derandomize=True)
@given(random=st.randoms(use_true_random=False), as_of=st.sampled_from(NIGHTS))
def test_a_few_accounts_are_decided_as_the_oracle_decides_them(random: Random, as_of: date) -> None:
    crowd = draw_crowd(random, random.randint(1, 3), as_of)
    assert disagreements(crowd, Policy(), as_of) == [], crowd


@pytest.mark.parametrize("seed", range(200, 208))
def test_the_oracle_misses_no_day_on_which_a_stage_rises(seed: int) -> None:
    """The oracle looks at days of change only; looking at every day of 400 finds the same first
    rise.
    """
    as_of = NIGHTS[seed % len(NIGHTS)]
    random = Random(seed)
    policy = random.choice((Policy(), draw_policy(random)))
    for facts in draw_crowd(random, 40, as_of):
        if facts.began_on <= as_of:
            rise = next_rise(facts, policy, as_of)
            is_within = rise is not None and (rise[1] - as_of).days <= 400
            assert next_rise_day_by_day(facts, policy, as_of, 400) == (
                rise if is_within else None
            ), facts
