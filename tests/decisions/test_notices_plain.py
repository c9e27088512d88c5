"""Crowds of odd accounts: every notice is what the plain way says it is."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from dunning.core.frames import SCHEMAS, Bucket, frame_of
from dunning.decisions.decide import conclude
from dunning.decisions.findings import find_out
from dunning.decisions.notices import NOTICES, propose_notices
from tests.decisions.notice_cases import AS_OF, SINCE, some
from tests.decisions.notice_crowds import draw_world
from tests.decisions.notice_worlds import Row, World, propose, rules_of
from tests.decisions.plain_notices import plain_notices
from tests.oracle.bucket import make_history
from tests.oracle.facts import Policy
from tests.properties.comparison import decide_crowd, fast_accounts
from tests.properties.crowds import NIGHTS, draw_policy


@pytest.mark.parametrize("seed", range(26))
def test_a_crowd_gets_the_notices_that_the_plain_way_gives_each_account(seed: int) -> None:
    random, as_of = Random(seed), NIGHTS[seed % len(NIGHTS)]
    policy = Policy() if seed % 2 else draw_policy(random)
    world = draw_world(random, 50, as_of)
    since, until = (as_of - timedelta(random.choice((0, 1, 30, 31, 400))) for _ in range(2))
    numbers = sorted(invoice.invoice_no for facts in world.crowd for invoice in facts.invoices)
    shown = frozenset(random.sample(numbers, len(numbers) // 3)) if seed % 3 else frozenset()
    for service in ("heat", "electricity"):
        given = (world, policy, as_of, since, service, until, shown)
        fast, plain = propose(*given), plain_notices(*given)
        assert [] == _differences(fast[0], plain[0])
        assert plain[1] == fast[1]


def test_the_crowds_hold_everything_that_a_notice_can_say() -> None:
    """What never comes is never compared."""
    seen: Counter[str] = Counter()
    for seed in range(26):
        random, as_of = Random(seed), NIGHTS[seed % len(NIGHTS)]
        world = draw_world(random, 50, as_of)
        notices, held = propose(world, Policy(), as_of, as_of - timedelta(60), "heat")
        for row in notices:
            seen.update(name for name, value in row.items() if value)
            seen["no card"] += not row["needs_card"]
            seen["lines and none"] += len({line["label"] is None for line in row["lines"]}) == 2
            seen["credit note"] += any(line["kind"] == "credit_note" for line in row["lines"])
            seen["stotinki"] += any(item["original_minor"] for item in row["items"])
            seen["new and overdue"] += any(line["is_overdue"] for line in row["lines"])
            seen["merged"] += 0 < len(row["periods"]) < len([i for i in row["items"] if i["period_from"]])
        seen.update(row["reason"] for row in held)
    told = ("no card", "lines and none", "credit note", "stotinki", "merged", "refused_evidence", "no_address",
            "new and overdue")  # fmt: skip

    assert {} == {name: seen[name] for name in (*NOTICES.names, *told) if seen[name] < 10}


@pytest.mark.parametrize("seed", range(26, 32))
def test_no_cent_of_what_is_open_is_left_out_or_told_twice(seed: int) -> None:
    as_of = NIGHTS[seed % len(NIGHTS)]
    world = draw_world(Random(seed), 50, as_of)
    bucket, fast = decide_crowd(world.crowd, Policy(), as_of)
    open_cents = {key: row["open_cents"] for key, row in fast_accounts(bucket, fast).items()}
    for service in ("heat", "electricity"):
        for row in propose(world, Policy(), as_of, as_of - timedelta(31), service)[0]:
            said = sum(some(row, "total_cents", "expired_cents", "held_cents", "plan_cents"))
            assert open_cents[some(row, "premise_no", "payer_code")] == said
            assert sum(item["open_cents"] for item in row["items"]) == row["overdue_cents"]


@pytest.mark.parametrize("seed", range(32, 38))
def test_the_sum_to_pay_is_that_of_what_the_notice_names(seed: int) -> None:
    """Line by line: what is overdue, what else is named with a sum, and new bills that are wholly open."""
    random, as_of = Random(seed), NIGHTS[seed % len(NIGHTS)]
    world = draw_world(random, 50, as_of)
    numbers = sorted(invoice.invoice_no for facts in world.crowd for invoice in facts.invoices)
    shown = frozenset(random.sample(numbers, len(numbers) // 2))
    bucket, fast = decide_crowd(world.crowd, Policy(), as_of)
    items, opened = bucket.items.text("invoice_no").to_pylist(), fast.open_items
    free = {
        items[place]: int(cents) for place, cents, shield, gone in zip(
            opened["item"], opened["open_cents"], opened["shield"], opened["is_expired"], strict=True
        ) if shield == 0 and not gone
    }  # fmt: skip
    for service in ("heat", "electricity"):
        for row in propose(world, Policy(), as_of, as_of - timedelta(31), service, as_of - timedelta(62), shown)[0]:
            named = {each["invoice_no"]: each["open_cents"] for each in (*row["items"], *row["pending"])}
            assert len(named) == len(row["items"]) + len(row["pending"])
            overdue = {each["invoice_no"] for each in row["items"]}
            assert {line["invoice_no"] for line in row["lines"] if line["is_overdue"]} <= overdue
            lines = [line for line in row["lines"] if line["invoice_no"] in free and not line["is_overdue"]]
            plain = {line["invoice_no"]: line["bill_minor"] for line in lines}
            assert plain.keys() & overdue == set()
            assert sum((plain | named).values()) == row["total_cents"]
            assert {number: free[number] for number in plain | named if number in free} == {
                number: cents for number, cents in (plain | named).items() if number in free
            }  # fmt: skip


def test_an_empty_bucket_has_no_notices() -> None:
    bucket = Bucket(0, {name: frame_of(schema.empty_table()) for name, schema in SCHEMAS.items()})
    rules = rules_of(World([]), Policy(), AS_OF)
    found = find_out(bucket, rules, make_history(bucket, [], Policy(), AS_OF))
    tables = propose_notices(bucket, conclude(bucket, rules, found), found, rules, "heat", SINCE)

    assert (NOTICES, 0, 0) == (tables["notices"].schema, tables["notices"].num_rows, tables["withheld"].num_rows)


def _differences(fast: list[Row], plain: list[Row]) -> list[str]:
    """Return one line per notice or cell that differs, and one where the order does."""
    by_key = [{some(row, "premise_no", "payer_code"): row for row in rows} for rows in (fast, plain)]
    found = [f"{key}: only on one side" for key in sorted(by_key[0].keys() ^ by_key[1].keys())]
    for key in by_key[0].keys() & by_key[1].keys():
        left, right = by_key[0][key], by_key[1][key]
        for name in sorted(left.keys() | right.keys()):
            if left.get(name, "") != right.get(name, ""):
                found.append(f"{key}: {name} is {left.get(name, 'missing')}, plainly {right.get(name, 'missing')}")
    if not found and list(by_key[0]) != list(by_key[1]):
        found.append("the order")
    return found
