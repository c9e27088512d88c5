"""Accounts that a refused row names, or could belong to: what is known about them is not all there is.

A refused payment, credit note, hold, agreement (with its items and instalments) or payer row. A row that names premise
and payer, both known to the extract, speaks of that pair alone. Where only one of them is known it could be any account
of that premise, or of that payer. Where a rule finds its account (a payment's tenancy, the reversed payment, the named
invoice) it is that one. A ragged row has no certain cells: those in their usual place name whom they name; where they
name nobody (a cell too many or too few may have moved them), each cell that is a known number names it by itself. A row
that names nothing reaches nobody.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.gateways.ledger.accounts import Accounts
from dunning.gateways.ledger.attribution import Attribution, name_numbers
from dunning.gateways.ledger.conditions import CREDIT_NOTE, EQUALISATION, is_note, unreadable
from dunning.gateways.ledger.quarantine import Cells
from dunning.gateways.ledger.raw import TypedTable
from dunning.gateways.ledger.references import References, take_or
from dunning.gateways.ledger.tables import INVOICE_KINDS
from dunning.gateways.ledger.text_index import UNKNOWN, UNNAMED, find_places

Places = npt.NDArray[np.signedinteger]
Flags = npt.NDArray[np.bool_]

_RAGGED = ("payers", "invoices", "payments", "agreements", "agreement_items", "instalments", "holds")
_CODES = ("premise_no", "payer_code", "invoice_no", "agreement_no", "refers_to")


def named_invoices(references: References, payment_guess: Places, cells: Mapping[str, Cells]) -> pa.Array:
    """Return the numbers of invoices on which it may hang whom a refused row speaks of.

    Args:
        references: of refused rows at the least.
        payment_guess: account of each refused payment, below 0 where that cannot be told.
        cells: refused rows as read.
    """
    payments, invoices = references.tables["payments"], references.tables["invoices"]
    ragged = [
        cell for name in _RAGGED for row in _ragged_rows(references.tables[name], cells[name]) for cell in row if cell
    ]
    return pa.concat_arrays([
        payments.frame.text("invoice_no").filter(pa.array(payment_guess < 0)), invoices.frame.text("refers_to"),
        pa.array(ragged, pa.string()),
    ]).drop_null().unique()


def find_refused_evidence(references: References, attribution: Attribution, cells: Mapping[str, Cells]) -> Flags:
    """Return one flag an account: some refused row names it, or could belong to it.

    Args:
        references: of invoices and payments only the refused rows, and the invoices of `named_invoices`, those that
            holds and items of agreements name among them.
        cells: refused rows as read.
    """
    return _Evidence(references, attribution, cells).collect()


class _Evidence:
    """Collects accounts from refused rows, table by table."""

    def __init__(self, references: References, attribution: Attribution, cells: Mapping[str, Cells]) -> None:
        self.references, self.attribution, self.cells = references, attribution, cells
        self.accounts: Accounts = attribution.accounts
        self.flags = np.zeros(len(self.accounts), bool)

    def collect(self) -> Flags:
        payments, invoices = self._refused("payments"), np.flatnonzero(self._could_be_notes())
        self._reach_rows("payments", payments, self.attribution.payment_guess[payments])
        self._reach_rows("invoices", invoices, self.accounts.find(*self._invoice_pair(invoices)))
        self._reach_rows("holds", self._refused("holds"))
        self._reach_rows("agreements", self._refused("agreements"))
        self._reach_agreement_rows("agreement_items")
        self._reach_agreement_rows("instalments")
        self._reach_invoices(self.references.places("agreement_items", "invoice_no")[self._orphans()])
        self._reach_pairs(*self._payers(self._refused("payers")))
        for name in _RAGGED:
            self._reach_ragged(self.references.tables[name], self.cells[name])
        return self.flags

    def _refused(self, name: str) -> Places:
        return np.flatnonzero(self.references.tables[name].is_refused)

    def _could_be_notes(self) -> Flags:
        """Refused invoices that are credit notes, or that a cell that cannot be read may have made one."""
        invoices = self.references.tables["invoices"]
        kind, amount = invoices.frame["kind"], invoices.frame["amount"]
        could = is_note(invoices) | ((amount <= 0) & (kind < 0))
        could |= (kind == EQUALISATION) & (unreadable(invoices, "amount") | (amount == 0))
        return could & invoices.is_refused

    def _reach_rows(self, name: str, rows: Places, known: Places | None = None) -> None:
        """Flag what these rows of a table name; where `known` gives a row's account, that one alone."""
        if known is not None:
            self.flags[known[known >= 0]] = True
            rows = rows[known < 0]
        if not rows.size:
            return
        named = name_numbers(self.references, self.attribution.accounts.numbering, name)
        self._reach_pairs(named.premise[rows], named.payer[rows])
        table = self.references.tables[name]
        for column in ("invoice_no", "refers_to"):
            if column in table.frame and column not in table.table.key:
                self._reach_invoices(self.references.places(name, column)[rows])

    def _reach_pairs(self, premise: Places, payer: Places) -> None:
        """Flag the pair where both numbers are known, else all accounts of the one that is."""
        pair = self.accounts.find(premise, payer)
        self.flags[pair[pair >= 0]] = True
        self.flags[self.accounts.of_premises(premise[(premise >= 0) & (payer < 0)])[1]] = True
        self.flags[self.accounts.of_payers(payer[(payer >= 0) & (premise < 0)])[1]] = True

    def _reach_invoices(self, invoices: Places) -> None:
        """Flag the accounts of these invoices; of refused ones, of all rows under that number, what they name."""
        invoices = np.unique(invoices[invoices >= 0])
        account = self.attribution.invoice_account[invoices]
        self.flags[account[account >= 0]] = True
        refused = self._refused("invoices")
        if (account < 0).any():
            numbers = self.references.tables["invoices"].frame.text("invoice_no")
            wanted = numbers.take(pa.array(invoices[account < 0]))
            alike = refused[find_places(numbers.take(pa.array(refused)), wanted) >= 0]
            self._reach_pairs(*self._invoice_pair(alike))

    def _invoice_pair(self, rows: Places) -> tuple[Places, Places]:
        named = name_numbers(self.references, self.accounts.numbering, "invoices")
        return named.premise[rows], named.payer[rows]

    def _reach_agreement_rows(self, name: str) -> None:
        """Flag the account of the agreement that a refused item or instalment belongs to."""
        rows = self._refused(name)
        agreements = np.unique(self.references.places(name, "agreement_no")[rows])
        self._reach_rows("agreements", agreements[agreements >= 0])

    def _orphans(self) -> Places:
        """Refused agreement items whose agreement nobody knows: only their invoice says whose they are."""
        rows = self._refused("agreement_items")
        return rows[self.references.places("agreement_items", "agreement_no")[rows] < 0]

    def _payers(self, rows: Places) -> tuple[Places, Places]:
        return np.full(len(rows), UNNAMED, np.int64), self.accounts.numbering.payer[rows]

    def _reach_ragged(self, table: TypedTable, cells: Cells) -> None:
        rows = list(_ragged_rows(table, cells))
        usual = _usual_codes(table, rows)
        lost = self._reach_codes(usual) if rows else ()
        anywhere = [{column: cell} for row in lost for cell in rows[row] if cell for column in _CODES]
        if anywhere:
            self._reach_codes(anywhere)

    def _reach_codes(self, rows: list[dict[str, str]]) -> Places:
        """Flag what these codes name; return the rows that name nobody."""
        codes = {column: [row.get(column) for row in rows] for column in _CODES}
        tables = self.references.tables
        targets = ("premises", "payers", "invoices", "agreements", "invoices")
        premise, payer, invoice, agreement, refers_to = (
            find_places(pa.array(codes[column], pa.string()), tables[target].frame.text(tables[target].table.key[0]))
            for column, target in zip(_CODES, targets, strict=True)
        )
        numbering = self.accounts.numbering
        premise = np.where(premise >= 0, take_or(numbering.premise, premise, UNKNOWN), premise)
        payer = np.where(payer >= 0, take_or(numbering.payer, payer, UNKNOWN), payer)
        self._reach_pairs(premise, payer)
        self._reach_invoices(np.concatenate((invoice, refers_to)))
        self._reach_rows("agreements", agreement[agreement >= 0])
        names = (self.accounts.find(premise, payer) >= 0) | ((premise >= 0) ^ (payer >= 0))
        return np.flatnonzero(~names & (invoice < 0) & (refers_to < 0) & (agreement < 0))


def _ragged_rows(table: TypedTable, cells: Cells) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each ragged row that may be evidence."""
    header = _header_of(table)
    for line in table.ragged_lines.tolist():
        trimmed = tuple(cell.strip() for cell in cells.get(line, ()))
        if table.table.name != "invoices" or not _is_surely_no_note(trimmed, header):
            yield trimmed


def _usual_codes(table: TypedTable, rows: list[tuple[str, ...]]) -> list[dict[str, str]]:
    """Return what each row names where the header says that codes stand."""
    header = _header_of(table)
    usual = {column: header.index(column) for column in _CODES if column in header}
    return [{column: row[at] for column, at in usual.items() if at < len(row) and row[at]} for row in rows]


def _header_of(table: TypedTable) -> list[str]:
    return [name.strip().lower() for name in table.header]


def _is_surely_no_note(cells: tuple[str, ...], header: list[str]) -> bool:
    at = header.index("kind") if "kind" in header else len(cells)
    kind = cells[at].lower() if at < len(cells) else ""
    return kind in INVOICE_KINDS and INVOICE_KINDS.index(kind) not in (CREDIT_NOTE, EQUALISATION)

