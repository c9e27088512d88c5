"""Good rows to be damaged, each under its own key and named by nobody else, and the small ledger
around them.
"""

from collections.abc import Callable
from datetime import date

from dunning.core.ledger_tables import TABLES
from tests.oracle.door.rows import KnownRows

Row = dict[str, str]

_BILL = {
    "premise_no": "2",
    "payer_code": "B",
    "kind": "bill",
    "period_from": "2026-03-01",
    "period_to": "2026-03-31",
    "issued_on": "2026-04-05",
    "due_on": "2026-05-15",
    "amount": "12.50",
    "currency": "EUR",
}
_OLD_BILL = _BILL | {
    "period_from": "2025-03-01",
    "period_to": "2025-03-31",
    "issued_on": "2025-04-05",
    "due_on": "2025-05-15",
    "currency": "BGN",
}
_PAID = {
    "premise_no": "1",
    "payer_code": "A",
    "invoice_no": "I1",
    "paid_on": "2026-06-01",
    "amount": "3.20",
    "currency": "EUR",
    "channel": "bank",
}
_BACK = {"paid_on": "2026-06-09", "amount": "-3.20", "currency": "EUR"}

# Every table's good rows by the name of the variety; `{n}` is the row's own number.
VARIETIES: dict[str, dict[str, Row]] = {
    "premises": {
        "": {
            "premise_no": "Q{n}",
            "service": "electricity",
            "district": "Изток",
            "route": "03",
            "address": "ул. Роза {n}",
            "settlement": "София",
            "postcode": "1000",
            "meter_no": "M{n}",
            "disconnectable": "1",
            "vulnerable": "не",
            "life_support": "false",
        }
    },
    "payers": {
        "": {
            "payer_code": "Z{n}",
            "kind": "person",
            "name": "Росица Мнима",
            "national_id": "0006181014",
            "postal_address": "ул. Мак 1",
            "postal_settlement": "Русе",
            "postal_postcode": "7000",
            "language": "bg",
            "vulnerable": "no",
            "life_support": "0",
        }
    },
    "tenancies": {
        "": {
            "premise_no": "T{n}",
            "payer_code": "W",
            "valid_from": "2020-01-01",
            "valid_until": "2024-01-01",
            "share": "1/2",
        }
    },
    "invoices": {
        name: {"invoice_no": "N{n}", **cells}
        for name, cells in {
            "bill": _BILL,
            "lev bill": _OLD_BILL,
            "forecast": _BILL | {"kind": "forecast", "refers_to": "nothing"},
            "credit note": _BILL | {"kind": "credit_note", "amount": "-4", "refers_to": "I2"},
            "nobody's bill": _BILL | {"payer_code": ""},
            "payout": _BILL | {"kind": "payout", "due_on": _BILL["issued_on"]},
        }.items()
    },
    "payments": {
        name: {"payment_no": "P{n}", **cells}
        for name, cells in {
            "euro": _PAID,
            "lev": _PAID | {"paid_on": "2025-06-01", "currency": "BGN"},
            "premise alone": _PAID | {"payer_code": "", "invoice_no": ""},
            "payer alone": _PAID | {"premise_no": "", "invoice_no": "elsewhere"},
            "invoice alone": _PAID | {"premise_no": "", "payer_code": ""},
            "reversal": _PAID | _BACK | {"reverses": "R{n}"},
            "bare reversal": _BACK | {"reverses": "R{n}"},
        }.items()
    },
    "invoice_lines": {
        "": {
            "invoice_no": "I1",
            "seq": "{n}",
            "label": "Енергия {n}",
            "unit": "kWh",
            "quantity": "100",
            "unit_price": "0,1",
            "amount": "10.00",
        }
    },
    "contacts": {
        "": {
            "payer_code": "A",
            "channel": "email",
            "address": "x{n}@example.bg",
            "registered_at": "2026-01-01 10:00:00",
            "revoked_at": "2026-02-01T08:30",
            "source": "desk",
        }
    },
    "agreements": {
        "": {
            "agreement_no": "L{n}",
            "premise_no": "1",
            "payer_code": "A",
            "applied_on": "2026-05-20",
            "contacted_on": "2026-05-21",
            "signed_on": "2026-05-25",
            "cancelled_on": "2026-07-01",
        }
    },
    "agreement_items": {"": {"agreement_no": "G1", "invoice_no": "J{n}"}},
    "instalments": {
        "": {
            "agreement_no": "G1",
            "seq": "{n}",
            "due_on": "2026-06-20",
            "amount": "{n}.10",
            "currency": "EUR",
        }
    },
    "holds": {
        "": {
            "hold_no": "H{n}",
            "premise_no": "1",
            "payer_code": "A",
            "invoice_no": "I1",
            "reason": "dispute",
            "valid_from": "2026-05-01",
            "valid_until": "2026-09-01",
            "author": "Отдел",
            "note": "жалба",
        },
        "lone": {
            "hold_no": "H{n}",
            "invoice_no": "I1",
            "reason": "manual",
            "valid_from": "2026-05-01",
        },
    },
    "notices": {
        "": {
            "notice_no": "O{n}",
            "premise_no": "1",
            "payer_code": "A",
            "stage": "overdue",
            "channel": "post",
            "sent_on": "2026-05-20",
            "served_on": "2026-05-25",
            "failed_on": "2026-05-26",
        }
    },
    "court_cases": {
        "": {
            "case_no": "K{n}",
            "premise_no": "1",
            "payer_code": "A",
            "filed_on": "2026-05-20",
            "stage": "closed",
            "stage_on": "2026-06-20",
            "outcome": "paid",
        }
    },
    "court_case_items": {"": {"case_no": "C1", "invoice_no": "J{n}"}},
}

_STANDING: dict[str, list[Row]] = {
    "premises": [{"premise_no": "1"}, {"premise_no": "2"}],
    "payers": [{"payer_code": code} for code in "ABW"],
    "tenancies": [
        {"premise_no": premise, "payer_code": payer, "valid_from": "2000-01-01", "valid_until": ""}
        for premise, payer in ("1A", "2B")
    ],
    "invoices": [
        {"invoice_no": "I1", "premise_no": "1", "payer_code": "A"},
        {"invoice_no": "I2"},
        _OLD_BILL | {"invoice_no": "IL", "premise_no": "1", "payer_code": "A"},
    ],
    "payments": [_PAID | {"payment_no": "PL", "paid_on": "2025-07-01", "currency": "BGN"}],
    "agreements": [{"agreement_no": "G1"}],
    "court_cases": [{"case_no": "C1"}],
}
_BESIDE: dict[tuple[str, str], Callable[[int], tuple[str, Row]]] = {
    ("tenancies", ""): lambda n: ("premises", {"premise_no": f"T{n}"}),
    ("payments", "reversal"): lambda n: ("payments", {"payment_no": f"R{n}"}),
    ("payments", "bare reversal"): lambda n: ("payments", {"payment_no": f"R{n}"}),
    ("agreement_items", ""): lambda n: (
        "invoices",
        {"invoice_no": f"J{n}", "premise_no": "1", "payer_code": "A"},
    ),
    ("court_case_items", ""): lambda n: (
        "invoices",
        {"invoice_no": f"J{n}", "premise_no": "1", "payer_code": "A"},
    ),
}


def good_row(table: str, variety: str, n: int) -> Row:
    """Return the n-th good row of a variety, all columns of the table."""
    given = VARIETIES[table][variety]
    return {name: given.get(name, "").replace("{n}", str(n)) for name in TABLES[table].names}


def standing_rows() -> dict[str, list[Row]]:
    """Return the rows that always stand: two accounts (1 A) and (2 B), an invoice in BGN, an
    agreement, a case.
    """
    return {
        table: [
            good_row(table, next(iter(VARIETIES[table])), 0) | row
            for row in _STANDING.get(table, [])
        ]
        for table in TABLES
    }


def rows_beside(table: str, variety: str, n: int) -> list[tuple[str, Row]]:
    """Return the good rows of other keys that the n-th row of a variety needs: (table, row)."""
    if (table, variety) not in _BESIDE:
        return []
    other, cells = _BESIDE[table, variety](n)
    return [(other, good_row(other, next(iter(VARIETIES[other])), n) | cells)]


def standing_world() -> KnownRows:
    """Return what the standing rows amount to."""
    mine = ("1", "A")
    return KnownRows(
        premises={"1", "2"},
        payers={"A", "B", "W"},
        accounts={
            ("invoice_no", "I1"): mine,
            ("invoice_no", "IL"): mine,
            ("invoice_no", "I2"): ("2", "B"),
            ("agreement_no", "G1"): mine,
            ("case_no", "C1"): mine,
        },
        payments={"PL": (mine, 320, "BGN")},
        tenants={"1": ("A", date(2000, 1, 1)), "2": ("B", date(2000, 1, 1))},
        lev_bills={"IL"},
    )


def enter_beside(world: KnownRows, table: str, row: Row) -> None:
    """Add a row of `rows_beside` to what stands."""
    if table == "premises":
        world.premises.add(row["premise_no"])
    elif table == "invoices":
        world.accounts["invoice_no", row["invoice_no"]] = ("1", "A")
    else:
        world.payments[row["payment_no"]] = (("1", "A"), 320, "EUR")
