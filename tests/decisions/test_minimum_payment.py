"""Paying exactly the least sum tonight takes an account off, a cent less does not: decided anew,
with every rule.
"""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from dunning.core.days import to_day
from dunning.decisions.account.assessment import assess
from dunning.decisions.account.classify import conclude
from dunning.decisions.account.stages import find_reached
from dunning.decisions.lists.disconnections import propose_disconnections
from dunning.decisions.lists.payment_cases import (
    AssessedAccount,
    stop_disconnection,
    stop_last_warning,
    stop_stage,
)
from dunning.decisions.lists.reminders import propose_reminders
from tests.oracle.bucket import make_bucket, make_history, make_rules
from tests.oracle.facts import Agreement, Facts, Instalment, Invoice, Notice, Payment, Policy

AS_OF = date(2026, 11, 22)
POLICY = Policy()
RULES = make_rules(POLICY)
KINDS = ("bill", "bill", "bill", "fee", "adjudged", "court_costs")


def ago(days: int) -> date:
    return AS_OF - timedelta(days)


INVOICES = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from([-5, 5, 19, 20, 21, 25, 60, 70, 120, 179, 180, 250, 1090, 1200]),
        st.sampled_from([99, 1999, 2000, 2001, 5000, 5130, 9999, 10000, 16108, 17531]),
    ),
    min_size=1,
    max_size=5,
)
NOTICES = st.lists(
    st.tuples(
        st.sampled_from(["overdue", "final_warning", "disconnection", "disconnection"]),
        st.sampled_from([16, 18, 24, 40, 61, 100]),
    ),
    max_size=4,
)
PLANS = st.none() | st.tuples(
    st.integers(1, 2),
    st.integers(1, 60),
    st.lists(st.sampled_from([-9, 1, 5, 30]), min_size=1, max_size=3),
    st.sampled_from([500, 3000, 9000]),
)


@st.composite
def accounts(draw: st.DrawFn) -> Facts:
    """An account with debts of any age, warnings of every sort, a payment and perhaps a plan that
    broke.
    """
    invoices = tuple(
        Invoice(f"F{n}", kind, ago(due + 30), ago(due), cents)
        for n, (kind, due, cents) in enumerate(draw(INVOICES))
    )
    notices = tuple(
        Notice(f"N{n}", stage, ago(days), ago(days - 1))
        for n, (stage, days) in enumerate(draw(NOTICES))
    )
    paid = draw(st.sampled_from([0, 0, 100, 6000]))
    payments = (Payment("P1", ago(3), paid),) if paid else ()
    plans = ()
    if plan := draw(PLANS):
        count, signed, due, cents = plan
        instalments = tuple(
            Instalment(n + 1, ago(days), cents) for n, days in enumerate(sorted(due, reverse=True))
        )
        named = tuple(i.invoice_no for i in invoices[:count])
        plans = (Agreement("G1", ago(signed), ago(signed), None, named, instalments),)
    return Facts("0001", "1", True, date(2012, 1, 1), invoices, payments, (), plans, (), notices)


def ask(facts: Facts, paid: int = 0) -> AssessedAccount:
    """Decide on an account after a payment of tonight that names nothing."""
    more = (Payment("P9", AS_OF, paid),) if paid else ()
    crowd = [replace(facts, payments=facts.payments + more)]
    bucket = make_bucket(crowd, POLICY)
    assessment = assess(bucket, to_day(AS_OF), RULES, make_history(bucket, crowd, POLICY, AS_OF))
    return AssessedAccount(bucket, conclude(bucket, RULES, assessment), assessment, RULES, 0)


def stages_of_messages(asked: AssessedAccount) -> list[str]:
    proposed = propose_reminders(asked.bucket, asked.decision, RULES, asked.assessment.history)
    return proposed["reminders"]["stage"].to_pylist()


def is_cut(facts: Facts, paid: int) -> bool:
    asked = ask(facts, paid)
    return bool(
        len(
            propose_disconnections(
                asked.bucket, asked.decision, RULES, asked.assessment.history, AS_OF
            )["disconnections"]
        )
    )


def is_sued(facts: Facts, paid: int) -> bool:
    return bool(ask(facts, paid).decision.accounts["stage"][0] == 3)


def is_warned(facts: Facts, paid: int) -> bool:
    return stages_of_messages(ask(facts, paid)) == ["final_warning"]


@settings(max_examples=60, deadline=None)
@given(accounts())
def test_exactly_the_least_payment_takes_an_account_off(facts: Facts) -> None:
    asked = ask(facts)
    alternatives = {
        is_cut: stop_disconnection,
        is_warned: stop_last_warning,
        is_sued: lambda asked: stop_stage(asked, "court_bound", to_day(AS_OF)),
    }
    for stands, stop in alternatives.items():
        if stands(facts, 0):
            least = stop(asked)
            assert (False, True) == (stands(facts, least), stands(facts, least - 1)), (
                stands.__name__,
                least,
            )


@settings(max_examples=40, deadline=None)
@given(accounts())
def test_the_next_stage_does_not_come_on_its_day(facts: Facts) -> None:
    asked = ask(facts)
    stage, on = (int(asked.decision.accounts[name][0]) for name in ("next_stage", "next_on"))
    if stage < 0:
        return
    word = ("current", "overdue", "final_warning", "court_bound")[stage]
    least = stop_stage(asked, word, on)
    comes = {paid: comes_on(ask(facts, paid), word, on) for paid in (least, least - 1)}

    assert comes == {least: False, least - 1: True}


def comes_on(asked: AssessedAccount, stage: str, on: int) -> bool:
    """Whether an account stands at a stage on a day, if nothing more is paid."""
    reached = find_reached(asked.assessment.items, asked.assessment.ladder, RULES.stages, 1, on)
    alternatives = ["court_bound", "limitation_near"] if stage == "court_bound" else [stage]
    return any(bool(reached[way][0]) for way in alternatives)


def test_what_the_rule_does_not_count_is_not_asked_for() -> None:
    """A bill that no disconnection warning names: 175,31 and not 212,39 takes the account off."""
    bills = (
        Invoice("F1", "bill", ago(120), ago(90), 17531 + 1999),
        Invoice("F2", "bill", ago(60), ago(10), 3708),
    )
    notice = (Notice("N1", "disconnection", ago(40), ago(39)),)
    facts = Facts("0001", "1", True, date(2012, 1, 1), bills, notices=notice)

    assert 17531 == stop_disconnection(ask(facts))
    assert (True, False) == (is_cut(facts, 17530), is_cut(facts, 17531))


def test_a_plan_that_is_kept_again_is_enough() -> None:
    bills = (Invoice("F1", "bill", ago(120), ago(90), 30000),)
    instalments = (Instalment(1, ago(10), 5000), Instalment(2, ago(-20), 25000))
    plan = Agreement("G1", ago(30), ago(30), None, ("F1",), instalments)
    notice = (Notice("N1", "disconnection", ago(40), ago(39)),)
    facts = Facts("0001", "1", True, date(2012, 1, 1), bills, (), (), (plan,), (), notice)

    assert 5000 == stop_disconnection(ask(facts))
    assert (True, False) == (is_cut(facts, 4999), is_cut(facts, 5000))
