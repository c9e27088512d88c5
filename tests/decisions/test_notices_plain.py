"""Crowds of odd accounts: every notice is what the plain way says it is."""

from collections import Counter
from datetime import timedelta
from itertools import chain
from random import Random

import pytest

from dunning.core.days import to_day
from dunning.core.frames import SCHEMAS, Bucket, frame_of
from dunning.core.words import SERVICES
from dunning.decisions.account.assessment import assess
from dunning.decisions.account.classify import conclude
from dunning.decisions.monthly.document_states import DOCUMENT_STATES
from dunning.decisions.monthly.notices import NOTICES, propose_notices
from tests.decisions.notice_buckets import propose, rules_of
from tests.decisions.notice_cases import AS_OF, SINCE, some
from tests.decisions.notice_crowds import draw_world
from tests.oracle.bucket import make_history
from tests.oracle.facts import Policy
from tests.oracle.notices import plain_notices
from tests.oracle.surroundings import Row, Surroundings
from tests.properties.comparison import decide_crowd, fast_accounts
from tests.properties.crowds import NIGHTS, draw_policy


@pytest.mark.parametrize("seed", range(60))
def test_a_crowd_gets_the_notices_that_the_plain_way_gives_each_account(seed: int) -> None:
    random, as_of = Random(seed), NIGHTS[seed % len(NIGHTS)]
    policy = Policy() if seed % 2 else draw_policy(random)
    world = draw_world(random, 50, as_of)
    since, until = (as_of - timedelta(random.choice((0, 1, 30, 31, 400, 4000))) for _ in range(2))
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
    for seed in range(60):
        random, as_of = Random(seed), NIGHTS[seed % len(NIGHTS)]
        world = draw_world(random, 50, as_of)
        long_ago = as_of - timedelta(
            (4000, 60, 400)[seed % 3]
        )  # who was not written to for years has expired news
        found = [
            propose(world, Policy(), as_of, as_of - timedelta(60), name, long_ago)
            for name in SERVICES
        ]
        notices, held = (list(chain(*rows)) for rows in zip(*found, strict=True))
        for row in notices:
            seen.update(name for name, value in row.items() if value)
            seen["no card"] += not row["needs_card"]
            seen["lines and none"] += len({line["label"] is None for line in row["lines"]}) == 2
            seen["credit note"] += any(line["kind"] == "credit_note" for line in row["lines"])
            seen["stotinki"] += any(item["original_minor"] for item in row["items"])
            seen.update({line["standing"] for line in row["lines"]})
            seen["to pay in part"] += any(
                _is_part(line) for line in row["lines"] if line["standing"] == "to_pay"
            )
            seen["merged"] += (
                0 < len(row["periods"]) < len([i for i in row["items"] if i["period_from"]])
            )
        seen.update(row["reason"] for row in held)
    told = (
        "no card",
        "lines and none",
        "credit note",
        "stotinki",
        "merged",
        "refused_evidence",
        "no_address",
        "to pay in part",
        *DOCUMENT_STATES,
    )

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
    """Line by line, each item once: overdue, in the row of a new document, or by itself."""
    random, as_of = Random(seed), NIGHTS[seed % len(NIGHTS)]
    world = draw_world(random, 50, as_of)
    numbers = sorted(invoice.invoice_no for facts in world.crowd for invoice in facts.invoices)
    shown = frozenset(random.sample(numbers, len(numbers) // 2))
    long_ago = as_of - timedelta(4000 if seed % 2 else 62)
    bucket, fast = decide_crowd(world.crowd, Policy(), as_of)
    items, opened = bucket.items.text("invoice_no").to_pylist(), fast.open_items
    open_cents = {
        items[at]: int(cents)
        for at, cents in zip(opened["item"], opened["open_cents"], strict=True)
    }
    for service in ("heat", "electricity"):
        for row in propose(world, Policy(), as_of, as_of - timedelta(31), service, long_ago, shown)[
            0
        ]:
            new = {line["invoice_no"]: line for line in row["lines"]}
            here = [line for line in new.values() if line["standing"] == "to_pay"]
            named = [
                (each["invoice_no"], each["open_cents"])
                for each in (*row["items"], *row["pending"], *here)
            ]
            assert len(dict(named)) == len(named)
            assert {
                number for number, line in new.items() if line["standing"] == "overdue"
            } == new.keys() & {item["invoice_no"] for item in row["items"]}
            assert sum(cents for _, cents in named) == row["total_cents"]
            assert {number: open_cents.get(number, 0) for number, _ in named} == dict(named)


def test_an_empty_bucket_has_no_notices() -> None:
    bucket = Bucket(0, {name: frame_of(schema.empty_table()) for name, schema in SCHEMAS.items()})
    rules = rules_of(Surroundings([]), Policy())
    assessment = assess(bucket, to_day(AS_OF), rules, make_history(bucket, [], Policy(), AS_OF))
    tables = propose_notices(
        bucket, conclude(bucket, rules, assessment), assessment, rules, "heat", SINCE
    )

    assert (NOTICES, 0, 0) == (
        tables["notices"].schema,
        tables["notices"].num_rows,
        tables["withheld"].num_rows,
    )


def _is_part(line: Row) -> bool:
    return bool(0 < line["open_cents"] < line["bill_cents"])


def _differences(fast: list[Row], plain: list[Row]) -> list[str]:
    """Return one line per notice or cell that differs, and one where the order does."""
    by_key = [
        {some(row, "premise_no", "payer_code"): row for row in rows} for rows in (fast, plain)
    ]
    found = [f"{key}: only on one side" for key in sorted(by_key[0].keys() ^ by_key[1].keys())]
    for key in by_key[0].keys() & by_key[1].keys():
        left, right = by_key[0][key], by_key[1][key]
        for name in sorted(left.keys() | right.keys()):
            if left.get(name, "") != right.get(name, ""):
                found.append(
                    f"{key}: {name} is {left.get(name, 'missing')}, plainly {right.get(name, 'missing')}"
                )
    if not found and list(by_key[0]) != list(by_key[1]):
        found.append("the order")
    return found
