"""Laws of the house, held by the columnar decisions for accounts full of edges."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from random import Random

import numpy as np
import pytest

from dunning.core.frames import Bucket
from dunning.decisions.account.classify import decide
from dunning.decisions.frames import Decision
from tests.oracle.allocation import moneys, to_cents
from tests.oracle.bucket import make_history, make_rules
from tests.oracle.facts import BGN, EUR, PAYOUT, STAGES, Facts, Hold, Payment, Policy, know
from tests.properties.comparison import (
    Key,
    Row,
    decide_crowd,
    fast_accounts,
    fast_items,
    fast_pieces,
)
from tests.properties.crowds import NIGHTS, draw_crowd

POLICY = Policy()
SEEDS = range(1000, 1013)


@cache
def _crowd(seed: int) -> tuple[tuple[Facts, ...], date]:
    as_of = NIGHTS[seed % len(NIGHTS)]
    return tuple(draw_crowd(Random(seed), 40, as_of)), as_of


@cache
def _decided(seed: int) -> tuple[Bucket, Decision]:
    crowd, as_of = _crowd(seed)
    return decide_crowd(crowd, POLICY, as_of)


def _everything(
    bucket: Bucket, decision: Decision
) -> tuple[dict[Key, Row], dict[Key, Row], dict[Key, int]]:
    return (
        fast_accounts(bucket, decision),
        fast_items(bucket, decision),
        dict(fast_pieces(bucket, decision)),
    )


def _with_something_overdue(crowd: Iterable[Facts], items: dict[Key, Row]) -> set[Key]:
    """Return the accounts whose pieces are kept: something is open and past its day, be it
    shielded, but no payout.
    """
    payouts = {i.invoice_no for facts in crowd for i in facts.invoices if i.kind == PAYOUT}
    return {
        row["account"]
        for (number,), row in items.items()
        if row["days_overdue"] > 0 and number not in payouts
    }


def _changed(seed: int, change: Callable[[Facts], Facts]) -> dict[Key, Row]:
    """Return the accounts as decided after a change of each account's facts."""
    crowd, as_of = _crowd(seed)
    return fast_accounts(*decide_crowd([change(facts) for facts in crowd], POLICY, as_of))


@pytest.mark.parametrize("seed", SEEDS)
def test_cents_are_conserved_on_every_item(seed: int) -> None:
    """Invoiced = settled + open, in BGN up to the changeover, converted once, then in euro."""
    crowd, as_of = _crowd(seed)
    bucket, decision = _decided(seed)
    items, pieces = fast_items(bucket, decision), fast_pieces(bucket, decision)
    accounts_with_pieces = _with_something_overdue(crowd, items)
    for facts in crowd:
        if (facts.premise_no, facts.payer_code) not in accounts_with_pieces:
            continue
        for item in know(facts, POLICY, as_of).items:
            settled = {
                currency: sum(
                    int(p[4]) * n
                    for p, n in pieces.items()
                    if (p[0], p[5]) == (item.invoice_no, currency)
                )
                for currency in (BGN, EUR)
            }
            left = to_cents(item.amount_minor - settled[BGN], item.currency) - settled[EUR]
            assert items.get((item.invoice_no,), {"open_cents": 0})["open_cents"] == left, item


@pytest.mark.parametrize("seed", SEEDS)
def test_cents_are_conserved_on_every_payment(seed: int) -> None:
    """Paid and credited = settled + credit; what is carried over the changeover is converted once
    per account.
    """
    crowd, as_of = _crowd(seed)
    bucket, decision = _decided(seed)
    accounts, pieces = fast_accounts(bucket, decision), fast_pieces(bucket, decision)
    overdue = _with_something_overdue(crowd, fast_items(bucket, decision))
    for facts in crowd:
        key = (facts.premise_no, facts.payer_code)
        if key not in overdue:
            continue
        own = {i.invoice_no for i in facts.invoices}
        spent = {
            c: sum(int(p[4]) * n for p, n in pieces.items() if p[0] in own and p[5] == c)
            for c in (BGN, EUR)
        }
        paid = moneys(know(facts, POLICY, as_of))
        old = [m.minor for m in paid if m.currency == BGN and m.on < POLICY.euro_from]
        new = [
            to_cents(m.minor, m.currency)
            for m in paid
            if m.currency == EUR or m.on >= POLICY.euro_from
        ]
        carried = to_cents(sum(old) - spent[BGN], BGN)
        assert accounts[key]["credit_cents"] == carried + sum(new) - spent[EUR], facts


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_has_credit_and_owes(seed: int) -> None:
    accounts = fast_accounts(*_decided(seed))
    assert [k for k, row in accounts.items() if row["credit_cents"] and row["open_cents"]] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stage_looks_only_at_open_unshielded_overdue_items(seed: int) -> None:
    bucket, decision = _decided(seed)
    for row in fast_items(bucket, decision).values():
        if row["is_in_stage"]:
            assert (row["shield"], row["is_overdue"]) == ("", True)
            assert row["open_cents"] > 0 and row["days_overdue"] > 0
    stages = {key: row["stage"] for key, row in fast_accounts(bucket, decision).items()}
    with_items = {
        row["account"] for row in fast_items(bucket, decision).values() if row["is_in_stage"]
    }
    assert with_items == {key for key, stage in stages.items() if stage != "current"}


@pytest.mark.parametrize("seed", SEEDS)
def test_no_stage_above_overdue_without_a_served_notice_of_the_stage_below(seed: int) -> None:
    crowd, as_of = _crowd(seed)
    accounts = fast_accounts(*_decided(seed))
    below = {"final_warning": ("overdue", 15), "court_bound": ("final_warning", 30)}
    for facts in crowd:
        row = accounts.get((facts.premise_no, facts.payer_code))
        if (
            row
            and row["stage"] in below
            and not (row["stage"] == "court_bound" and row["is_limitation_near"])
        ):
            stage, days = below[row["stage"]]
            notices = know(facts, POLICY, as_of).notices
            served = [
                (as_of - n.served_on).days for n in notices if n.stage == stage and n.served_on
            ]
            assert any(days <= age <= 180 for age in served), facts


@pytest.mark.parametrize("seed", SEEDS)
def test_without_notices_nothing_but_limitation_rises_above_overdue(seed: int) -> None:
    accounts = _changed(seed, lambda facts: replace(facts, notices=(), deeds=()))
    raised = {row["stage"] for row in accounts.values() if not row["is_limitation_near"]}
    assert raised <= {"current", "overdue"}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_hold_on_the_account_takes_it_out_of_every_stage(seed: int) -> None:

    _, as_of = _crowd(seed)
    held = _changed(
        seed,
        lambda facts: replace(
            facts, holds=(*facts.holds, Hold(f"{facts.payer_code}HX", as_of, None))
        ),
    )
    assert {
        (row["stage"], row["overdue_cents"], row["open_cents"] - row["shielded_cents"])
        for row in held.values()
    } <= {("current", 0, 0)}


@pytest.mark.parametrize("seed", SEEDS)
def test_paying_the_oldest_item_never_raises_a_stage(seed: int) -> None:
    """Nor does it bring the next one nearer than it was: what is left is younger and less."""
    _, as_of = _crowd(seed)
    bucket, decision = _decided(seed)
    before = fast_accounts(bucket, decision)
    oldest: dict[Key, tuple[str, int]] = {}
    for (invoice_no,), row in fast_items(bucket, decision).items():
        if row["is_overdue"]:
            oldest.setdefault(row["account"], (invoice_no, row["open_cents"]))

    def pay(facts: Facts) -> Facts:
        owed = oldest.get((facts.premise_no, facts.payer_code))
        is_bgn = any(i.currency == BGN for i in facts.invoices)
        if owed is None or (is_bgn and as_of < POLICY.euro_from):
            return facts
        payment = Payment(f"{facts.payer_code}zz", as_of, owed[1], EUR, owed[0])
        return replace(facts, payments=(*facts.payments, payment))

    after = _changed(seed, pay)
    for key, row in after.items():
        assert STAGES.index(row["stage"]) <= STAGES.index(before[key]["stage"]), key
        assert row["days_overdue"] <= before[key]["days_overdue"], key


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_dated_after_the_night_changes_nothing(seed: int) -> None:
    crowd, as_of = _crowd(seed)
    crowd = tuple(f for f in crowd if f.began_on <= as_of)
    cut = [know(facts, POLICY, as_of).facts for facts in crowd]
    assert _everything(*decide_crowd(cut, POLICY, as_of)) == _everything(
        *decide_crowd(crowd, POLICY, as_of)
    )


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_who_else_is_in_the_bucket_changes_nothing(seed: int) -> None:
    crowd, as_of = _crowd(seed)
    together = fast_accounts(*_decided(seed))
    alone: dict[Key, Row] = {}
    for facts in crowd:
        alone |= fast_accounts(*decide_crowd([facts], POLICY, as_of))
    assert alone == together


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_an_accounts_notices_and_a_second_run_change_nothing(seed: int) -> None:
    crowd, as_of = _crowd(seed)
    bucket, decision = _decided(seed)
    history = make_history(bucket, crowd, POLICY, as_of)
    shuffled = history.take(np.random.default_rng(seed).permutation(len(history)))
    shuffled = shuffled.take(np.argsort(shuffled["account"], kind="stable"))
    again = decide(bucket, as_of, make_rules(POLICY), shuffled)
    assert _everything(bucket, again) == _everything(bucket, decision)


@pytest.mark.parametrize("seed", SEEDS)
def test_next_on_is_the_day_on_which_the_run_of_that_day_says_so(seed: int) -> None:
    """With what is known tonight and nothing else: that night has the stage, and no night before it
    a higher one.
    """
    crowd, as_of = _crowd(seed)
    accounts = fast_accounts(*_decided(seed))
    known = {(f.premise_no, f.payer_code): know(f, POLICY, as_of).facts for f in crowd}
    for key, row in accounts.items():
        if row["next_on"] is None:
            continue
        before = row["next_on"] - timedelta(1)
        on_day = fast_accounts(*decide_crowd([known[key]], POLICY, row["next_on"]))[key]
        day_before = fast_accounts(*decide_crowd([known[key]], POLICY, before))[key]
        assert on_day["stage"] == row["next_stage"], key
        assert STAGES.index(day_before["stage"]) <= STAGES.index(row["stage"]), key


@pytest.mark.parametrize("seed", SEEDS)
def test_reasons_are_codes_sorted_and_never_missing(seed: int) -> None:
    _, decision = _decided(seed)
    for reasons in decision.accounts.text("reasons").to_pylist():
        codes = reasons.split(" ")
        assert codes == sorted(set(codes))
        assert all(code and code == code.lower() for code in codes)
