"""The three frames of a decision as the contract's tables.

Codes become words, days dates, places numbers and names.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.frames import Bucket, Frame, days_to_arrow
from dunning.core.words import CURRENCIES, ITEM_KINDS, PROTECTIONS, RULES, STAGES
from dunning.decisions.frames import Decision
from dunning.policy.rules import Rules

TABLES = ("classification", "open_items", "settlements")
# Columns that may be null; all others never are.
_MAY_LACK = {
    "oldest_due_on",
    "limitation_on",
    "reasons",
    "rule",
    "why_not",
    "next_stage",
    "next_on",
    "shield",
}


def decision_tables(bucket: Bucket, decision: Decision, rules: Rules) -> dict[str, pa.Table]:
    """Return `classification`, `open_items` and `settlements` (contract, section 5) of one bucket.

    Rows are sorted by premise_no, payer_code and, in an account, due_on, issued_on, invoice_no.
    """
    tables = {
        "classification": _classification(bucket, decision.accounts, rules),
        "open_items": _open_items(bucket, decision.open_items),
        "settlements": _settlements(bucket, decision.pieces),
    }
    return {name: _mark_never_null(table) for name, table in tables.items()}


def _mark_never_null(table: pa.Table) -> pa.Table:
    """Return a table with non-null columns marked so: Parquet then keeps no nulls of them."""
    schema = pa.schema([field.with_nullable(field.name in _MAY_LACK) for field in table.schema])
    return pa.Table.from_arrays(table.columns, schema=schema)


def word_column(words: tuple[str, ...], codes: npt.NDArray[np.integer]) -> pa.Array:
    """Return codes as words; a negative code and an empty word are null.

    >>> word_column(("", "court"), np.array([1, 0, -1])).to_pylist()
    ['court', None, None]
    """
    return _coded(words, codes).dictionary_decode()


def _coded(words: tuple[str, ...], codes: npt.NDArray[np.integer]) -> pa.DictionaryArray:
    """Return codes as a dictionary of words; null as in `word_column`.

    Each word is stored once: until it is written, a column of words is as small as its codes.
    """
    empty = np.array([word == "" for word in words])
    # Without the maximum, -1 would read the last word.
    missing = (codes < 0) | empty[np.maximum(codes, 0)]
    return pa.DictionaryArray.from_arrays(
        pa.array(codes, pa.int8(), mask=missing), pa.array(words, pa.string())
    )


def _classification(bucket: Bucket, accounts: Frame, rules: Rules) -> pa.Table:
    place = pa.array(accounts["account"])
    return pa.table(
        {
            "premise_no": bucket.accounts.text("premise_no").take(place),
            "payer_code": bucket.accounts.text("payer_code").take(place),
            "stage": _coded(STAGES, accounts["stage"]),
            "open_cents": accounts["open_cents"],
            "overdue_cents": accounts["overdue_cents"],
            "interest_cents": accounts["interest_cents"],
            "credit_cents": accounts["credit_cents"],
            "shielded_cents": accounts["shielded_cents"],
            "overdue_items": accounts["overdue_items"],
            "oldest_due_on": days_to_arrow(accounts["oldest_due_on"]),
            "days_overdue": accounts["days_overdue"],
            "limitation_on": days_to_arrow(accounts["limitation_on"]),
            "reasons": accounts.text("reasons"),
            "rule": accounts.text("rule"),
            "why_not": accounts.text("why_not"),
            "next_stage": _coded(STAGES, accounts["next_stage"]),
            "next_on": days_to_arrow(accounts["next_on"]),
            # One word for all rows: code 0 of a list of one.
            "policy_version": _coded((rules.version,), np.zeros(len(accounts), np.int8)),
        }
    )


def _open_items(bucket: Bucket, open_items: Frame) -> pa.Table:
    items = bucket.items.take(open_items["item"])
    account = pa.array(items["account"])
    return pa.table(
        {
            "invoice_no": items.text("invoice_no"),
            "premise_no": bucket.accounts.text("premise_no").take(account),
            "payer_code": bucket.accounts.text("payer_code").take(account),
            "kind": _coded(ITEM_KINDS, items["kind"]),
            "due_on": days_to_arrow(items["due_on"]),
            "amount_cents": open_items["amount_cents"],
            "open_cents": open_items["open_cents"],
            "interest_cents": open_items["interest_cents"],
            "days_overdue": open_items["days_overdue"],
            "shield": _coded(PROTECTIONS, open_items["shield"]),
            "limitation_on": days_to_arrow(open_items["limitation_on"]),
            "original_amount": items["amount_minor"],
            "original_currency": _coded(CURRENCIES, items["is_bgn"].astype(np.int8)),
        }
    )


def _settlements(bucket: Bucket, pieces: Frame) -> pa.Table:
    return pa.table(
        {
            "invoice_no": bucket.items.text("invoice_no").take(pa.array(pieces["item"])),
            "payment_no": bucket.payments.text("payment_no").take(pa.array(pieces["payment"])),
            "settled_on": days_to_arrow(pieces["settled_on"]),
            "amount_minor": pieces["amount_minor"],
            "currency": _coded(CURRENCIES, pieces["is_bgn"].astype(np.int8)),
            "rule": _coded(RULES, pieces["rule"]),
        }
    )
