"""Two kinds of billing database, a small ledger in them, and what an extract of them gave."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dunning.gateways.billing.address import Address
from dunning.gateways.billing.extract import extract_billing
from dunning.gateways.billing.queries import read_queries
from tests.billing_databases import Billing, postgres_database, sqlite_database
from tests.world import World

AS_OF = date(2026, 11, 22)


def small_ledger() -> World:
    """Return three accounts with a bill and a payment each."""
    ledger = World()
    for number in "123":
        ledger.premise(f"00{number}").payer(f"P{number}")
        ledger.add(
            "tenancies", premise_no=f"00{number}", payer_code=f"P{number}", valid_from="2020-01-01"
        )
        ledger.add(
            "invoices",
            invoice_no=f"F{number}",
            premise_no=f"00{number}",
            payer_code=f"P{number}",
            kind="bill",
            issued_on="2026-10-01",
            due_on="2026-11-01",
            amount="10.50",
            currency="EUR",
        )
        ledger.add(
            "payments",
            payment_no=f"Z{number}",
            invoice_no=f"F{number}",
            paid_on="2026-11-20",
            amount="1.25",
            currency="EUR",
        )
    return ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """The small ledger as CSV files."""
    return small_ledger().write(tmp_path / "ledger")


@pytest.fixture
def empty_postgres(postgres: Path) -> Iterator[Billing]:
    """An empty PostgreSQL database."""
    with postgres_database(postgres) as billing:
        yield billing


@pytest.fixture
def in_postgres(empty_postgres: Billing, ledger: Path) -> Billing:
    """The small ledger in PostgreSQL, typed."""
    return empty_postgres.fill(ledger, is_typed=True)


@pytest.fixture
def in_sqlite(ledger: Path, tmp_path: Path) -> Billing:
    """The small ledger in SQLite, as text."""
    return sqlite_database(tmp_path).fill(ledger)


@pytest.fixture(params=["postgres", "sqlite"])
def billing(request: pytest.FixtureRequest) -> Billing:
    """The small ledger in one database after the other."""
    return request.getfixturevalue(f"in_{request.param}")


@dataclass
class Extraction:
    """Calls of `extract_billing` into one home, with what they told; `when` acts as soon as that is
    told, once.
    """

    home: Path
    told: list[str] = field(default_factory=list)
    when: dict[str, Callable[[], object]] = field(default_factory=dict)

    def run(self, billing: Billing, queries: Path | None = None, as_of: date = AS_OF) -> Path:
        """Extract and return the folder."""
        return extract_billing(
            Address.of(billing.url), read_queries(queries), self.home, as_of, self._hear
        )

    def left(self) -> list[str]:
        """Return the names of what lies among the incoming."""
        return sorted(path.name for path in (self.home / "incoming").glob("*"))

    def _hear(self, message: str) -> None:
        self.told.append(message)
        for words in [words for words in self.when if words in message]:
            self.when.pop(words)()


@pytest.fixture
def extraction(tmp_path: Path) -> Extraction:
    """Extracts into a home of the test's own."""
    return Extraction(tmp_path / "home")


@pytest.fixture
def own_queries(tmp_path: Path) -> Callable[..., Path]:
    """Writes ours as an operator's folder of queries, with other text in the place of some."""

    def write(**others: str) -> Path:
        folder = tmp_path / "queries"
        folder.mkdir(exist_ok=True)
        for query in read_queries().tables:
            (folder / query.file).write_text(query.sql, "utf-8")
        for name, sql in others.items():
            (folder / f"{name}.sql").write_text(sql, "utf-8")
        return folder

    return write


def rows_of(folder: Path, table: str) -> list[dict[str, str | None]]:
    """Return the rows of an extract's table."""
    return pq.read_table(folder / f"{table}.parquet").to_pylist()
