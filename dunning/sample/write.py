"""Writing of a sample ledger, chunk by chunk, so that memory does not grow with its size."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from dunning.core.arrays import Flags, Ints
from dunning.core.errors import UsageError
from dunning.core.ledger_tables import TABLES
from dunning.sample.accounts import SampleAccounts, make_accounts
from dunning.sample.behaviours import DOUBTED
from dunning.sample.billing import invoice_lines, invoices, payments
from dunning.sample.bills import KINDS, Bills, make_bills
from dunning.sample.dialects import DIALECTS
from dunning.sample.dice import Dice
from dunning.sample.files import FORMATS, TableFile, TableReceipt, finish, make_room
from dunning.sample.payments import join_payments, make_payments
from dunning.sample.plans import make_plans
from dunning.sample.register import contacts, payers, premises, tenancies
from dunning.sample.trouble import court_cases, holds, notices

AS_OF = date(2026, 11, 22)
ACCOUNTS_MAX = 5_000_000
_CHUNK = 20_000  # even, so that no pair is parted


@dataclass(frozen=True)
class SampleReceipt:
    """The written sample: accounts, seed, date, and the content of each table's file."""

    folder: Path
    accounts: int
    seed: int
    as_of: date
    tables: dict[str, TableReceipt]


@dataclass(frozen=True)
class _Rows:
    """The rows of a table in one chunk; `eligible`: rows that may be copied with a flaw."""

    table: pa.Table
    eligible: Ints


def write_sample(
    out: Path,
    accounts: int,
    seed: int,
    as_of: date = AS_OF,
    table_format: str = "csv",
    dialect: str = "plain",
) -> SampleReceipt:
    """Write a ledger extract of `accounts` accounts into a folder.

    The same arguments give the same bytes.

    Args:
        out: a folder that is empty, absent, or holds an earlier sample, which is replaced.
        accounts: pairs of premise and payer, 1 to 5,000,000. From 500 on every stage and list has
            an account.
        seed: any whole number from 0.
        as_of: the day of the extract.
        table_format: `csv`, `csv.gz` or `parquet`.
        dialect: `plain`, or `bulgaria` (cp1251, decimal comma, dd.mm.yyyy); Parquet has none.

    Raises:
        UsageError: an argument out of range. DunningError: the folder holds something else.
    """
    _check(accounts, seed, as_of, table_format, dialect)
    make_room(out, tuple(TABLES))
    files = {table: TableFile(out, table, table_format, DIALECTS[dialect]) for table in TABLES}
    try:
        for chunk, first in enumerate(range(0, accounts, _CHUNK)):
            numbers = np.arange(first, min(first + _CHUNK, accounts), dtype=np.int64)
            for table, rows in make_chunk(Dice(seed), numbers, accounts - 1, as_of).items():
                files[table].append(rows.table, rows.eligible, chunk)
        for file in files.values():
            file.close()
    except BaseException:
        for file in files.values():
            file.discard()
        raise
    receipt = SampleReceipt(
        out, accounts, seed, as_of, {table: file.receipt for table, file in files.items()}
    )
    finish(out, list(files.values()), _manifest(receipt))
    return receipt


def _check(accounts: int, seed: int, as_of: date, table_format: str, dialect: str) -> None:
    if not 1 <= accounts <= ACCOUNTS_MAX:
        raise UsageError(
            f"--accounts {accounts}: a sample has 1 to {ACCOUNTS_MAX:,} accounts. Give a number between."
        )
    if seed < 0:
        raise UsageError(f"--seed {seed}: a seed is a whole number from 0. Give another.")
    if not date(2012, 1, 1) <= as_of <= date(2090, 1, 1):
        raise UsageError(
            f"--as-of {as_of}: a sample speaks for a day from 2012 to 2089. Give another."
        )
    if table_format not in FORMATS:
        raise UsageError(
            f"--format {table_format}: not a format of the ledger. Give one of {', '.join(FORMATS)}."
        )
    if dialect not in DIALECTS or (dialect != "plain" and table_format == "parquet"):
        raise UsageError(
            f"--dialect {dialect} with {table_format}: give plain, or bulgaria with csv or csv.gz."
        )


def make_chunk(dice: Dice, numbers: Ints, last: int, as_of: date) -> dict[str, _Rows]:
    """Return the rows of all tables for these accounts."""
    accounts = make_accounts(dice, numbers, last, as_of)
    bills = make_bills(dice, accounts)
    # Bills before plans, plans before payments: each step needs the one before it.
    plans = make_plans(dice, accounts, bills)
    paid = join_payments(make_payments(dice, accounts, bills), plans.payments)
    cases, case_items = court_cases(dice, accounts, bills)
    of_bills = _monthly_of_ordinary(accounts, bills)
    ordinary = accounts.is_ordinary()
    # One of the first accounts gets refused payments on purpose; the others must stay whole.
    may_fail = ordinary | (accounts.number == DOUBTED)
    lines = invoice_lines(dice, accounts, bills)
    tables = {
        "premises": (premises(dice, accounts), ordinary[accounts.home == accounts.number]),
        "payers": (payers(dice, accounts), ordinary[accounts.person == accounts.number]),
        "tenancies": (tenancies(accounts), ordinary),
        "invoices": (invoices(dice, accounts, bills), of_bills),
        "payments": (
            payments(dice, accounts, bills, paid),
            may_fail[paid.account] & (paid.reverses < 0),
        ),
        "invoice_lines": (lines, np.ones(lines.num_rows, bool)),
        "contacts": _all(contacts(dice, accounts)),
        "agreements": _none(plans.agreements),
        "agreement_items": _none(plans.items),
        "instalments": _none(plans.instalments),
        "holds": _none(holds(dice, accounts, bills)),
        "notices": _all(notices(dice, accounts, bills)),
        "court_cases": _none(cases),
        "court_case_items": _none(case_items),
    }
    return {
        name: _Rows(table, np.flatnonzero(eligible)) for name, (table, eligible) in tables.items()
    }


def _all(table: pa.Table) -> tuple[pa.Table, Flags]:
    return table, np.ones(table.num_rows, bool)


def _none(table: pa.Table) -> tuple[pa.Table, Flags]:
    return table, np.zeros(table.num_rows, bool)


def _monthly_of_ordinary(accounts: SampleAccounts, bills: Bills) -> Flags:
    return (
        accounts.is_ordinary()[bills.account]
        & (bills.kind <= KINDS.index("forecast"))
        & (bills.minor > 3400)
    )


def _manifest(receipt: SampleReceipt) -> dict[str, object]:
    tables: dict[str, object] = {}
    for name, table in receipt.tables.items():
        amounts = {currency: str(total) for currency, total in sorted(table.amounts.items())}
        tables[name] = {"rows": table.rows, "amount": amounts} if amounts else {"rows": table.rows}
    return {
        "as_of": receipt.as_of.isoformat(),
        "sample": {"accounts": receipt.accounts, "seed": receipt.seed},
        "tables": tables,
    }
