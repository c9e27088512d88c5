"""What PostgreSQL alone does: its types, its snapshot that outlives a connection, its words when it
refuses.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from dunning.core.errors import DunningError
from dunning.gateways.billing import copies, table_files
from tests.billing_databases import Billing
from tests.gateways.billing.conftest import Extraction, rows_of
from tests.jobs.nights import hashes

LINES = (
    "SELECT CAST(n AS text) AS invoice_no, 1 AS seq, repeat('ред ', 20) AS label, 1.50 AS amount "
    "FROM generate_series(1, 60000) AS n ORDER BY n"
)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take rows in small steps, so that a table of some MiB is met in its middle."""
    monkeypatch.setattr(copies, "BLOCK_BYTES", 1 << 16)
    monkeypatch.setattr(table_files, "PROGRESS_ROWS", 1000)


@pytest.fixture
def operator(postgres: Path) -> Iterator[psycopg.Connection]:
    """A connection of somebody who ends other people's."""
    with psycopg.connect(
        host=str(postgres), user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        yield connection


def end_sessions(operator: psycopg.Connection, billing: Billing, which: str) -> int:
    """End the extract's sessions: those that read (`active`), or all of them; return how many."""
    ended = operator.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'dunning extract' "
        "AND datname = %s AND (state = 'active' OR %s = 'all')",
        (make_url(billing.url).database, which),
    ).fetchall()
    return len(ended)


def test_every_type_reads_as_the_contract_writes_it(
    in_postgres: Billing, extraction: Extraction, own_queries: Callable[..., Path]
) -> None:
    in_postgres.execute(
        "CREATE TYPE way AS ENUM ('sms', 'email')", "CREATE DOMAIN code AS varchar(8)"
    )
    queries = own_queries(
        premises="SELECT premise_no::code AS premise_no, CAST(service AS char(20)) AS service, "
        "E'a\\nb\\\\;\"c\",\\'d\\'' AS district, '' AS route, address, settlement, NULL AS postcode, "
        "'NULL' AS meter_no, true AS disconnectable, false AS vulnerable, NULL::boolean AS life_support "
        "FROM premises LIMIT 1",
        invoice_lines="SELECT 'F1' AS invoice_no, 7::bigint AS seq, 'ред' AS label, 0.2610 AS quantity, "
        "12.3400000::numeric AS unit_price, (1250::numeric / 100) AS amount UNION ALL "
        "SELECT 'F1', 8, 'ред', 3, NULL, 'NaN'::numeric",
        contacts="SELECT 'P1' AS payer_code, 'sms'::way AS channel, 'x' AS address, "
        "timestamptz '2026-07-01 08:00:01.5+00' AS registered_at, timestamp '2026-01-02 03:04:05' AS revoked_at",
        tenancies="SELECT premise_no, payer_code, DATE 'infinity' AS valid_from, "
        "DATE '9999-12-31' AS valid_until FROM tenancies LIMIT 1",
    )
    folder = extraction.run(in_postgres, queries)

    (premise,) = rows_of(folder, "premises")
    assert premise == {
        "premise_no": "001",
        "service": "electricity".ljust(20),
        "district": "a\nb\\;\"c\",'d'",
        "route": None,
        "address": "ул. Примерна 1",
        "settlement": "София",
        "postcode": None,
        "meter_no": "NULL",
        "disconnectable": "true",
        "vulnerable": "false",
        "life_support": None,
    }
    assert [
        (r["seq"], r["quantity"], r["unit_price"], r["amount"])
        for r in rows_of(folder, "invoice_lines")
    ] == [
        ("7", "0.2610", "12.34", "12.50"),
        ("8", "3", None, "NaN"),
    ]
    (contact,) = rows_of(folder, "contacts")
    assert (contact["channel"], contact["registered_at"], contact["revoked_at"]) == (
        "sms",
        "2026-07-01 11:00:01.5",
        "2026-01-02 03:04:05",
    )
    (tenancy,) = rows_of(folder, "tenancies")
    assert (tenancy["valid_from"], tenancy["valid_until"]) == ("infinity", "9999-12-31")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (
            "SELECT 'H1' AS hold_no, 'manual' AS reason, now() AS valid_from",
            "timestamptz.*which day.*CAST it to date",
        ),
        (
            "SELECT 'H1' AS hold_no, 'manual' AS reason, 20261122 AS valid_from",
            "int4.*not clear.*CAST it to date",
        ),
        (
            "SELECT ARRAY['H1'] AS hold_no, 'manual' AS reason, CURRENT_DATE AS valid_from",
            "_text.*CAST it to text",
        ),
        (
            "SELECT 'H1'::bytea AS hold_no, 'manual' AS reason, CURRENT_DATE AS valid_from",
            "bytea.*CAST it to text",
        ),
        (
            "SELECT '1'::money AS hold_no, 'manual' AS reason, CURRENT_DATE AS valid_from",
            "money.*CAST it to text",
        ),
    ],
    ids=lambda value: "",
)
def test_other_types_are_refused(
    sql: str,
    said: str,
    in_postgres: Billing,
    extraction: Extraction,
    own_queries: Callable[..., Path],
) -> None:
    with pytest.raises(DunningError, match=rf"holds\.sql: column .* is of type {said}"):
        extraction.run(in_postgres, own_queries(holds=sql))


def test_a_function_that_writes_is_refused_by_the_database(
    in_postgres: Billing, extraction: Extraction, own_queries: Callable[..., Path]
) -> None:
    in_postgres.execute(
        "CREATE FUNCTION take() RETURNS text LANGUAGE sql AS "
        "$$ INSERT INTO agreement_items VALUES ('S1', 'F1') RETURNING agreement_no $$"
    )
    with pytest.raises(
        DunningError,
        match=r"cannot execute INSERT in a read-only transaction\. A query may only read",
    ):
        extraction.run(
            in_postgres,
            own_queries(agreement_items="SELECT take() AS agreement_no, 'F1' AS invoice_no"),
        )

    assert in_postgres.count("agreement_items") == 0


@pytest.mark.usefixtures("small_blocks")
def test_a_connection_lost_in_the_middle_is_resumed_under_the_same_snapshot(
    in_postgres: Billing,
    extraction: Extraction,
    own_queries: Callable[..., Path],
    operator: psycopg.Connection,
    tmp_path: Path,
) -> None:
    queries = own_queries(invoice_lines=LINES)
    undisturbed = hashes(Extraction(tmp_path / "undisturbed").run(in_postgres, queries))
    ended: list[int] = []

    def disturb() -> None:
        in_postgres.execute("DELETE FROM payments", "INSERT INTO holds (hold_no) VALUES ('H9')")
        ended.append(end_sessions(operator, in_postgres, "active"))

    extraction.when["извлича се invoice_lines: "] = disturb
    folder = extraction.run(in_postgres, queries)

    assert (ended, hashes(folder)) == ([1], undisturbed)
    assert extraction.told.count("връзката с базата се губи; нова връзка към същата снимка") == 1
    assert (len(rows_of(folder, "invoice_lines")), rows_of(folder, "holds")) == (60000, [])


@pytest.mark.usefixtures("small_blocks")
def test_a_connection_that_is_lost_again_and_again_ends_the_extract(
    in_postgres: Billing,
    extraction: Extraction,
    own_queries: Callable[..., Path],
    operator: psycopg.Connection,
) -> None:
    def disturb() -> None:
        extraction.when["извлича се invoice_lines: "] = disturb
        end_sessions(operator, in_postgres, "active")

    disturb()
    with pytest.raises(
        DunningError, match=r"went away while invoice_lines\.sql was read: .*nothing was taken"
    ):
        extraction.run(in_postgres, own_queries(invoice_lines=LINES))
    assert extraction.left() == []


@pytest.mark.usefixtures("small_blocks")
def test_a_snapshot_that_is_lost_ends_the_extract(
    in_postgres: Billing,
    extraction: Extraction,
    own_queries: Callable[..., Path],
    operator: psycopg.Connection,
) -> None:
    """The server ended all sessions, as when it restarts: what is missing would be of another
    moment.
    """
    extraction.when["извлича се invoice_lines: "] = lambda: end_sessions(
        operator, in_postgres, "all"
    )
    with pytest.raises(
        DunningError, match=r"went away while .* another moment, so nothing was taken"
    ) as refusal:
        extraction.run(in_postgres, own_queries(invoice_lines=LINES))

    assert ("\n" in str(refusal.value), extraction.left()) == (False, [])


def test_a_user_without_rights_is_told_so(
    in_postgres: Billing, extraction: Extraction, operator: psycopg.Connection
) -> None:
    operator.execute("CREATE ROLE reader LOGIN PASSWORD 's3cr3t'")
    try:
        reader = Billing(
            make_url(in_postgres.url)
            .set(username="reader", password="s3cr3t")
            .render_as_string(False)
        )
        with pytest.raises(
            DunningError, match=r"permission denied for table premises\. Grant the user"
        ) as refusal:
            extraction.run(reader)
        in_postgres.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
        folder = extraction.run(reader)
        assert len(rows_of(folder, "payments")) == 3
    finally:
        in_postgres.execute("DROP OWNED BY reader")
        operator.execute("DROP ROLE reader")
    assert "s3cr3t" not in str(refusal.value) + "".join(extraction.told)


def test_a_database_that_cannot_be_reached_is_told_without_user_and_password(
    extraction: Extraction, tmp_path: Path
) -> None:
    with pytest.raises(
        DunningError, match=r"postgresql://\S*/billing cannot be reached: .*pgpass"
    ) as refusal:
        extraction.run(Billing(f"postgresql://clerk:s3cr3t@/billing?host={tmp_path}"))
    chain = f"{refusal.value}{refusal.value.__cause__}"
    assert ("s3cr3t" in chain, "clerk" in chain, "\n" in str(refusal.value)) == (
        False,
        False,
        False,
    )


def test_what_stands_in_a_row_is_not_told(
    in_postgres: Billing, extraction: Extraction, own_queries: Callable[..., Path]
) -> None:
    in_postgres.execute("UPDATE payers SET name = 'Здравка Образцова'")
    sql = "SELECT payer_code, CAST(CAST(name AS integer) AS text) AS name, kind FROM payers"
    with pytest.raises(
        DunningError, match=r"payers\.sql: invalid input syntax for type integer: …"
    ) as refusal:
        extraction.run(in_postgres, own_queries(payers=sql))
    assert "Здравка" not in f"{refusal.value}{refusal.value.__cause__}"


def test_limits_of_the_role_do_not_end_a_long_reading(
    in_postgres: Billing, extraction: Extraction, own_queries: Callable[..., Path]
) -> None:
    queries = own_queries(
        invoice_lines="SELECT current_setting('statement_timeout') AS invoice_no, 1 AS seq, "
        "current_setting('idle_in_transaction_session_timeout') AS label, 1 AS amount"
    )
    name = make_url(in_postgres.url).database
    in_postgres.execute(
        f"ALTER DATABASE {name} SET statement_timeout = '20s'",
        f"ALTER DATABASE {name} SET idle_in_transaction_session_timeout = '20s'",
    )
    (row,) = rows_of(extraction.run(in_postgres, queries), "invoice_lines")

    assert (row["invoice_no"], row["label"]) == ("4h", "0")


@pytest.mark.parametrize("driver", ["postgres", "postgresql+psycopg2", "postgresql+asyncpg"])
def test_any_name_of_postgresql_is_read_by_copy(
    driver: str, in_postgres: Billing, extraction: Extraction
) -> None:
    url = in_postgres.url.replace("postgresql+psycopg", driver, 1)
    manifest = json.loads((extraction.run(Billing(url)) / "manifest.json").read_text("utf-8"))

    assert manifest["tables"]["payments"]["rows"] == 3
