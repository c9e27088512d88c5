"""The ageing of a night against counting item by item, and against the sums of the
classification.
"""

from collections import Counter
from datetime import timedelta

import pyarrow.compute as pc
import pytest

from dunning.core.days import to_date
from dunning.core.words import SERVICES, STAGES
from dunning.decisions.account.ageing import AGEING, AGES, BANDS, NEAR_LIMITATION, age, join_ageing
from dunning.decisions.account.classify import decide_with_actions
from dunning.gateways.snapshots.snapshot import open_snapshot
from dunning.gateways.snapshots.snapshot_store import SnapshotStore
from dunning.ledger.load import load_ledger
from dunning.policy.policies import load_policy
from dunning.sample import write_sample
from tests.jobs.nights import AS_OF
from tests.sample.test_behaviour import NO_ACTIONS

_UPPER = (0, 30, 60, 90, 180, 365)


@pytest.fixture(scope="module")
def buckets(tmp_path_factory: pytest.TempPathFactory) -> list:
    folder = tmp_path_factory.mktemp("ageing")
    rules = load_policy().at(AS_OF)
    ledger = write_sample(folder / "ledger", 800, 3, AS_OF).folder
    snapshot = open_snapshot(
        load_ledger(
            ledger, SnapshotStore(folder / "snapshots"), quarantine_limits=rules.loading
        ).folder
    )
    return [snapshot.read_bucket(number) for number in snapshot.buckets()]


def plain(bucket, decision, rules) -> Counter:
    """Items and cents by service, district, stage and band, counted one by one."""
    stage = dict(
        zip(decision.accounts["account"].tolist(), decision.accounts["stage"].tolist(), strict=True)
    )
    found: Counter = Counter()
    items = decision.open_items
    for row in range(len(items)):
        account = int(items["account"][row])
        premise = int(bucket.accounts["premise"][account])
        key = (
            SERVICES[bucket.premises["service"][premise]],
            bucket.premises.text("district")[premise].as_py(),
            STAGES[stage[account]],
        )
        days, cents = int(items["days_overdue"][row]), int(items["open_cents"][row])
        bands = [AGES[sum(days > upper for upper in _UPPER)]]
        soon = AS_OF + timedelta(days=rules.stages.limitation_near_days)
        is_near = to_date(int(items["limitation_on"][row])) <= soon
        bands += [NEAR_LIMITATION] if is_near and not items["is_expired"][row] else []
        for band in bands:
            found[(*key, band, "items")] += 1
            found[(*key, band, "cents")] += cents
    return found


def test_it_is_what_counting_one_by_one_gives(buckets: list) -> None:
    rules = load_policy().at(AS_OF)
    tables, expected = [], Counter()
    for bucket in buckets:
        decision, _ = decide_with_actions(bucket, AS_OF, rules, NO_ACTIONS)
        tables.append(age(bucket, decision, rules))
        expected += plain(bucket, decision, rules)
    joined = join_ageing(tables)
    keys = ("service", "district", "stage", "band")
    actual = {
        (*(row[k] for k in keys), name): row[name]
        for row in joined.to_pylist()
        for name in ("items", "cents")
    }
    assert actual == dict(expected)
    assert {row["band"] for row in joined.to_pylist()} == set(BANDS)


def test_every_open_cent_has_one_age(buckets: list) -> None:
    rules = load_policy().at(AS_OF)
    for bucket in buckets:
        decision, _ = decide_with_actions(bucket, AS_OF, rules, NO_ACTIONS)
        table = age(bucket, decision, rules)
        aged = table.filter(pc.not_equal(table["band"], NEAR_LIMITATION))
        assert (pc.sum(aged["cents"]).as_py() or 0) == int(decision.accounts["open_cents"].sum())


def test_parts_in_any_number_give_the_same(buckets: list) -> None:
    rules = load_policy().at(AS_OF)
    tables = [
        age(bucket, decide_with_actions(bucket, AS_OF, rules, NO_ACTIONS)[0], rules)
        for bucket in buckets
    ]
    halves = [join_ageing(tables[:7]), join_ageing(tables[7:])]
    assert join_ageing(reversed(halves)).equals(join_ageing(tables))
    assert join_ageing([]).equals(AGEING.empty_table())
