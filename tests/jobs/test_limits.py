"""What is said of quarantine limits for one run: of all tables but those that protect people, or of
one.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from dunning.core.errors import UsageError
from dunning.core.ledger_tables import TABLES
from dunning.core.words import PROTECTING_TABLES
from dunning.jobs.nightly.limits import RunLimits, list_limits, read_limits
from dunning.policy.policies import load_policy
from tests.jobs.nights import AS_OF

RULE = load_policy().at(AS_OF).loading


def shares(*texts: str) -> dict[str, Decimal]:
    """Return the limit of each table that is another than the policy's."""
    limits = RunLimits(RULE, read_limits(texts))
    told = {table: limits.share_max_of(table) for table in TABLES}
    return {table: share for table, share in told.items() if share != RULE.share_max_of(table)}


def test_the_policy_takes_one_percent_and_none_of_what_protects() -> None:
    assert {table for table in TABLES if RULE.share_max_of(table) == 0} == set(PROTECTING_TABLES)
    assert {RULE.share_max_of(table) for table in TABLES} == {Decimal(0), Decimal("0.01")}


def test_one_share_is_for_all_that_protect_nobody_and_a_named_one_for_its_table() -> None:
    assert shares() == {}
    assert shares("0.05") == dict.fromkeys(set(TABLES) - set(PROTECTING_TABLES), Decimal("0.05"))
    assert shares("holds=0.05", "payments=0") == {"holds": Decimal("0.05"), "payments": Decimal(0)}
    assert shares("0.05", "payments=0.5")["payments"] == Decimal("0.5")
    strict = replace(RULE, tables_strict=(*PROTECTING_TABLES, "payments"))
    assert RunLimits(strict, read_limits(["1"])).share_max_of("payments") == 0


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["1.5"], "--quarantine-limit is 1.5; it is a share of rows, from 0 to 1"),
        (["holds=nan"], "from 0 to 1"),
        (["5%"], "from 0 to 1"),
        (["hold=0.1"], "names no table. Known are: premises,"),
        (["0.1", "0.2"], "given twice for all tables"),
        (["holds=0.1", "holds=0.1"], "given twice for holds"),
    ],
)
def test_whatever_is_no_share_of_a_table_is_refused(texts: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said.split("; ")[0]):
        read_limits(texts)


def test_limits_may_come_from_a_form_or_settings() -> None:
    assert list_limits(None) == ()
    assert (
        list_limits(["0.05", "holds=0.1"]) == list_limits("0.05 holds=0.1") == ("0.05", "holds=0.1")
    )
