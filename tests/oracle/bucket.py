"""The facts of many accounts as one bucket of a snapshot, in memory: what the columnar decisions
read.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import pyarrow as pa

from dunning.core import words
from dunning.core.days import to_day
from dunning.core.frames import SCHEMAS, Bucket, Frame, days_to_arrow, frame_of
from dunning.decisions.account.history import join_ledger_notices, merge_notices
from dunning.policy.policies import load_policy
from dunning.policy.rules import Rules, Service, Stages
from tests.oracle.allocation import to_cents
from tests.oracle.facts import BGN, EUR, Facts, Invoice, Payment, Policy

Row = dict[str, Any]


def make_bucket(crowd: Sequence[Facts], policy: Policy) -> Bucket:
    """Return a bucket of these accounts; invoice, payment and all other numbers are unique in the
    crowd.

    As at the loader's, what names an invoice or payment that is not there is left out.
    """
    crowd = sorted(crowd, key=lambda f: (f.premise_no, f.payer_code))
    rows: dict[str, list[Row]] = {name: [] for name in SCHEMAS}
    premises = sorted({f.premise_no for f in crowd})
    payers = sorted({f.payer_code for f in crowd})
    persons = {f.payer_code: f.is_person for f in crowd}
    rows["premises"] = [_premise(p) for p in premises]
    rows["payers"] = [_payer(p, persons[p]) for p in payers]
    for place, facts in enumerate(crowd):
        rows["accounts"].append(
            {
                "premise_no": facts.premise_no,
                "payer_code": facts.payer_code,
                "premise": premises.index(facts.premise_no),
                "payer": payers.index(facts.payer_code),
                "began_on": facts.began_on,
                "has_refused_evidence": False,
            }
        )
        _add_account(rows, place, facts, policy)
    for name in ("holds", "agreement_items", "case_items"):
        rows[name].sort(key=_sort_key(name))
    return Bucket(0, {name: frame_of(_table(name, rows[name])) for name in SCHEMAS})


def make_history(bucket: Bucket, crowd: Sequence[Facts], policy: Policy, as_of: date) -> Frame:
    """Return the history of a night: the bucket's notices and the deeds of earlier dates."""
    deeds = [(f, d) for f in crowd for d in f.deeds if d.as_of < as_of]
    columns = {
        "premise_no": pa.array([f.premise_no for f, _ in deeds], pa.string()),
        "payer_code": pa.array([f.payer_code for f, _ in deeds], pa.string()),
        "stage": pa.array([d.stage for _, d in deeds], pa.string()),
        "as_of": pa.array([d.as_of for _, d in deeds], pa.date32()),
        "channel": pa.array([d.channel for _, d in deeds], pa.string()),
        "reference": pa.array([d.reference for _, d in deeds], pa.string()),
    }
    notices = pa.table(
        {
            "notice_no": bucket.notices.text("notice_no"),
            "served_on": days_to_arrow(bucket.notices["served_on"]),
            "failed_on": days_to_arrow(bucket.notices["failed_on"]),
        }
    )
    told = join_ledger_notices(pa.table(columns), notices)
    return merge_notices(bucket, frame_of(told), make_rules(policy), to_day(as_of))


def make_rules(policy: Policy) -> Rules:
    """Return the typed policy view that says what the oracle's policy says; what the oracle does not
    know is as in the policy files.
    """
    rules = _read_rules()
    return replace(
        rules,
        version="plain",
        changeover=replace(rules.changeover, euro_from=policy.euro_from),
        interest=replace(
            rules.interest,
            rates=tuple((day, _decimal(percent)) for day, percent in policy.rates),
            day_count=policy.day_count,
            kinds=policy.kinds_interest,
        ),
        limitation=replace(
            rules.limitation,
            years=policy.years,
            years_long=policy.years_long,
            kinds_long=policy.kinds_long,
            years_absolute=policy.years_absolute,
            suspensions=((policy.suspended_from, policy.suspended_until),),
        ),
        agreements=replace(rules.agreements, grace_days=policy.grace_days),
        stages=_make_stages(rules.stages, policy),
        service=Service({channel: policy.served_days(channel) for channel in words.CHANNELS}),
    )


def _make_stages(stages: Stages, policy: Policy) -> Stages:
    return replace(
        stages,
        overdue=replace(
            stages.overdue,
            days_overdue_min=policy.overdue_days,
            amount_cents_min=policy.overdue_cents,
        ),
        final_warning=replace(
            stages.final_warning,
            days_overdue_min=policy.final_warning_days,
            amount_cents_min=policy.final_warning_cents,
            served_days_min=policy.final_warning_served_days,
        ),
        court_bound=replace(
            stages.court_bound,
            days_overdue_min=policy.court_days,
            amount_cents_min=policy.court_cents,
            served_days_min=policy.court_served_days,
        ),
        notice_valid_days=policy.notice_valid_days,
        limitation_near_days=policy.near_days,
        limitation_near_amount_cents_min=policy.near_cents,
        kinds_enforced=policy.kinds_enforced,
    )


@cache
def _read_rules() -> Rules:
    return load_policy().at(date(2026, 11, 22))


def _decimal(percent: Fraction) -> Decimal:
    return Decimal(percent.numerator) / Decimal(percent.denominator)


def item_named(
    invoice_no: str | None, facts: Facts, payment: Payment | None, policy: Policy
) -> Invoice | None:
    """Return the item that a payment (or a credit note) may settle first; the loader drops every
    other name.
    """
    item = next((i for i in facts.invoices if i.invoice_no == invoice_no and not i.is_credit), None)
    if item is None or payment is None:
        return item
    is_dropped = (
        item.currency == EUR and payment.currency == BGN and payment.paid_on < policy.euro_from
    )
    return None if is_dropped else item


def _sort_key(name: str) -> Any:
    columns = {
        "holds": ("account", "item", "valid_from", "hold_no"),
        "agreement_items": ("agreement", "item"),
        "case_items": ("case", "item"),
    }[name]
    return lambda row: tuple(row[c] for c in columns)


def _table(name: str, rows: list[Row]) -> pa.Table:
    schema = SCHEMAS[name]
    return pa.table(
        {f.name: pa.array([row.get(f.name) for row in rows], f.type) for f in schema}, schema
    )


def _premise(premise_no: str) -> Row:
    return {
        "premise_no": premise_no,
        "service": 0,
        "district": "Изток",
        "address": "ул. Примерна 1",
        "settlement": "София",
        "is_disconnectable": True,
        "is_vulnerable": False,
        "is_life_support": False,
        "has_refused_evidence": False,
    }


def _payer(payer_code: str, is_person: bool) -> Row:
    return {
        "payer_code": payer_code,
        "is_person": is_person,
        "name": "Росица Мнима",
        "identifier": 1,
        "language": "bg",
        "is_vulnerable": False,
        "is_life_support": False,
    }


def _add_account(rows: dict[str, list[Row]], account: int, facts: Facts, policy: Policy) -> None:
    if facts.tenant_from:
        rows["tenancies"].append(
            {"account": account, "valid_from": facts.tenant_from, "share": "1"}
        )
    items = _add_items(rows, account, facts)
    _add_money(rows, account, facts, items, policy)
    for hold in (h for h in facts.holds if h.invoice_no is None or h.invoice_no in items):
        rows["holds"].append(
            {
                "account": account,
                "item": items[hold.invoice_no] if hold.invoice_no else -1,
                "hold_no": hold.hold_no,
                "reason": words.code(words.HOLD_REASONS, hold.reason),
                "valid_from": hold.valid_from,
                "valid_until": hold.valid_until,
            }
        )
    _add_agreements(rows, account, facts, items)
    for case in sorted(facts.cases, key=lambda c: (c.filed_on, c.case_no)):
        place = len(rows["cases"])
        outcome = words.code(words.CASE_OUTCOMES, case.outcome) if case.outcome else -1
        rows["cases"].append(
            {
                "account": account,
                "case_no": case.case_no,
                "filed_on": case.filed_on,
                "stage": words.code(words.CASE_STAGES, case.stage),
                "stage_on": case.stage_on,
                "outcome": outcome,
            }
        )
        rows["case_items"] += [
            {"case": place, "item": items[no]} for no in case.invoice_nos if no in items
        ]
    for notice in sorted(facts.notices, key=lambda n: (n.sent_on, n.notice_no)):
        rows["notices"].append(
            {
                "account": account,
                "notice_no": notice.notice_no,
                "stage": words.code(words.NOTICE_STAGES, notice.stage),
                "channel": notice.channel,
                "sent_on": notice.sent_on,
                "served_on": notice.served_on,
                "failed_on": notice.failed_on,
            }
        )


def _add_items(rows: dict[str, list[Row]], account: int, facts: Facts) -> dict[str, int]:
    """Add what is owed, and the equalisation bills of any sign; return the place of each item."""
    places = {}
    for item in sorted(facts.invoices, key=lambda i: (i.due_on, i.issued_on, i.invoice_no)):
        if item.is_credit:
            continue
        places[item.invoice_no] = len(rows["items"])
        rows["items"].append(
            {
                "account": account,
                "invoice_no": item.invoice_no,
                "kind": words.code(words.ITEM_KINDS, item.kind),
                "season": -1 if item.season is None else item.season,
                "period_from": item.period_from,
                "period_to": item.period_to,
                "issued_on": item.issued_on,
                "due_on": item.due_on,
                "amount_minor": item.amount_minor,
                "is_bgn": item.currency == BGN,
            }
        )
    settling = [i for i in facts.invoices if i.kind == "equalisation"]
    rows["equalisations"] += [
        {
            "account": account,
            "season": i.season,
            "invoice_no": i.invoice_no,
            "issued_on": i.issued_on,
            "due_on": i.due_on,
        }
        for i in sorted(settling, key=lambda i: (i.season, i.due_on, i.invoice_no))
    ]
    return places


def _add_money(
    rows: dict[str, list[Row]], account: int, facts: Facts, items: dict[str, int], policy: Policy
) -> None:
    """Add payments and credit notes in their order, then reversals."""
    undone = {p.reverses: p for p in facts.payments if p.reverses}
    money: list[Row] = []
    for note in (i for i in facts.invoices if i.is_credit):
        item = item_named(note.refers_to, facts, None, policy)
        money.append(
            _money(
                account, note.invoice_no, note.issued_on, -note.amount_minor, note.currency, True
            )
        )
        money[-1] |= _name(note.refers_to, item, items)
    for payment in (p for p in facts.payments if not p.reverses):
        item = item_named(payment.invoice_no, facts, payment, policy)
        money.append(
            _money(
                account,
                payment.payment_no,
                payment.paid_on,
                payment.amount_minor,
                payment.currency,
                False,
            )
        )
        money[-1] |= _name(payment.invoice_no, item, items)
        if payment.payment_no in undone:
            money[-1]["reversed_on"] = undone[payment.payment_no].paid_on
    money.sort(key=lambda m: (m["paid_on"], not m["is_note"], m["payment_no"]))
    places = {
        m["payment_no"]: len(rows["payments"]) + n for n, m in enumerate(money) if not m["is_note"]
    }
    rows["payments"] += money
    for reversal in sorted(undone.values(), key=lambda p: (p.paid_on, p.payment_no)):
        if reversal.reverses not in places:
            continue
        rows["reversals"].append(
            {
                "account": account,
                "payment_no": reversal.payment_no,
                "payment": places[reversal.reverses],
                "paid_on": reversal.paid_on,
                "amount_minor": reversal.amount_minor,
                "is_bgn": reversal.currency == BGN,
            }
        )


def _money(account: int, number: str, on: date, minor: int, currency: str, is_note: bool) -> Row:
    return {
        "account": account,
        "payment_no": number,
        "paid_on": on,
        "is_note": is_note,
        "amount_minor": minor,
        "is_bgn": currency == BGN,
    }


def _name(invoice_no: str | None, item: Invoice | None, items: dict[str, int]) -> Row:
    if item:
        return {"item": items[item.invoice_no]}
    return {"item": -1, "named_no": invoice_no}


def _add_agreements(
    rows: dict[str, list[Row]], account: int, facts: Facts, items: dict[str, int]
) -> None:
    for agreement in sorted(facts.agreements, key=lambda a: (a.applied_on, a.agreement_no)):
        place = len(rows["agreements"])
        rows["agreements"].append(
            {
                "account": account,
                "agreement_no": agreement.agreement_no,
                "applied_on": agreement.applied_on,
                "signed_on": agreement.signed_on,
                "cancelled_on": agreement.cancelled_on,
            }
        )
        rows["agreement_items"] += [
            {"agreement": place, "item": items[no]} for no in agreement.invoice_nos if no in items
        ]
        rows["instalments"] += [
            {
                "agreement": place,
                "seq": i.seq,
                "due_on": i.due_on,
                "amount_minor": i.amount_minor,
                "is_bgn": i.currency == BGN,
                "amount_cents": to_cents(i.amount_minor, i.currency),
            }
            for i in sorted(agreement.instalments, key=lambda i: (i.due_on, i.seq))
        ]
