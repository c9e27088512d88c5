"""Which query files are taken, and what of them the database sees."""

from datetime import date
from pathlib import Path

import pytest

from dunning.core.errors import DunningError
from dunning.core.ledger_tables import TABLES
from dunning.gateways.billing.address import Address
from dunning.gateways.billing.queries import read_queries


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Queries for the required tables."""
    for name, table in TABLES.items():
        if table.is_required:
            (tmp_path / f"{name}.sql").write_text(f"SELECT * FROM {name}", "utf-8")
    return tmp_path


def sql_of(folder: Path, written: str) -> str:
    (folder / "holds.sql").write_text(written, "utf-8")
    (found,) = [query for query in read_queries(folder).tables if query.file == "holds.sql"]
    return found.for_day(date(2026, 11, 22))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("SELECT 1;\n", "SELECT 1"),
        (
            "-- What: holds; all\nwith a as (select 1) select * from a ; ;",
            "with a as (select 1) select * from a",
        ),
        ("/* ; */ SELECT ';' /* :x */", "SELECT ';'"),
        (
            "SELECT ':x', \"a;:y\", `b:z`, $$;:q$$, $t$';$t$",
            "SELECT ':x', \"a;:y\", `b:z`, $$;:q$$, $t$';$t$",
        ),
        (
            "SELECT a::date FROM t WHERE b[1:2] <= :as_of",
            "SELECT a::date FROM t WHERE b[1:2] <= DATE '2026-11-22'",
        ),
        ("\ufeffSELECT 'it''s -- no comment'", "SELECT 'it''s -- no comment'"),
    ],
)
def test_what_the_database_sees(written: str, expected: str, folder: Path) -> None:
    assert sql_of(folder, written) == expected


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("INSERT INTO t VALUES (1)", "holds.sql begins with INSERT"),
        ("DELETE FROM t", "holds.sql begins with DELETE"),
        ("", "begins with nothing"),
        ("-- SELECT 1", "begins with nothing"),
        ("SELECT 1; DELETE FROM t", "more than one statement"),
        ("SELECT :day, :as_of, :who", "takes :day, :who, and nothing gives that"),
    ],
)
def test_what_is_no_single_select_is_refused(written: str, said: str, folder: Path) -> None:
    with pytest.raises(DunningError, match=said):
        sql_of(folder, written)


def test_text_that_is_not_utf8_is_refused(folder: Path) -> None:
    (folder / "holds.sql").write_bytes("SELECT 'ж'".encode("cp1251"))
    with pytest.raises(DunningError, match=r"holds\.sql cannot be read as UTF-8"):
        read_queries(folder)


def test_a_required_table_needs_a_query(folder: Path) -> None:
    (folder / "payments.sql").unlink()
    with pytest.raises(DunningError, match=r"has no payments\.sql, and these tables are required"):
        read_queries(folder)


def test_a_file_for_no_table_is_refused(folder: Path) -> None:
    (folder / "hold.sql").write_text("SELECT 1", "utf-8")
    with pytest.raises(DunningError, match=r"has hold\.sql, which is for none of our tables"):
        read_queries(folder)


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DunningError, match="--billing-sql"):
        read_queries(tmp_path / "nowhere")


def test_the_name_of_an_extract_knows_the_user_but_no_secret() -> None:
    def name(url: str) -> str:
        return Address.of(url).name_extract("queries")

    names = [
        name(f"postgresql://{user}@db/billing{options}")
        for user, options in (
            ("a:x", ""),
            ("a:y", "?sslpassword=z"),
            ("b:x", ""),
            ("a", "?options=-csearch_path%3Db"),
        )
    ]
    assert [names.index(n) for n in names] == [0, 0, 2, 3]


@pytest.mark.parametrize(
    "url", ["postgresql://clerk:s3:cr3t@db:x/billing", "post gres://clerk:s3cr3t@db/b"]
)
def test_what_is_no_url_is_not_repeated(url: str) -> None:
    with pytest.raises(DunningError, match="it is not shown") as refusal:
        Address.of(url)
    assert "cr3t" not in f"{refusal.value}{refusal.value.__cause__}"


@pytest.mark.parametrize("said", ["login failed for s3cr@t", "PWD=s3cr%40t;", "key k3y"])
def test_secrets_are_masked_in_what_drivers_say(said: str) -> None:
    address = Address.of("mysql://clerk:s3cr%40t@db/billing?ssl_key_password=k3y")
    shown = address.scrub(said) + repr(address) + address.shown
    assert [secret for secret in ("s3cr", "k3y", "clerk") if secret in shown] == []
