"""Rows of a store as tests need them, and a close begun or ended in one call."""

import datetime

import pyarrow as pa

from dunning.gateways.store.closing import CLOSE, ClosingRows, begin_close
from dunning.gateways.store.outbox import end, fetch_intents
from dunning.gateways.store.rows import ACTIONS, DECISIONS, PROPOSALS
from dunning.gateways.store.runs import (
    start_run,
)

MONDAY, TUESDAY, WEDNESDAY = (datetime.date(2026, 11, day) for day in (23, 24, 25))


def decisions_of(*accounts, open_cents=12_345):
    row = {
        "stage": "overdue",
        "open_cents": open_cents,
        "overdue_cents": 10_000,
        "interest_cents": 55,
        "credit_cents": 0,
        "shielded_cents": 0,
        "overdue_items": 2,
        "oldest_due_on": datetime.date(2026, 9, 1),
        "days_overdue": 83,
        "limitation_on": datetime.date(2029, 9, 2),
        "reasons": "overdue_notice_missing",
        "why_not": "not_warned",
        "rule": "stages.overdue",
        "next_stage": None,
        "next_on": None,
        "policy_version": "2026-01-01-abcdef12",
    }
    rows = [row | {"premise_no": premise, "payer_code": "0007"} for premise in accounts]
    return pa.Table.from_pylist(
        rows, pa.schema([field for field in DECISIONS if field.name != "as_of"])
    )


def proposals_of(*accounts):
    rows = [
        {
            "list": "reminders",
            "premise_no": premise,
            "payer_code": "0007",
            "stage": "overdue",
            "channel": "sms",
            "principal_cents": 10_000,
            "total_cents": 10_000,
            "state": "released",
            "reason": None,
            "reference": f"R-{premise}",
        }
        for premise in accounts
    ]
    return pa.Table.from_pylist(
        rows, pa.schema([field for field in PROPOSALS if field.name != "as_of"])
    )


def deeds_of(*references, principal_cents=10_000):
    rows = [
        {
            "premise_no": reference.split("-")[1],
            "payer_code": "0007",
            "stage": "overdue",
            "channel": "sms",
            "reference": reference,
            "principal_cents": principal_cents,
        }
        for reference in references
    ]
    return pa.Table.from_pylist(
        rows, pa.schema([field for field in ACTIONS if field.name != "as_of"])
    )


def books_of(day, *accounts):
    return ClosingRows(
        decisions_of(*accounts),
        proposals_of(*accounts),
        deeds_of(*(f"R{day.day}-{a}" for a in accounts)),
    )


def begin(engine, day, *accounts):
    run_id = start_run(engine, day, is_recording=True)
    begin_close(engine, run_id, f"manifest of {day}", books_of(day, *accounts))
    return run_id


def close(engine, day, *accounts):
    run_id = begin(engine, day, *accounts)
    finish(engine)
    return run_id


def finish(engine):
    (intent,) = fetch_intents(engine, CLOSE)
    end(engine, intent, is_out=True)


def withdraw(engine):
    (intent,) = fetch_intents(engine, CLOSE)
    end(engine, intent, is_out=False)


def accounts_of(table):
    return table["premise_no"].to_pylist()
