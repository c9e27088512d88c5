"""What the oracle says, in the shape of the acceptance cases' expected files."""

from datetime import date

from tests.oracle.facts import STAGES
from tests.oracle.stages import Decision

Cells = dict[tuple[str, ...], dict[str, str]]


def cell(value: object) -> str:
    """Return a value as the expected files print it: ISO dates, whole numbers, empty for
    nothing.
    """
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def classification_cells(decisions: list[Decision]) -> Cells:
    """Return one row per account by premise and payer."""
    return {
        (d.facts.premise_no, d.facts.payer_code): {
            "stage": STAGES[d.stage],
            "open_cents": cell(d.open_cents),
            "overdue_cents": cell(d.overdue_cents),
            "interest_cents": cell(d.interest_cents),
            "credit_cents": cell(d.credit_cents),
            "shielded_cents": cell(d.shielded_cents),
            "overdue_items": cell(d.overdue_items),
            "oldest_due_on": cell(d.oldest_due_on),
            "days_overdue": cell(d.days_overdue),
            "limitation_near": "yes" if d.is_limitation_near else "",
        }
        for d in decisions
    }


def open_item_cells(decisions: list[Decision]) -> Cells:
    """Return one row per open item by invoice."""
    return {
        (i.invoice.invoice_no,): {
            "premise_no": d.facts.premise_no,
            "payer_code": d.facts.payer_code,
            "kind": i.invoice.kind,
            "due_on": cell(i.invoice.due_on),
            "open_cents": cell(i.open_cents),
            "interest_cents": cell(d.interest[i.invoice.invoice_no]),
            "limitation_on": cell(i.limitation_on),
        }
        for d in decisions
        for i in d.items
    }


def settlement_cells(decisions: list[Decision]) -> Cells:
    """Return one row per piece of accounts with something overdue, by invoice, payment and
    currency.
    """
    return {
        (p.invoice_no, p.payment_no, p.currency): {
            "settled_on": cell(p.settled_on),
            "amount_minor": cell(p.amount_minor),
        }
        for d in decisions
        if d.has_something_overdue
        for p in d.pieces
    }
