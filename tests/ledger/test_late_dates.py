"""A year that must be mistyped is refused where the extract names its day, and counted where it
does not.
"""

import json
from datetime import date
from pathlib import Path

import pytest

from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.gateways.snapshots.snapshot_store import SnapshotStore
from dunning.jobs.nightly.extract_warnings import warn_of_late_dates
from dunning.ledger.check.late_dates import rows_after
from dunning.ledger.load import load_ledger
from tests.ledger.extracts import Extract, Limits, flagged, refused

AS_OF = date(2026, 11, 22)


def load_told(extract: Extract, tmp_path: Path, **more: object) -> Snapshot:
    folder = extract.write(tmp_path / "ledger")
    told = {"as_of": AS_OF.isoformat(), "tables": {}, **more}
    (folder / "manifest.json").write_text(json.dumps(told))
    return load_ledger(folder, SnapshotStore(tmp_path / "snapshots"), quarantine_limits=Limits())


def mistyped() -> Extract:
    return (
        Extract()
        .add("invoices", invoice_no="I1", premise_no="1", payer_code="A")
        .add(
            "invoices",
            invoice_no="I2",
            premise_no="2",
            payer_code="B",
            issued_on="2026-11-30",
            due_on="2026-12-30",
        )
        .add("payments", payment_no="P1", premise_no="1", payer_code="A", paid_on="2062-11-02")
        .add("payments", payment_no="P2", premise_no="2", payer_code="B", paid_on="2026-11-29")
        .add("payments", payment_no="P3", premise_no="3", paid_on="2026-11-30")
        .add("holds", hold_no="H1", premise_no="3", valid_from="2062-10-01")
        .add("holds", hold_no="H2", premise_no="2", valid_from="2027-01-10")
        .add("notices", notice_no="N1", premise_no="1", payer_code="A", sent_on="2027-05-20")
        .add(
            "court_cases",
            case_no="C1",
            premise_no="1",
            payer_code="A",
            filed_on="2027-05-20",
            stage_on="2027-05-20",
        )
    )


def test_with_a_manifest_a_day_long_after_it_is_no_day_and_whom_it_concerns_is_told(
    tmp_path: Path,
) -> None:
    snapshot = load_told(mistyped(), tmp_path)
    assert refused(snapshot) == {
        "invoices I2": "bad_date",
        "payments P1": "bad_date",
        "payments P3": "bad_date",
        "holds H1": "bad_date",
        "notices N1": "bad_date",
        "court_cases C1": "bad_date",
    }
    assert {"1A", "3B"} <= set(flagged(snapshot))
    assert warn_of_late_dates(snapshot, AS_OF) == []


def test_a_day_that_was_only_asked_of_a_database_refuses_nothing(tmp_path: Path) -> None:
    snapshot = load_told(mistyped(), tmp_path, as_of_is_asked=True)
    assert refused(snapshot) == {}


def test_without_a_manifest_such_days_are_counted_in_a_warning(tmp_path: Path) -> None:
    snapshot = (
        mistyped()
        .add("payments", payment_no="P4", payer_code="A", paid_on="2062-11-02")
        .load(tmp_path)
    )
    assert refused(snapshot) == {}
    assert warn_of_late_dates(snapshot, AS_OF) == [
        "Вероятно сгрешена година: 1 фактура, 2 плащания, 1 задържане с дата дълго след 22.11.2026 г. Нищо от "
        "това не се зачита преди датата си; проверете в изходната система."
    ]
    assert warn_of_late_dates(snapshot, date(2062, 12, 1)) == []


@pytest.mark.parametrize(
    ("as_of", "rows"),
    [(date(2026, 4, 1), 3), (date(2026, 6, 1), 1), (date(2061, 12, 25), 0), (date(2062, 1, 1), 0)],
)
def test_the_first_gap_after_the_day_counts(as_of: date, rows: int) -> None:
    assert rows_after([("2026-05-20", 3), ("2062-01-01", 1)], as_of, 7) == rows


@pytest.mark.parametrize(
    ("table", "cells"),
    [
        ("holds", {"hold_no": "H1", "premise_no": "1"}),
        ("tenancies", {"premise_no": "1", "payer_code": "B"}),
    ],
)
@pytest.mark.parametrize(
    ("until", "reasons"),
    [
        ("2025-12-31", "bad_value"),
        ("2026-10-01", "bad_value"),
        ("2026-10-02", ""),
        ("", ""),
        ("31.12.9999 г.", ""),
        ("2999-12-31 00:00:00", ""),
        ("NULL", ""),
    ],
)
def test_an_interval_without_a_day_is_a_mistake(
    tmp_path: Path, table: str, cells: dict[str, str], until: str, reasons: str
) -> None:
    snapshot = (
        Extract().add(table, **cells, valid_from="1.10.2026 г.", valid_until=until).load(tmp_path)
    )
    assert list(refused(snapshot).values()) == ([reasons] if reasons else [])
    assert ("1A" in flagged(snapshot)) is (bool(reasons) and table == "holds")


def test_an_amount_in_another_currency_than_its_row_or_its_bill_is_bad(tmp_path: Path) -> None:
    extract = Extract()
    for number, amount in enumerate(("10 €", "10 лв.", "(0) EUR")):
        extract.add(
            "invoices", invoice_no=f"I{number}", premise_no="1", payer_code="A", amount=amount
        )
        extract.add("invoice_lines", invoice_no="I0", seq=str(number), amount=amount)
    assert refused(extract.load(tmp_path)) == {
        "invoices I1": "bad_value",
        "invoice_lines I0": "bad_value",
    }
