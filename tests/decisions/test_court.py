"""The court list: one case per account, its sums, its items, and what a person must look at."""

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dunning.core.frames import Frame
from dunning.decisions.lists.court import propose_court, state_fee
from dunning.decisions.lists.court_items import write_segments
from dunning.policy.policies import load_policy
from tests.decisions.evidence import AS_OF, Evidence, day

RULES = load_policy().at(AS_OF)


def segment(
    item: int, first: str, last: str, rate: str, principal: int, is_bgn: bool = False
) -> tuple:
    return item, day(first), day(last), day(last) - day(first) + 1, rate, principal, is_bgn


def frame_of_segments(*rows: tuple) -> Frame:
    item, first, last, days, rate, principal, is_bgn = (
        zip(*rows, strict=True) if rows else ((),) * 7
    )
    return Frame(
        {
            "item": np.array(item, np.int32),
            "from_on": np.array(first, np.int32),
            "to_on": np.array(last, np.int32),
            "days": np.array(days, np.int32),
            "rate_percent": pa.array(rate, pa.string()),
            "principal_minor": np.array(principal, np.int64),
            "is_bgn": np.array(is_bgn, np.bool_),
        }
    )


def sued(service: str = "electricity", identifier: str = "ok", **account: Any) -> Evidence:
    """250,00 due on 14.09.2025 with 31,91 of interest, last warned by letter, served on
    01.10.2026.
    """
    evidence = Evidence()
    evidence.premise(service=service)
    evidence.payer(identifier=identifier)
    evidence.account(stage="court_bound", **account)
    evidence.item(
        0,
        25_000,
        "2025-09-14",
        interest_cents=3191,
        limitation_on="2028-09-15",
        issued_on=date(2025, 7, 31),
        period_from=date(2025, 6, 1),
        period_to=date(2025, 6, 30),
    )
    evidence.notice(0, "final_warning", "2026-09-28", "2026-10-01")
    return evidence


def propose(evidence: Evidence, *segments: tuple) -> dict[str, list[dict[str, Any]]]:
    proposed = propose_court(
        evidence.bucket,
        evidence.decision,
        RULES,
        evidence.history,
        lambda items: frame_of_segments(*segments),
    )
    return {name: table.to_pylist() for name, table in proposed.items()}


def reasons(evidence: Evidence) -> str:
    case = propose(evidence)["court"][0]
    assert case["part"] == ("person" if case["person_reasons"] else "ready")
    return case["person_reasons"]


def test_a_case() -> None:
    segments = (
        segment(0, "2025-09-15", "2025-12-31", "11,91", 25_000),
        segment(0, "2026-01-01", "2026-11-22", "10,15", 25_000),
    )
    expected = {
        "case_ref": "C-20261122-0012344217-900000000001",
        "part": "ready",
        "person_reasons": "",
        "premise_no": "0012344217",
        "payer_code": "900000000001",
        "kind": "person",
        "name": "Проба Пробова",
        "national_id": "7523169263",
        "share": "1",
        "premise_address": "ул. Явор 3, 1324 София",
        "postal_address": "ул. Явор 3, 1324 София",
        "service": "electricity",
        "principal_cents": 25_000,
        "interest_cents": 3191,
        "interest_from": date(2025, 9, 15),
        "interest_to": AS_OF,
        "state_fee_cents": 1278,
        "total_cents": 29_469,
        "items": 1,
        "oldest_due_on": date(2025, 9, 14),
        "limitation_on": date(2028, 9, 15),
        "warned_on": date(2026, 10, 1),
        "warned_by": "post",
    }

    assert [expected] == propose(sued(), *segments)["court"]


def test_its_items() -> None:
    # 108 days x 11,91 % of 250,00 = 8,9325; 326 days x 10,15 % = 22,97847..., rounded half-up.
    segments = (
        segment(0, "2025-09-15", "2025-12-31", "11,91", 25_000),
        segment(0, "2026-01-01", "2026-11-22", "10,15", 25_000),
    )
    expected = {
        "case_ref": "C-20261122-0012344217-900000000001",
        "invoice_no": "F1",
        "kind": "bill",
        "period_from": date(2025, 6, 1),
        "period_to": date(2025, 6, 30),
        "issued_on": date(2025, 7, 31),
        "due_on": date(2025, 9, 14),
        "open_cents": 25_000,
        "original_minor": 25_000,
        "original_currency": "EUR",
        "interest_cents": 3191,
        "equalisation_no": None,
        "limitation_on": date(2028, 9, 15),
        "interest_segments": "15.09.2025–31.12.2025: 108 × 11,91 % × 250,00 EUR = 8,9325; "
        "01.01.2026–22.11.2026: 326 × 10,15 % × 250,00 EUR = 22,9785",
    }

    assert [expected] == propose(sued(), *segments)["court_items"]


def test_only_items_of_the_stage_are_claimed() -> None:
    evidence = sued()
    evidence.item(0, 9999, "2026-10-01", is_in_stage=False, interest_cents=500)
    proposed = propose(evidence)
    case = proposed["court"][0]

    assert (25_000, 3191, 1) == (case["principal_cents"], case["interest_cents"], case["items"])
    assert ["F1"] == [row["invoice_no"] for row in proposed["court_items"]]


def test_no_other_stage_is_sued() -> None:
    evidence = sued()
    evidence.stages[0] = "final_warning"

    assert {"court": [], "court_items": [], "withheld": []} == propose(evidence)


def test_refused_evidence_withholds_the_case_and_its_items() -> None:
    expected = {
        "list": "court",
        "premise_no": "0012344217",
        "payer_code": "900000000001",
        "stage": "court_bound",
        "principal_cents": 25_000,
        "reason": "refused_evidence",
    }

    assert {"court": [], "court_items": [], "withheld": [expected]} == propose(
        sued(is_refused=True)
    )


@pytest.mark.parametrize(
    ("claim", "fee"),
    [
        (10_000, 1278),
        (63_900, 1278),
        (63_925, 1279),
        (63_924, 1278),
        (100_000, 2000),
        (123_475, 2470),
    ],
)
def test_state_fee_is_two_percent_and_at_least_12_78(claim: int, fee: int) -> None:
    assert Decimal("2.00") == RULES.court.state_fee_percent
    assert [fee] == state_fee(np.array([claim]), RULES.court).tolist()


@pytest.mark.parametrize(
    ("identifier", "expected"), [("missing", "missing_identifier"), ("wrong", "bad_identifier")]
)
def test_an_identifier_that_a_court_would_refuse_needs_a_person(
    identifier: str, expected: str
) -> None:
    assert expected == reasons(sued(identifier=identifier))


def test_nowhere_to_serve_the_order() -> None:
    assert "no_address" == reasons(sued(tenancy="2015-01-01/2026-01-01"))


def test_a_payer_who_never_had_a_tenancy() -> None:
    evidence = sued(tenancy=None)
    evidence.rows["payers"][0]["postal_address"] = "бул. Рила 5"

    assert "no_tenancy" == reasons(evidence)


@pytest.mark.parametrize(
    ("service", "cents", "expected"),
    [
        ("electricity", 1_278_230 - 3191, ""),
        ("electricity", 1_278_231 - 3191, "above_order_ceiling"),
        ("heat", 5_000_000, ""),
    ],
)
def test_the_ceiling_of_an_order_for_payment(service: str, cents: int, expected: str) -> None:
    evidence = sued(service)
    evidence.open[0]["open_cents"] = cents

    assert expected == reasons(evidence)


def test_near_limitation_and_never_warned() -> None:
    evidence = sued()
    evidence.open[0]["is_named_by_final_warning"] = False
    evidence.sent.clear()
    case = propose(evidence)["court"][0]

    assert ("person", "limitation_near_unwarned", None, None) == tuple(
        case[name] for name in ("part", "person_reasons", "warned_on", "warned_by")
    )


@pytest.mark.parametrize(
    ("hold", "expected"), [("deceased", "deceased"), ("insolvency", "insolvency"), ("dispute", "")]
)
def test_a_hold_on_another_item_that_says_something_about_the_payer(
    hold: str, expected: str
) -> None:
    evidence = sued()
    other = evidence.item(0, 100, "2026-10-01", is_in_stage=False)
    evidence.hold(0, hold, item=other)

    assert expected == reasons(evidence)


def test_all_reasons_sorted() -> None:
    evidence = sued(identifier="missing", tenancy=None)
    evidence.open[0]["open_cents"] = 2_000_000

    assert "above_order_ceiling missing_identifier no_address no_tenancy" == reasons(evidence)


def test_the_share_of_the_latest_tenancy_is_printed_and_splits_nothing() -> None:
    evidence = sued(share="1/2", tenancy="2015-01-01/2020-01-01")
    evidence.add("tenancies", account=0, valid_from=date(2020, 1, 1), valid_until=None, share="5/6")
    evidence.add("tenancies", account=0, valid_from=date(2027, 1, 1), valid_until=None, share="1")
    case = propose(evidence)["court"][0]

    assert ("5/6", 25_000) == (case["share"], case["principal_cents"])


def test_the_bill_that_settled_a_forecast_is_named() -> None:
    evidence = sued("heat")
    evidence.item(0, 5000, "2025-01-14", "forecast", season=2024)
    evidence.item(0, 5000, "2026-01-14", "forecast", season=2025)
    bills = {
        "E1": (2023, "2024-07-31"),
        "E2": (2024, "2025-07-31"),
        "E3": (2024, "2025-08-31"),
        "E4": (2025, "2026-11-23"),
    }
    for number, (season, issued) in bills.items():
        on = date.fromisoformat(issued)
        evidence.add(
            "equalisations", account=0, season=season, invoice_no=number, issued_on=on, due_on=on
        )

    assert [None, "E2", None] == [
        row["equalisation_no"] for row in propose(evidence)["court_items"]
    ]


def test_segments_before_the_changeover_stand_in_leva() -> None:
    # 488,96 лв. / 1,95583 x 11,91 % x 108 / 360 = 8,9324...; an item without segments stays empty.
    segments = frame_of_segments(
        segment(7, "2026-01-01", "2026-06-30", "10,15", 25_000),
        segment(4, "2025-09-15", "2025-12-31", "11,91", 48_896, True),
    )

    assert [
        "",
        "01.01.2026–30.06.2026: 181 × 10,15 % × 250,00 EUR = 12,7580",
        "15.09.2025–31.12.2025: 108 × 11,91 % × 488,96 BGN = 8,9325",
    ] == write_segments(segments, np.array([1, 7, 4]), 360).to_pylist()


def test_a_year_of_365_days_is_exact_too() -> None:
    segments = frame_of_segments(segment(0, "2025-09-15", "2025-12-31", "11,9125", 48_896, True))
    exact = Decimal(48896) / Decimal("1.95583") * Decimal("11.9125") * 108 / 36500 / 100

    written = write_segments(segments, np.array([0]), 365)[0].as_py()

    assert f"{exact:.4f}".replace(".", ",") == written.split(" ")[-1]
