"""Nights as the tests of the jobs see them: a command run in this process, the files that it left,
what it recorded.
"""

import csv
import hashlib
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pyarrow.parquet as pq
from sqlalchemy import Engine, text

from dunning import cli
from tests.ledgers import Ledger

AS_OF = date(2026, 11, 22)
FRESH_UNTIL = date(2027, 12, 31)
HISTORY = {
    "deeds": "SELECT premise_no, payer_code, stage, as_of, channel, reference, overdue_cents, state FROM dunning.deeds "
    "ORDER BY reference",
    "decisions": "SELECT d.* FROM dunning.decisions AS d ORDER BY as_of, premise_no, payer_code",
    "proposals": "SELECT p.* FROM dunning.proposals AS p ORDER BY as_of, list, premise_no, payer_code, stage",
    "closed": "SELECT as_of, state, manifest_sha256 FROM dunning.runs WHERE state IN ('closing', 'closed') "
    "ORDER BY as_of",
}

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Night:
    """What one call of the command did: exit code, what it printed, and the folder of its date."""

    code: int
    printed: str
    told: str
    folder: Path

    @property
    def messages(self) -> list[str]:
        """The lines on stderr."""
        return self.told.splitlines()

    @property
    def result(self) -> list[str]:
        """The lines on stdout that are no progress."""
        return [
            line for line in self.printed.splitlines() if not line.startswith("dunning nightly ")
        ]

    def csv(self, name: str) -> Rows:
        """Return the rows of one of its lists."""
        return read_csv(self.folder / f"{name}.csv")

    def account(self, premise_no: str) -> dict:
        """Return the classification of the only account of a premise."""
        rows = pq.read_table(self.folder / "classification.parquet").to_pylist()
        (found,) = [row for row in rows if row["premise_no"] == premise_no]
        return found

    @property
    def manifest(self) -> dict:
        """Its manifest."""
        return json.loads((self.folder / "manifest.json").read_text("utf-8"))


def nightly(ledger: Path, out: Path, as_of: date = AS_OF, *options: str) -> Night:
    """Run the command for a date and return what it did."""
    command = [
        "nightly",
        "--ledger",
        str(ledger),
        "--as-of",
        as_of.isoformat(),
        "--out",
        str(out),
        *options,
    ]
    return dunning(*command, folder=out / as_of.isoformat())


def dunning(*arguments: str, folder: Path = Path()) -> Night:
    """Run any command in this process."""
    printed, told = StringIO(), StringIO()
    with redirect_stdout(printed), redirect_stderr(told):
        code = cli.main(arguments)
    return Night(code, printed.getvalue(), told.getvalue(), folder)


def days(count: int) -> date:
    """Return the day so many days after `AS_OF`."""
    return AS_OF + timedelta(days=count)


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, hidden ones too; empty where there is no
    folder.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def read_csv(path: Path) -> Rows:
    """Return the rows of a CSV with `;`, as text."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def history(engine: Engine) -> dict[str, list[tuple]]:
    """Return everything of the store that outlives a night."""
    with engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(text(query))]
            for name, query in HISTORY.items()
        }


def contents(engine: Engine) -> dict[str, list[str]]:
    """Return every row of every table of the store, runs and policies too, as text."""
    with engine.connect() as connection:
        names = connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'dunning' ORDER BY 1")
        )
        return {
            name: sorted(
                connection.execute(
                    text(f"SELECT CAST(t AS text) FROM dunning.{name} AS t")
                ).scalars()
            )
            for name in names.scalars().all()
        }


def deeds(engine: Engine) -> list[tuple[str, str]]:
    """Return the reference and state of every deed."""
    return [(row[5], row[7]) for row in history(engine)["deeds"]]


def run_states(engine: Engine) -> list[tuple[str, str]]:
    """Return date and state of every run in the order in which they began."""
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT as_of, state FROM dunning.runs ORDER BY run_id"))
        return [(row.as_of.isoformat(), row.state) for row in rows]


def say_fresh(folder: Path, as_of: date = FRESH_UNTIL) -> Path:
    """Give a ledger a manifest that speaks for a day and counts nothing; return its folder."""
    (folder / "manifest.json").write_text(
        json.dumps({"as_of": as_of.isoformat(), "tables": {}}), "utf-8"
    )
    return folder


class Debtors(Ledger):
    """A ledger of people with one premise each, whose numbers go with it: 000007 is of payer P7."""

    def debtor(
        self, number: int, *bills: tuple[str, str], phone: bool = True, **premise: str
    ) -> "Debtors":
        """Add an account with bills of (due_on, amount), which are a month old when due; a phone
        unless said so.
        """
        premise_no, payer_code = premise_of(number), f"P{number}"
        self.premise(premise_no, **premise)
        self.payer(payer_code, postal_address="ул. Пощенска 1", postal_settlement="София")
        self.add(
            "tenancies", premise_no=premise_no, payer_code=payer_code, valid_from=date(2012, 1, 1)
        )
        if phone:
            self.add(
                "contacts",
                payer_code=payer_code,
                channel="sms",
                address=f"+35988{number:07d}",
                registered_at="2020-01-02T08:00:00",
            )
        for due_on, amount in bills:
            self.bill(number, due_on, amount)
        return self

    def bill(self, number: int, due_on: str, amount: str) -> "Debtors":
        """Add a bill to an account."""
        day = date.fromisoformat(due_on)
        self.add(
            "invoices",
            invoice_no=f"F{len(self.rows['invoices']) + 1:06d}",
            premise_no=premise_of(number),
            payer_code=f"P{number}",
            kind="bill",
            issued_on=day - timedelta(days=30),
            due_on=day,
            amount=amount,
            currency="EUR",
        )
        return self

    def payment(self, number: int, paid_on: str, amount: str) -> "Debtors":
        """Add a payment that names its account only."""
        self.add(
            "payments",
            payment_no=f"Z{len(self.rows['payments']) + 1:06d}",
            premise_no=premise_of(number),
            payer_code=f"P{number}",
            paid_on=paid_on,
            amount=amount,
            currency="EUR",
            channel="bank",
        )
        return self

    def notice(
        self, number: int, stage: str, sent_on: str, served_on: str = "", **cells: str
    ) -> "Debtors":
        """Add a notice by post; `notice_no` and `failed_on` may be given."""
        self.add(
            "notices",
            premise_no=premise_of(number),
            payer_code=f"P{number}",
            stage=stage,
            sent_on=sent_on,
            served_on=served_on,
            **({"notice_no": f"N{len(self.rows['notices']) + 1:06d}", "channel": "post"} | cells),
        )
        return self

    def hold(self, number: int) -> "Debtors":
        """Add a hold for a dispute on an account."""
        self.add(
            "holds",
            hold_no=f"H{len(self.rows['holds']) + 1:06d}",
            premise_no=premise_of(number),
            payer_code=f"P{number}",
            reason="dispute",
            valid_from="2026-01-01",
            author="рекламации",
            note="проверка",
        )
        return self

    def agreement(self, number: int) -> "Debtors":
        """Add an agreement that is kept for a long time on the account's first bill."""
        agreement_no, account = f"S{len(self.rows['agreements']) + 1:06d}", premise_of(number)
        bill = next(row for row in self.rows["invoices"] if row["premise_no"] == account)
        self.add(
            "agreements",
            agreement_no=agreement_no,
            premise_no=account,
            payer_code=f"P{number}",
            applied_on="2026-11-01",
            signed_on="2026-11-02",
        )
        self.add("agreement_items", agreement_no=agreement_no, invoice_no=bill["invoice_no"])
        self.add(
            "instalments",
            agreement_no=agreement_no,
            seq=1,
            due_on="2027-12-31",
            amount=bill["amount"],
            currency="EUR",
        )
        return self


def premise_of(number: int) -> str:
    """Return the number of a debtor's premise.

    >>> premise_of(7)
    '000007'
    """
    return f"{number:06d}"


def copy_ledger(ledger: Path, to: Path) -> Path:
    """Copy a ledger's files into a new folder; return it."""
    to.mkdir(parents=True)
    for path in ledger.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    return to
