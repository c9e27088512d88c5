"""What holds of an extract whatever the engine: its content, one moment, read only, used again only
when whole.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dunning.core.errors import DunningError
from dunning.core.ledger_tables import TABLES
from tests.billing_databases import Billing, read_cells
from tests.gateways.billing.conftest import AS_OF, Extraction, rows_of
from tests.jobs.nights import hashes

PAY = (
    "INSERT INTO payments (payment_no, invoice_no, paid_on, amount, currency) "
    "VALUES ('Z9', 'F9', '2026-11-21', '7.00', 'EUR')"
)
BILL = (
    "INSERT INTO invoices (invoice_no, premise_no, kind, issued_on, due_on, amount, currency) "
    "VALUES ('F9', '001', 'bill', '2026-11-01', '2026-11-21', '7.00', 'EUR')"
)


def test_every_cell_arrives_as_text(billing: Billing, ledger: Path, extraction: Extraction) -> None:
    folder = extraction.run(billing)

    found = {name: rows_of(folder, name) for name in TABLES}
    empty = dict.fromkeys
    expected = {
        name: [empty(table.names) | row for row in read_cells(ledger / f"{name}.csv")]
        for name, table in TABLES.items()
    }
    assert found == expected
    assert {
        str(t) for name in TABLES for t in pq.read_schema(folder / f"{name}.parquet").types
    } == {"string"}


def test_the_manifest_counts_and_sums(billing: Billing, extraction: Extraction) -> None:
    manifest = json.loads((extraction.run(billing) / "manifest.json").read_text("utf-8"))

    assert manifest["as_of"] == AS_OF.isoformat()
    assert manifest["tables"]["invoices"] == {"rows": 3, "amount": {"BGN": "0.00", "EUR": "31.50"}}
    assert manifest["tables"]["payments"] == {"rows": 3, "amount": {"BGN": "0.00", "EUR": "3.75"}}
    assert manifest["tables"]["payers"] == {"rows": 3}
    assert set(manifest["tables"]) == set(TABLES)


def test_the_same_rows_are_the_same_bytes_however_they_lie(
    billing: Billing, extraction: Extraction, tmp_path: Path
) -> None:
    before = hashes(extraction.run(billing))
    for table, key in (("invoices", "invoice_no"), ("payers", "payer_code")):
        billing.execute(
            f"CREATE TABLE turned AS SELECT * FROM {table} ORDER BY {key} DESC",
            f"DELETE FROM {table}",
            f"INSERT INTO {table} SELECT * FROM turned",
            "DROP TABLE turned",
        )

    assert hashes(Extraction(tmp_path / "other").run(billing)) == before


def test_all_tables_are_of_one_moment(billing: Billing, extraction: Extraction) -> None:
    """What somebody commits between two tables shows in neither, nor in those that follow."""
    extraction.when["извлечена payers"] = lambda: billing.execute(BILL)
    extraction.when["извлечена invoices"] = lambda: billing.execute(PAY)
    folder = extraction.run(billing)

    assert (extraction.when, billing.count("invoices"), billing.count("payments")) == ({}, 4, 4)
    assert [len(rows_of(folder, table)) for table in ("invoices", "payments")] == [3, 3]


def test_a_query_that_writes_is_refused_by_the_database(
    billing: Billing, extraction: Extraction, own_queries: Callable[..., Path]
) -> None:
    names = "agreement_no, invoice_no"
    queries = own_queries(
        agreement_items=f"WITH new AS (SELECT 'S1' AS a, 'F1' AS i) INSERT INTO agreement_items ({names}) "
        f"SELECT a, i FROM new WHERE true RETURNING {names}"
    )
    with pytest.raises(
        DunningError,
        match=r"refuses agreement_items\.sql: .*read-?only.* remove what writes|readonly",
    ):
        extraction.run(billing, queries)

    assert (billing.count("agreement_items"), extraction.left()) == (0, [])


def test_a_whole_extract_is_used_again(billing: Billing, extraction: Extraction) -> None:
    before = hashes(extraction.run(billing))
    billing.execute(PAY)
    again = extraction.run(billing)

    assert (hashes(again), extraction.told[-1]) == (
        before,
        "базата вече е извлечена от прекъснатото зареждане",
    )


def test_rows_come_many_at_a_time_and_never_all(
    in_sqlite: Billing, extraction: Extraction, own_queries: Callable[..., Path]
) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120000)"
    sql = f"{numbers} SELECT 'S1' AS agreement_no, CAST(i AS text) AS invoice_no FROM n"
    folder = extraction.run(in_sqlite, own_queries(agreement_items=sql))
    groups = pq.ParquetFile(folder / "agreement_items.parquet").metadata

    assert [groups.row_group(n).num_rows for n in range(groups.num_row_groups)] == [
        50_000,
        50_000,
        20_000,
    ]


@pytest.mark.parametrize("harm", ["a byte", "a file", "the manifest"])
def test_a_harmed_extract_is_not(harm: str, in_sqlite: Billing, extraction: Extraction) -> None:
    folder = extraction.run(in_sqlite)
    path = folder / ("manifest.json" if harm == "the manifest" else "payments.parquet")
    if harm == "a byte":
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    else:
        path.unlink()
    in_sqlite.execute(PAY)

    assert len(rows_of(extraction.run(in_sqlite), "payments")) == 4


def test_an_extract_for_another_day_or_by_other_queries_is_another(
    in_sqlite: Billing, extraction: Extraction, own_queries: Callable[..., Path]
) -> None:
    first = extraction.run(in_sqlite)
    assert extraction.run(in_sqlite, as_of=AS_OF.replace(day=23)).name != first.name
    queries = own_queries(holds="SELECT hold_no, reason, valid_from FROM holds")
    last = extraction.run(in_sqlite, queries)

    assert last.name != first.name
    assert extraction.left() == [last.name]  # one at a time: the others are of runs that are dead


def test_an_unfinished_extract_starts_anew(in_sqlite: Billing, extraction: Extraction) -> None:
    whole = extraction.run(in_sqlite)
    beside = whole.rename(whole.with_name(f".{whole.name}.unfinished"))
    in_sqlite.execute(PAY)

    assert len(rows_of(extraction.run(in_sqlite), "payments")) == 4
    assert not beside.exists()


def test_only_its_owner_may_read_it(in_sqlite: Billing, extraction: Extraction) -> None:
    folder = extraction.run(in_sqlite)

    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert [f.stat().st_mode & 0o777 for f in (folder, folder.parent)] == [0o700, 0o700]


def test_a_table_without_a_query_is_absent_and_an_optional_column_may_lack(
    billing: Billing, extraction: Extraction, own_queries: Callable[..., Path]
) -> None:
    queries = own_queries(
        payments="SELECT payment_no, paid_on, amount, currency FROM payments ORDER BY 1"
    )
    (queries / "holds.sql").unlink()
    folder = extraction.run(billing, queries)

    assert not (folder / "holds.parquet").exists()
    assert "holds" not in json.loads((folder / "manifest.json").read_text("utf-8"))["tables"]
    assert [row["channel"] for row in rows_of(folder, "payments")] == [None, None, None]


def test_a_query_may_take_the_day_of_the_run(
    billing: Billing, extraction: Extraction, own_queries: Callable[..., Path]
) -> None:
    billing.execute("UPDATE payments SET paid_on = '2026-11-23' WHERE payment_no = 'Z2'")
    sql = "SELECT payment_no, paid_on, amount, currency, 'it''s 100% :as_of' AS channel FROM payments /* ; */ "
    folder = extraction.run(
        billing, own_queries(payments=f"{sql} WHERE paid_on <= :as_of -- all\nORDER BY 1;\n")
    )

    assert [(row["payment_no"], row["channel"]) for row in rows_of(folder, "payments")] == [
        ("Z1", "it's 100% :as_of"),
        ("Z3", "it's 100% :as_of"),
    ]


@pytest.mark.parametrize(
    ("told", "said"), [("2026-11-21", "complete up to 2026-11-21, but"), ("soon", "or no day")]
)
def test_billing_that_has_not_closed_the_day_is_refused(
    told: str, said: str, billing: Billing, extraction: Extraction, own_queries: Callable[..., Path]
) -> None:
    with pytest.raises(DunningError, match=said):
        extraction.run(billing, own_queries(as_of=f"SELECT '{told}' AS closed_on"))
    assert extraction.left() == []


def test_billing_that_has_closed_a_later_day_says_so(
    billing: Billing, extraction: Extraction, own_queries: Callable[..., Path]
) -> None:
    folder = extraction.run(
        billing, own_queries(as_of="SELECT MAX('2026-11-24') AS closed_on FROM payers")
    )

    assert json.loads((folder / "manifest.json").read_text("utf-8"))["as_of"] == "2026-11-24"


REFUSED = {
    "a table that is not there": (
        "SELECT hold_no, reason, valid_from FROM delays",
        r"delays.*--billing-sql",
    ),
    "a column that is not there": (
        "SELECT hold_nr AS hold_no, reason, valid_from FROM holds",
        "hold_nr",
    ),
    "a required column lacks": ("SELECT hold_no, valid_from FROM holds", "it lacks reason"),
    "an unknown column": (
        "SELECT hold_no, reason, valid_from, note AS notes FROM holds",
        "it has the unknown notes.*has hold_no, prem",
    ),
    "a column twice": (
        "SELECT hold_no, reason, valid_from, note, author AS note FROM holds",
        "it has twice note",
    ),
    "a broken statement": (
        "SELECT hold_no, reason valid_from FROM holds WHERE",
        "syntax|incomplete",
    ),
}


@pytest.mark.parametrize(("sql", "said"), REFUSED.values(), ids=REFUSED)
def test_a_query_that_does_not_fit_is_refused_in_one_line(
    sql: str, said: str, billing: Billing, extraction: Extraction, own_queries: Callable[..., Path]
) -> None:
    with pytest.raises(DunningError) as refusal:
        extraction.run(billing, own_queries(holds=sql))
    message = str(refusal.value)

    assert re.search(rf"holds\.sql.*({said})", message), message
    assert ("\n" in message, extraction.left()) == (False, [])


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT 1 AS agreement_no, 'F1' AS invoice_no", "lose leading zeros.*CAST it to text"),
        (
            "SELECT CAST(1.5 AS double precision) AS agreement_no, 'F1' AS invoice_no",
            "binary floats.*CAST it to text",
        ),
    ],
    ids=["a number as a code", "a float"],
)
def test_a_type_that_loses_something_is_refused(
    sql: str, said: str, billing: Billing, extraction: Extraction, own_queries: Callable[..., Path]
) -> None:
    with pytest.raises(
        DunningError, match=rf"agreement_items\.sql: column agreement_no is of type .*{said}"
    ):
        extraction.run(billing, own_queries(agreement_items=sql))


def test_a_full_disk_is_told_with_its_place(
    in_sqlite: Billing, extraction: Extraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """/dev/full stands for the disk: the folder of the extract is a link into it where the payments
    come.
    """
    extraction.when["извлича се payments"] = lambda: (
        next((extraction.home / "incoming").glob(".billing-*"))
        .joinpath("payments.parquet")
        .symlink_to("/dev/full")
    )
    with pytest.raises(
        DunningError, match=r"cannot be written .*No space left on device.*Make room"
    ):
        extraction.run(in_sqlite)
    assert extraction.left() == []


def test_nothing_is_taken_from_a_file_that_is_not_there(
    extraction: Extraction, tmp_path: Path
) -> None:
    with pytest.raises(DunningError, match=r"no SQLite file .*missing\.db.*four slashes"):
        extraction.run(Billing(f"sqlite:///{tmp_path / 'missing.db'}"))
    assert not (tmp_path / "missing.db").exists()


@pytest.mark.parametrize(
    ("url", "package"),
    [
        ("mysql://clerk:s3cr3t@db/billing", "pip install mysqlclient"),
        ("oracle+oracledb://clerk:s3cr3t@db/billing", "pip install oracledb"),
        ("duckdb://clerk:s3cr3t@db/billing", "pip install duckdb-engine"),
    ],
)
def test_a_missing_driver_is_named(url: str, package: str, extraction: Extraction) -> None:
    with pytest.raises(DunningError, match=package) as refusal:
        extraction.run(Billing(url))
    assert "s3cr3t" not in str(refusal.value)


def test_an_sqlite_file_is_left_as_it_was(
    in_sqlite: Billing, extraction: Extraction, tmp_path: Path
) -> None:
    in_sqlite.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = hashes(tmp_path)["billing.db"]
    extraction.run(in_sqlite)

    assert hashes(tmp_path)["billing.db"] == before


def test_what_sqlite_makes_of_decimals_is_refused_and_the_cure_works(
    in_sqlite: Billing, extraction: Extraction, own_queries: Callable[..., Path]
) -> None:
    sql = "SELECT payment_no, paid_on, {} AS amount, currency FROM payments ORDER BY 1"
    with pytest.raises(
        DunningError, match=r"payments\.sql: column amount is of type float.*printf\('%\.2f'"
    ):
        extraction.run(
            in_sqlite, own_queries(payments=sql.format("CAST(amount AS numeric(14, 2))"))
        )
    folder = extraction.run(
        in_sqlite, own_queries(payments=sql.format("printf('%.2f', CAST(amount AS numeric))"))
    )

    assert [row["amount"] for row in rows_of(folder, "payments")] == ["1.25"] * 3
