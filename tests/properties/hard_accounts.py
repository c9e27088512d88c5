"""Accounts of the kinds that chance alone seldom makes: each sits on one edge of the contract."""

from dataclasses import replace
from datetime import date, timedelta

from tests.oracle.facts import Agreement, Case, Facts, Instalment, Invoice, Notice, Payment
from tests.oracle.limitation import add_years
from tests.properties.accounts import EARLIEST_DUE_ON, EURO_FROM, Account


def draw_old_debt(account: Account) -> Facts:
    """Return a debt of about ten years, kept alive by cases each in time; at its end a case or an
    agreement.
    """
    choose = account.random.choice
    begins_on = add_years(account.as_of, -10) + timedelta(
        choose((-200, -1, 0, 1, 60, 119, 120, 121, 122))
    )
    due_on = max(begins_on - timedelta(1), EARLIEST_DUE_ON)
    item = _debt(
        account, due_on, choose(("bill", "bill", "adjudged", "fee")), choose((19558, 30000))
    )
    named = (item.invoice_no,)
    cases = [
        Case(account.no("K"), day, "closed", day + timedelta(90), "granted", named)
        for day in (due_on + timedelta(days) for days in (1000, 2000, 3000))
        if account.random.random() < 0.95
    ]
    last = add_years(due_on + timedelta(1), 10) + timedelta(choose((-100, -1, 0, 0, 1)))
    agreements = (
        [Agreement(account.no("G"), last, last, None, named)]
        if account.random.random() < 0.6
        else []
    )
    if not agreements:
        cases.append(Case(account.no("K"), last, "closed", last + timedelta(90), "granted", named))
    return account.facts(invoices=(item,), agreements=tuple(agreements), cases=tuple(cases))


def draw_plan(account: Account) -> Facts:
    """Return an agreement that a payment on, or next to, the day of signing keeps or does not
    keep.
    """
    choose = account.random.choice
    ages = (choose((30, 60, 90)), choose((30, 61)))
    items = [
        _debt(account, account.as_of - timedelta(age), "bill", choose((5000, 9999))) for age in ages
    ]
    signed_on = account.as_of - timedelta(choose((0, 4, 10, 40)))
    payments = []
    paid = {signed_on + timedelta(choose((-1, 0, 0, 1))), account.as_of - timedelta(1)}
    for paid_on in sorted(paid):  # the same crowd in every process
        currency = account.currency(paid_on, may_pay_bgn_in_january=True)
        named = choose((None, items[0].invoice_no))
        payments.append(
            Payment(account.no("P"), paid_on, choose((1999, 2000, 2001)), currency, named)
        )
    due_on = account.as_of - timedelta(choose((2, 3, 3, 4)))
    plan = Instalment(1, due_on, choose((2000, 4000)), account.currency(due_on))
    applied_on = choose(
        (signed_on, signed_on, signed_on - timedelta(7), account.as_of + timedelta(1))
    )
    agreement = Agreement(
        account.no("G"), applied_on, signed_on, None, tuple(i.invoice_no for i in items), (plan,)
    )
    return account.facts(invoices=tuple(items), payments=tuple(payments), agreements=(agreement,))


def draw_for_the_court(account: Account) -> Facts:
    """Return a debtor with old and new debts, last warned about some of them."""
    choose = account.random.choice
    ages = (choose((179, 180, 181, 300)), choose((60, 979, 980, 1000, 1095, 1096)))
    items = [
        _debt(account, account.as_of - timedelta(age), "bill", choose((6000, 10000, 19558, 30000)))
        for age in ages
    ]
    notices = []
    for stage, served_ages in (
        ("overdue", (14, 15, 16, 170)),
        ("final_warning", (29, 30, 31, 170, 180)),
    ):
        served_on = account.as_of - timedelta(choose(served_ages))
        notices.append(Notice(account.no("N"), stage, served_on - timedelta(2), served_on))
    return account.facts(invoices=tuple(items), notices=tuple(notices))


def draw_season(account: Account) -> Facts:
    """Return a heating season with forecasts and several settling bills, of any sign and with any
    term.
    """
    choose = account.random.choice
    season = account.as_of.year - choose((1, 2))
    begins_on = date(season, 11, 1)
    invoices = []
    for month in range(choose((1, 2, 3))):
        due_on = begins_on + timedelta(30 * month + choose((20, 45)))
        forecast = _debt(account, due_on, "forecast", choose((6000, 10000, 19558)))
        invoices.append(
            replace(forecast, period_from=begins_on, period_to=begins_on + timedelta(29))
        )
    for _ in range(choose((0, 1, 2, 3))):
        due_on = date(season + 1, 7, 31) + timedelta(choose((0, 0, 14, 45, 60)))
        bill = _debt(account, due_on, "equalisation", choose((-2000, -100, 0, 100, 5000)))
        period = (date(season, 5, 1), date(season + 1, 4, 30))
        invoices.append(replace(bill, period_from=period[0], period_to=period[1]))
    return account.facts(invoices=tuple(invoices))


def draw_changeover(account: Account) -> Facts:
    """Return bills and payments on both sides of the changeover, often with credit to carry over
    it.
    """
    choose = account.random.choice
    days = [
        EURO_FROM + timedelta(choose((-60, -40, -20, -1, 0, 1, 15, 30, 31, 45, 60)))
        for _ in range(8)
    ]
    items = [
        _debt(account, day + timedelta(14), "bill", choose((1, 195, 1955, 5000, 9999)))
        for day in days[:4]
    ]
    payments = []
    for paid_on in days[4:]:
        named = choose((None, None, choose(items).invoice_no))
        currency = account.currency(paid_on, may_pay_bgn_in_january=True)
        payments.append(
            Payment(account.no("P"), paid_on, choose((1, 2, 333, 3000, 12345)), currency, named)
        )
    return account.facts(invoices=tuple(items), payments=tuple(payments))


def _debt(account: Account, due_on: date, kind: str, minor: int) -> Invoice:
    issued_on = due_on - timedelta(14)
    return Invoice(account.no("I"), kind, issued_on, due_on, minor, account.currency(issued_on))
