"""What accounts do shows in the ledger: seasons, changes of hands, parts, plans, and what is on the
lists.
"""

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from dunning.core.frames import frame_of
from dunning.core.ledger_tables import TABLES
from dunning.decisions.account.classify import decide_with_actions
from dunning.decisions.lists.proposals import Proposed, merge_proposed
from dunning.gateways.snapshots.snapshot_store import SnapshotStore
from dunning.jobs.nightly.classify import propose
from dunning.ledger.load import load_ledger
from dunning.policy.policies import load_policy
from dunning.sample import SampleReceipt, write_sample
from dunning.sample.flaws import FLAWS
from dunning.sample.write import AS_OF
from tests.sample.reading import read_rows

NO_ACTIONS = frame_of(
    pa.schema(
        [
            ("premise_no", pa.string()),
            ("payer_code", pa.string()),
            ("stage", pa.string()),
            ("as_of", pa.date32()),
            ("channel", pa.string()),
            ("reference", pa.string()),
            ("ledger_served_on", pa.date32()),
            ("ledger_failed_on", pa.date32()),
        ]
    ).empty_table()
)


@pytest.mark.parametrize(
    ("accounts", "table_format", "dialect"),
    [(500, "csv", "plain"), (3000, "csv.gz", "bulgaria"), (3000, "parquet", "plain")],
)
def test_the_loader_refuses_what_was_broken_and_nothing_else(
    tmp_path: Path, accounts: int, table_format: str, dialect: str
) -> None:
    told = write_sample(tmp_path / "ledger", accounts, 21, AS_OF, table_format, dialect)
    limits = load_policy().at(AS_OF).loading
    snapshot = load_ledger(
        tmp_path / "ledger", SnapshotStore(tmp_path / "snapshots"), quarantine_limits=limits
    )
    refused = pa.parquet.read_table(snapshot.folder / "quarantine.parquet")
    found = Counter(zip(refused["table"].to_pylist(), refused["reasons"].to_pylist(), strict=True))
    expected = {
        (table, reason): count
        for table, receipt in told.tables.items()
        for reason, count in receipt.refused.items()
    }
    assert found == expected


def test_at_most_one_row_in_a_hundred_is_bad(sample: SampleReceipt) -> None:
    for table, told in sample.tables.items():
        refused = sum(told.refused.values())
        assert refused <= told.rows * 0.005, table
        assert (refused > 0) == (table in FLAWS), table
    assert {table for table, told in sample.tables.items() if told.repeated} == {
        "invoices",
        "payments",
        "contacts",
        "payers",
    }


def decide_all(
    folder: Path, accounts: int, seed: int, as_of: date = AS_OF
) -> tuple[Counter[int], Proposed]:
    write_sample(folder / "ledger", accounts, seed, as_of)
    rules = load_policy().at(as_of)
    snapshot = load_ledger(
        folder / "ledger", SnapshotStore(folder / "snapshots"), quarantine_limits=rules.loading
    )
    buckets = [snapshot.read_bucket(index) for index in snapshot.buckets()]
    newest = snapshot.newest_paid_on(as_of)
    stages: Counter[int] = Counter()
    proposed = []
    for bucket in buckets:
        decision, assessment = decide_with_actions(bucket, as_of, rules, NO_ACTIONS)
        stages.update(decision.accounts["stage"].tolist())
        proposed.append(propose(bucket, decision, assessment, rules, newest))
    return stages, merge_proposed(proposed)


@pytest.mark.parametrize(
    ("seed", "as_of"), [(1, AS_OF), (2, AS_OF), (4, date(2026, 3, 31)), (5, date(2027, 6, 10))]
)
def test_every_stage_and_list_has_somebody_at_500(tmp_path: Path, seed: int, as_of: date) -> None:
    stages, proposed = decide_all(tmp_path, 500, seed, as_of)
    assert sum(stages.values()) == 500
    assert set(stages) == {0, 1, 2, 3}
    assert set(proposed["reminders"]["channel"].to_pylist()) == {"sms", "email", "post"}
    assert set(proposed["reminders"]["stage"].to_pylist()) == {"overdue", "final_warning"}
    assert len(proposed["disconnections"]) > 0
    assert set(proposed["court"]["part"].to_pylist()) == {"ready", "person"}
    assert {"no_address", "refused_evidence", "expired_only"} <= set(
        proposed["withheld"]["reason"].to_pylist()
    )


def test_most_owe_nothing(tmp_path: Path) -> None:
    stages, _ = decide_all(tmp_path, 2500, 9)
    assert 0.82 < stages[0] / 2500 < 0.90


def test_about_a_dozen_bills_and_payments_an_account(sample: SampleReceipt) -> None:
    assert 11 < sample.tables["invoices"].rows / 3000 < 14.5
    assert 10 < sample.tables["payments"].rows / 3000 < 13.5


def test_winter_costs_more(folder: Path) -> None:
    sums: dict[tuple[str, bool], list[Decimal]] = defaultdict(list)
    for row in read_rows(folder, "invoices"):
        if (
            row["kind"] in ("bill", "forecast")
            and row["currency"] == "EUR"
            and row["amount"].count(".") == 1
        ):
            sums[row["kind"], row["period_from"][5:7] in ("01", "02")].append(
                Decimal(row["amount"])
            )
    mean = {key: sum(amounts) / len(amounts) for key, amounts in sums.items()}
    assert mean["bill", True] > mean["bill", False] * Decimal("1.3")
    assert mean["forecast", True] > mean["forecast", False] * 2


def test_seasons_end_either_way(folder: Path) -> None:
    settled = [row for row in read_rows(folder, "invoices") if row["kind"] == "equalisation"]
    signs = Counter((Decimal(row["amount"]) > 0) - (Decimal(row["amount"]) < 0) for row in settled)
    assert set(signs) == {-1, 0, 1}
    assert {(row["issued_on"][5:], row["due_on"][5:]) for row in settled} == {("07-31", "09-14")}


def test_currency_follows_the_day(folder: Path) -> None:
    bad = {row["invoice_no"] for row in read_rows(folder, "invoices") if "-" in row["invoice_no"]}
    for row in read_rows(folder, "invoices"):
        if row["invoice_no"] not in bad:
            assert (row["currency"] == "BGN") == (row["issued_on"] < "2026-01-01")
    days = [
        row["paid_on"]
        for row in read_rows(folder, "payments")
        if row["currency"] == "BGN" and "-" not in row["payment_no"]
    ]
    assert max(days) < "2026-02-01"
    assert any(day >= "2026-01-01" for day in days)


def test_lines_sum_to_their_bill(folder: Path) -> None:
    bills = {row["invoice_no"]: row["amount"] for row in read_rows(folder, "invoices")}
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in read_rows(folder, "invoice_lines"):
        if row["invoice_no"] in bills and row["seq"] != "99":
            sums[row["invoice_no"]] += Decimal(row["amount"])
    assert len(sums) > 2000
    assert {number: str(total) for number, total in sums.items()} == {
        number: bills[number] for number in sums
    }


def test_vat_is_a_fifth_of_the_lines_before_it_and_each_line_is_its_quantity_at_its_price(
    folder: Path,
) -> None:
    lines: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in read_rows(folder, "invoice_lines"):
        if row["seq"].isdigit() and row["seq"] != "99" and "-" not in row["invoice_no"]:
            lines[row["invoice_no"]].append(row)
    with_vat = [
        rows for rows in lines.values() if any(row["label"].startswith("ДДС") for row in rows)
    ]
    assert len(with_vat) > 1000
    for *before, vat in with_vat:
        net = sum(Decimal(row["amount"]) for row in before)
        assert abs(Decimal(vat["amount"]) - net / 5) < Decimal("0.011")
        for row in before:
            priced = Decimal(row["quantity"]) * Decimal(row["unit_price"])
            assert abs(priced - Decimal(row["amount"])) < Decimal("0.006")


def test_nobody_is_written_to_before_his_first_bill_was_due(folder: Path) -> None:
    first: dict[str, str] = {}
    for row in read_rows(folder, "invoices"):
        if "-" not in row["invoice_no"] and row["kind"] != "credit_note":
            first[row["premise_no"]] = min(first.get(row["premise_no"], "9999"), row["due_on"])
    sent = [row for row in read_rows(folder, "notices") if row["premise_no"] in first]
    assert len(sent) > 200
    assert [row for row in sent if row["sent_on"] <= first[row["premise_no"]]] == []


def test_a_route_has_many_homes_not_one(folder: Path) -> None:
    homes = Counter((row["district"], row["route"]) for row in read_rows(folder, "premises"))
    assert sorted(homes.values())[len(homes) // 2] > 30


def test_all_that_can_happen_happens(folder: Path) -> None:
    invoices, payments = read_rows(folder, "invoices"), read_rows(folder, "payments")
    assert {row["kind"] for row in invoices} >= {
        "bill",
        "forecast",
        "equalisation",
        "share_fee",
        "fee",
        "interest_note",
        "adjudged",
        "adjudged_interest",
        "court_costs",
        "credit_note",
    }
    assert any(row["refers_to"] for row in invoices)
    assert any(row["reverses"] for row in payments if "-" not in row["payment_no"])
    written = {
        tuple(bool(row[name]) for name in ("premise_no", "payer_code", "invoice_no"))
        for row in payments
    }
    assert written >= {
        (True, True, True),
        (True, True, False),
        (False, True, False),
        (True, False, False),
        (False, False, True),
    }
    tenancies = read_rows(folder, "tenancies")
    assert {row["share"] for row in tenancies} == {"", "5/6", "1/6"}
    assert any(row["valid_until"] for row in tenancies)
    assert {row["reason"] for row in read_rows(folder, "holds")} >= {
        "dispute",
        "complaint",
        "deceased",
        "insolvency",
    }
    assert {row["stage"] for row in read_rows(folder, "notices")} >= {
        "overdue",
        "final_warning",
        "disconnection",
    }
    assert {row["stage"] for row in read_rows(folder, "court_cases")} >= {
        "filed",
        "order_issued",
        "closed",
    }
    assert {row["signed_on"] == "" for row in read_rows(folder, "agreements")} == {True, False}


def test_a_handful_of_accounts_is_a_ledger_too(tmp_path: Path) -> None:
    for accounts in (1, 2, 3, 7, 55):
        out = tmp_path / str(accounts)
        write_sample(out, accounts, 5)
        assert (
            len({(row["premise_no"], row["payer_code"]) for row in read_rows(out, "tenancies")})
            == accounts
        )
        assert {path.name for path in out.iterdir()} == {f"{table}.csv" for table in TABLES} | {
            "manifest.json"
        }
        assert b"\0" not in b"".join(path.read_bytes() for path in out.iterdir())
