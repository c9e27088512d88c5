"""A night of the sample: its files are what the contract says, and its numbers add up."""

import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dunning.core.errors import DunningError
from dunning.jobs.records.history import History
from tests.jobs.nights import AS_OF, Night, hashes, nightly, read_csv

LISTS = (
    "reminders/sms",
    "reminders/email",
    "reminders/post",
    "disconnections",
    "court",
    "court_items",
    "withheld",
    "quarantine",
)
TABLES = ("classification", "open_items", "settlements")
COLUMNS = {
    "classification": "premise_no payer_code stage open_cents overdue_cents interest_cents credit_cents shielded_cents "
    "overdue_items oldest_due_on days_overdue limitation_on reasons next_stage next_on policy_version",
    "open_items": "invoice_no premise_no payer_code kind due_on amount_cents open_cents interest_cents days_overdue "
    "shield limitation_on original_amount original_currency",
    "settlements": "invoice_no payment_no settled_on amount_minor currency rule",
    "reminders/sms": "reference premise_no payer_code stage address subject text overdue segments",
    "disconnections": "district route premise_no payer_code meter_no address overdue oldest_due_on warned_on "
    "not_before not_after reason",
    "court": "case_ref part person_reasons premise_no payer_code kind name national_id share premise_address "
    "postal_address service principal interest interest_from interest_to state_fee total items oldest_due_on "
    "limitation_on warned_on warned_by",
    "court_items": "case_ref invoice_no kind period_from period_to issued_on due_on open original_amount "
    "original_currency interest interest_segments equalisation_no limitation_on",
    "withheld": "list premise_no payer_code stage overdue reason",
    "quarantine": "table file line reasons row cells",
}
SUMS = ("open_cents", "overdue_cents", "interest_cents", "credit_cents", "shielded_cents")
STAGES = ("current", "overdue", "final_warning", "court_bound")


def cents(amount: str) -> int:
    """Return the cents of an amount as the lists print it.

    >>> cents("-1234,05")
    -123405
    """
    whole, _, rest = amount.partition(",")
    assert len(rest) == 2
    return int(whole + rest)


def table(night: Night, name: str) -> list[dict]:
    """Return the rows of one of a night's Parquet files."""
    return pq.read_table(night.folder / f"{name}.parquet").to_pylist()


def test_the_manifest_names_every_file_and_its_content(sample_night: Night) -> None:
    found = hashes(sample_night.folder)
    del found["manifest.json"]

    assert sample_night.manifest["files"] == found
    ends = ("csv", "parquet", "xlsx")
    assert set(found) == {f"{n}.parquet" for n in TABLES} | {
        f"{n}.{end}" for n in LISTS for end in ends
    }


def test_all_is_for_its_owner_alone(sample_night: Night) -> None:
    paths = [sample_night.folder, *sample_night.folder.rglob("*")]
    modes = {path: path.stat().st_mode & 0o777 for path in paths}

    assert modes == {path: 0o700 if path.is_dir() else 0o600 for path in paths}


@pytest.mark.parametrize("name", COLUMNS)
def test_the_columns_are_those_of_the_contract(name: str, sample_night: Night) -> None:
    if name in TABLES:
        found = pq.read_schema(sample_night.folder / f"{name}.parquet").names
        assert [column for column in COLUMNS[name].split() if column not in found] == []
    else:
        head = (sample_night.folder / f"{name}.csv").read_bytes().split(b"\r\n")[0]
        assert head.decode("utf-8") == "\ufeff" + ";".join(COLUMNS[name].split())


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_csv_as_excel_in_bulgaria_opens_it(name: str, sample_night: Night) -> None:
    content = (sample_night.folder / f"{name}.csv").read_bytes()
    rows = read_csv(sample_night.folder / f"{name}.csv")

    assert content.startswith(b"\xef\xbb\xbf") and content.endswith(b"\r\n")
    assert sample_night.manifest["lists"][name]["rows"] == len(rows) > 0
    assert [row for row in rows if None in row or None in row.values()] == []
    assert [
        cell for row in rows for cell in row.values() if cell[:1] in ("=", "@") or cell[:1] == "\t"
    ] == []


@pytest.mark.parametrize(
    ("name", "column"),
    [
        (n, {"court": "total", "court_items": "open"}.get(n, "overdue"))
        for n in LISTS
        if n != "quarantine"
    ],
)
def test_the_sums_of_the_lists_are_those_of_their_rows(
    name: str, column: str, sample_night: Night
) -> None:
    total = sum(cents(row[column]) for row in sample_night.csv(name))

    assert sample_night.manifest["lists"][name]["cents"] == total > 0


def test_every_account_stands_in_exactly_one_stage(sample_night: Night) -> None:
    accounts = table(sample_night, "classification")
    keys = [(row["premise_no"], row["payer_code"]) for row in accounts]
    stages = {
        stage: {"accounts": len(of), **{name: sum(row[name] for row in of) for name in SUMS}}
        for stage in STAGES
        if (of := [row for row in accounts if row["stage"] == stage])
    }

    assert len(set(keys)) == len(keys) > 490
    assert sample_night.manifest["stages"] == stages
    assert {row["stage"] for row in accounts} == set(STAGES)


def test_open_items_are_what_the_accounts_owe(sample_night: Night) -> None:
    owed: Counter[tuple[str, str]] = Counter()
    shielded: Counter[tuple[str, str]] = Counter()
    for item in table(sample_night, "open_items"):
        owed[item["premise_no"], item["payer_code"]] += item["open_cents"]
        shielded[item["premise_no"], item["payer_code"]] += (
            item["open_cents"] if item["shield"] else 0
        )
    accounts = {
        (row["premise_no"], row["payer_code"]): row for row in table(sample_night, "classification")
    }

    assert {k: row["open_cents"] for k, row in accounts.items()} == {k: owed[k] for k in accounts}
    assert {k: row["shielded_cents"] for k, row in accounts.items()} == {
        k: shielded[k] for k in accounts
    }


def test_the_books_balance_per_currency_with_the_changeover_between(sample_night: Night) -> None:
    """Each line of the contract: invoiced = settled + open, and paid = settled + credit; leva go
    out, euro come in.
    """
    books = sample_night.manifest["books"]
    told = sample_night.manifest["ledger"]["tables"]["minor"]

    assert books["BGN.invoiced"] == books["BGN.settled"] + books["BGN.items_carried_out"]
    assert books["BGN.paid"] == books["BGN.settled"] + books["BGN.money_carried_out"]
    assert (
        books["EUR.invoiced"] + books["EUR.items_carried_in"]
        == books["EUR.settled"] + books["EUR.open"]
    )
    assert (
        books["EUR.paid"] + books["EUR.money_carried_in"]
        == books["EUR.settled"] + books["EUR.credit"]
    )
    for currency in ("BGN", "EUR"):
        paid = told["payments"][currency]["taken"] - told["credit_notes"][currency]["taken"]
        assert books[f"{currency}.invoiced"] == told["invoices"][currency]["taken"]
        assert books[f"{currency}.paid"] + books[f"{currency}.reversed"] == paid
    stages = sample_night.manifest["stages"].values()
    assert books["EUR.open"] == sum(stage["open_cents"] for stage in stages)
    assert books["EUR.credit"] == sum(stage["credit_cents"] for stage in stages)


def test_what_was_read_is_refused_repeated_or_taken_in(sample: Path, sample_night: Night) -> None:
    told = sample_night.manifest["ledger"]["tables"]
    entries = [
        *told["tables"].values(),
        *(sums for table in told["minor"].values() for sums in table.values()),
    ]
    said = json.loads((sample / "manifest.json").read_text("utf-8"))["tables"]

    assert [e for e in entries if e["read"] != e["quarantined"] + e["repeated"] + e["taken"]] == []
    assert {name: counts["rows"] for name, counts in said.items()} == {
        name: told["tables"][name]["read"] for name in said
    }
    refused = Counter(row["table"] for row in sample_night.csv("quarantine"))
    assert refused == {
        name: rows["quarantined"] for name, rows in told["tables"].items() if rows["quarantined"]
    }


def test_settlements_and_open_items_make_up_what_was_invoiced(sample_night: Night) -> None:
    """Of every open item in euro: what is open and what was settled is its amount."""
    settled: Counter[str] = Counter()
    for piece in table(sample_night, "settlements"):
        settled[piece["invoice_no"]] += piece["amount_minor"] if piece["currency"] == "EUR" else 0
    overdue = {
        (r["premise_no"], r["payer_code"])
        for r in table(sample_night, "classification")
        if r["overdue_items"]
    }
    items = [
        item
        for item in table(sample_night, "open_items")
        if item["original_currency"] == "EUR"
        and (item["premise_no"], item["payer_code"]) in overdue
    ]

    assert len(items) > 100
    assert [
        i["invoice_no"]
        for i in items
        if i["amount_cents"] != i["open_cents"] + settled[i["invoice_no"]]
    ] == []


def test_a_case_is_the_sum_of_its_items(sample_night: Night) -> None:
    items = sample_night.csv("court_items")
    for case in sample_night.csv("court"):
        of_case = [item for item in items if item["case_ref"] == case["case_ref"]]
        assert (
            len(of_case),
            sum(cents(i["open"]) for i in of_case),
            sum(cents(i["interest"]) for i in of_case),
        ) == (int(case["items"]), cents(case["principal"]), cents(case["interest"]))
        assert cents(case["total"]) == sum(
            cents(case[name]) for name in ("principal", "interest", "state_fee")
        )


def test_nobody_is_on_a_list_twice_or_listed_and_withheld(sample_night: Night) -> None:
    lists = {
        "reminders": [row for name in LISTS[:3] for row in sample_night.csv(name)],
        "disconnections": sample_night.csv("disconnections"),
        "court": sample_night.csv("court"),
    }
    withheld = sample_night.csv("withheld")
    for name, listed in lists.items():
        rows = listed + [row for row in withheld if row["list"] == name]
        accounts = Counter((row["premise_no"], row["payer_code"]) for row in rows)
        assert [account for account, count in accounts.items() if count > 1] == []


def test_the_command_writes_below_the_date_and_says_where(
    sample: Path, sample_night: Night, home: Path, tmp_path: Path
) -> None:
    night = nightly(sample, tmp_path / "deep" / "er")

    assert (night.code, night.messages) == (0, [])
    assert [path.name for path in (tmp_path / "deep" / "er").iterdir()] == [AS_OF.isoformat()]
    assert f"Папка: {night.folder}" in night.printed.splitlines()


def test_a_run_that_another_version_began_is_refused_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(
        DunningError, match=r"another version of the program began.*Run the whole date again"
    ):
        History.read(tmp_path)
