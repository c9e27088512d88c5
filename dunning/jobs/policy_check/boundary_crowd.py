"""Invented accounts as one in-memory bucket of a snapshot.

Every account has a premise, a payer and a tenancy of its own, so that nothing stops it but the rule
it was made for.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import pyarrow as pa

from dunning.core import words
from dunning.core.frames import SCHEMAS, Bucket, Frame, frame_of
from dunning.jobs.policy_check.boundary_cases import BoundaryCase, make_cases
from dunning.policy.rules import Rules
from dunning.policy.schema import FIRST_DAY

Row = dict[str, Any]


@dataclass(frozen=True)
class Crowd:
    """The test cases, their bucket and the past actions; case n is account n of the bucket.

    nights: two weeks from the day of the rules on, and the nights about every day of their
    calendar.
    """

    as_of: date
    cases: tuple[BoundaryCase, ...]
    nights: tuple[date, ...]
    bucket: Bucket
    actions: Frame = field(repr=False)


def make_crowd(as_of: date, rules: Rules) -> Crowd:
    """Return the boundary cases of the rules of a date as a bucket."""
    cases = make_cases(as_of, rules)
    days = (*rules.calendar.extra_nonworking_days, *rules.calendar.extra_working_days)
    nights = {as_of + timedelta(days=n) for n in range(15)}
    # The nights whose disconnection window may contain such a day.
    nights |= {day + timedelta(days=n) for day in days for n in range(-12, 2)}
    return Crowd(as_of, cases, tuple(sorted(nights)), _make_bucket(cases), _make_actions(cases))


def _make_bucket(cases: Iterable[BoundaryCase]) -> Bucket:
    rows: dict[str, list[Row]] = {name: [] for name in SCHEMAS}
    for place, case in enumerate(cases):
        _add_account(rows, place, case)
        items = _add_debts(rows, place, case)
        _add_protections(rows, place, case, items)
        # What we sent ourselves is no notice of the ledger but an action: see `_make_actions`.
        for number, notice in enumerate(n for n in case.notices if not n.is_ours):
            rows["notices"].append(
                {
                    "account": place,
                    "notice_no": f"N{place}-{number}",
                    "channel": notice.channel,
                    "stage": words.code(words.NOTICE_STAGES, notice.stage),
                    "sent_on": notice.sent_on,
                    "served_on": notice.served_on,
                    "failed_on": notice.failed_on,
                }
            )
    return Bucket(0, {name: frame_of(_to_table(SCHEMAS[name], rows[name])) for name in SCHEMAS})


def _make_actions(cases: Iterable[BoundaryCase]) -> Frame:
    schema = pa.schema(
        [
            (name, pa.string())
            for name in ("premise_no", "payer_code", "stage", "channel", "reference")
        ]
        + [(name, pa.date32()) for name in ("as_of", "ledger_served_on", "ledger_failed_on")]
    )
    rows = [
        {
            "premise_no": f"{place:06d}",
            "payer_code": f"P{place:06d}",
            "stage": notice.stage,
            "channel": notice.channel,
            "reference": f"D{place}-{number}",
            "as_of": notice.sent_on,
        }
        for place, case in enumerate(cases)
        for number, notice in enumerate(case.notices)
        if notice.is_ours
    ]
    return frame_of(_to_table(schema, rows))


def _to_table(schema: pa.Schema, rows: list[Row]) -> pa.Table:
    return pa.table(
        {f.name: pa.array([row.get(f.name) for row in rows], f.type) for f in schema}, schema
    )


def _add_account(rows: dict[str, list[Row]], place: int, case: BoundaryCase) -> None:
    premise_no, payer_code = f"{place:06d}", f"P{place:06d}"
    rows["premises"].append(
        {
            "premise_no": premise_no,
            "service": words.code(words.SERVICES, case.service),
            "district": "Опит",
            "address": "ул. Опитна 1",
            "settlement": "София",
            "is_disconnectable": case.service == "electricity",
            "is_vulnerable": False,
            "is_life_support": False,
            "has_refused_evidence": False,
        }
    )
    rows["payers"].append(_payer(payer_code, case.language))
    rows["accounts"].append(
        {
            "premise_no": premise_no,
            "payer_code": payer_code,
            "premise": place,
            "payer": place,
            "began_on": FIRST_DAY,
            "has_refused_evidence": False,
        }
    )
    rows["tenancies"].append({"account": place, "valid_from": FIRST_DAY, "share": "1"})
    if case.contact:
        rows["contacts"].append(_contact(place, case.contact, case.registered_on))


def _payer(payer_code: str, language: str) -> Row:
    return {
        "payer_code": payer_code,
        "is_person": True,
        "name": "Опитен Платец",
        "identifier": 0,
        "language": language,
        "postal_address": "ул. Опитна 1",
        "postal_settlement": "София",
        "is_vulnerable": False,
        "is_life_support": False,
    }


def _contact(place: int, channel: str, registered_on: date) -> Row:
    address = {"sms": "+359888123456", "email": "opit@example.com"}[channel]
    return {
        "payer": place,
        "channel": words.code(words.CHANNELS, channel),
        "address": address,
        "registered_at": datetime.combine(registered_on, time()),
    }


def _add_debts(rows: dict[str, list[Row]], place: int, case: BoundaryCase) -> range:
    first = len(rows["items"])
    # Items are sorted by due day, as in every snapshot.
    for number, debt in enumerate(sorted(case.debts, key=lambda d: d.due_on)):
        about = {
            "account": place,
            "invoice_no": f"I{place}-{number}",
            "season": debt.season,
            "issued_on": debt.due_on - timedelta(days=10),
            "due_on": debt.due_on,
        }
        kind = words.code(words.ITEM_KINDS, debt.kind)
        rows["items"].append(
            {**about, "kind": kind, "amount_minor": debt.minor, "is_bgn": debt.is_bgn}
        )
        if debt.kind == "equalisation":
            rows["equalisations"].append(about)
    for number, (paid_on, minor, is_bgn) in enumerate(case.payments):
        rows["payments"].append(
            {
                "account": place,
                "payment_no": f"M{place}-{number}",
                "paid_on": paid_on,
                "is_note": False,
                "amount_minor": minor,
                "is_bgn": is_bgn,
                "item": -1,
            }
        )
    return range(first, len(rows["items"]))


def _add_protections(
    rows: dict[str, list[Row]], place: int, case: BoundaryCase, items: range
) -> None:
    if case.is_held:
        rows["holds"].append(
            {
                "account": place,
                "item": -1,
                "hold_no": f"H{place}",
                "reason": 0,
                "valid_from": FIRST_DAY,
            }
        )
    if case.plan:
        _add_plan(rows, place, case.plan, sum(debt.minor for debt in case.debts), items)
    for filed_on, closed_on in case.filed:
        _add_case(rows, place, filed_on, closed_on, items)


def _add_plan(
    rows: dict[str, list[Row]], place: int, plan: tuple[date, date], cents: int, items: range
) -> None:
    signed_on, due_on = plan
    number = len(rows["agreements"])
    rows["agreements"].append(
        {
            "account": place,
            "agreement_no": f"A{place}",
            "applied_on": signed_on,
            "signed_on": signed_on,
        }
    )
    rows["agreement_items"] += [{"agreement": number, "item": item} for item in items]
    rows["instalments"].append(
        {
            "agreement": number,
            "seq": 1,
            "due_on": due_on,
            "amount_minor": cents,
            "is_bgn": False,
            "amount_cents": cents,
        }
    )


def _add_case(
    rows: dict[str, list[Row]], place: int, filed_on: date, closed_on: date, items: range
) -> None:
    number = len(rows["cases"])
    rows["cases"].append(
        {
            "account": place,
            "case_no": f"C{place}-{number}",
            "filed_on": filed_on,
            "stage_on": closed_on,
            "stage": words.code(words.CASE_STAGES, "closed"),
            "outcome": words.code(words.CASE_OUTCOMES, "granted"),
        }
    )
    rows["case_items"] += [{"case": number, "item": item} for item in items]
