"""Find the accounts and premises that refused rows could concern: their data is incomplete.

Of every table except bill lines and contacts (for those see `dead_channels`). A row concerns every
account that it names by any readable number in it, or could belong to:

- premise and payer together name that account; where the pair is none (an error in one of them),
  all accounts of either, unless the row itself would have made the account: a tenancy, or a row
  that names a premise or payer which is refused itself;
- a premise alone, or a payer alone, names all accounts of it; what a rule finds beside that counts
  as well;
- an invoice, agreement, case or payment names the account that it belongs to.

In a ragged row no cell is certain. Cells in their usual place count first; where they name nothing
(a cell too many or too few may have moved them), every cell that is a known number counts by
itself.

No supply is cut off where a refused row could name a resident or a protection: at every premise
that tenancies of refused payers, or refused tenancies, name; and at all premises of accounts that
a refused hold or agreement concerns.

refused row           accounts flagged           premises flagged (no disconnection)
hold of payer P       all accounts of P          all of these, and all in tenancies of P
tenancy (Q, P)        account (Q, P)             Q
payment of premise Q  all accounts of Q          none
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dunning.core.arrays import Flags, Places
from dunning.core.ledger_tables import NOT_NAMED, TABLES
from dunning.ledger.attribute.accounts import Accounts
from dunning.ledger.attribute.attribution import Attribution, name_numbers
from dunning.ledger.attribute.references import References, take_or
from dunning.ledger.check.quarantine import Cells
from dunning.ledger.text_index import UNKNOWN, UNNAMED, find_places
from dunning.ledger.typed_tables import TypedTable

_TABLES = tuple(name for name in TABLES if name not in ("invoice_lines", "contacts"))
_PARTIES = ("tenancies", "invoices", "payments", "agreements", "holds", "notices", "court_cases")
_INVOICES = {
    "payments": "invoice_no",
    "invoices": "refers_to",
    "holds": "invoice_no",
    "agreement_items": "invoice_no",
    "court_case_items": "invoice_no",
}
_OWNERS = {
    "agreement_items": "agreement_no",
    "instalments": "agreement_no",
    "court_case_items": "case_no",
}
_CODES = {
    "premise_no": "premises",
    "payer_code": "payers",
    "invoice_no": "invoices",
    "refers_to": "invoices",
    "agreement_no": "agreements",
    "case_no": "court_cases",
}
# Where rows of these tables protect a resident, no supply at the premise is cut off.
_KEEPING = ("holds", "agreements", "agreement_items", "instalments")


@dataclass(frozen=True)
class IncompleteAccounts:
    """The accounts and premises that refused rows concern.

    Attributes:
        accounts: one flag an account.
        premises: one flag a premise, by number: no supply is cut off there.
    """

    accounts: Flags
    premises: Flags


def named_invoices(references: References, cells: Mapping[str, Cells]) -> pa.Array:
    """Return the numbers of invoices that refused rows name.

    Args:
        references: of refused rows at the least.
        cells: refused rows as read.
    """
    payments, invoices = references.tables["payments"], references.tables["invoices"]
    ragged = _join_ragged(references, cells, _TABLES)
    return (
        pa.concat_arrays(
            [payments.frame.text("invoice_no"), invoices.frame.text("refers_to"), ragged]
        )
        .drop_null()
        .unique()
    )


def named_payments(references: References, cells: Mapping[str, Cells]) -> pa.Array:
    """Return the numbers of payments that refused rows name."""
    ragged = _join_ragged(references, cells, ["payments"])
    return (
        pa.concat_arrays([references.tables["payments"].frame.text("reverses"), ragged])
        .drop_null()
        .unique()
    )


def list_refused_notices(references: References, cells: Mapping[str, Cells]) -> list[str]:
    """Return the numbers of refused notices, and every cell of ragged ones.

    They may be references of our own.
    """
    notices = references.tables["notices"]
    numbers = notices.frame.text("notice_no").filter(pa.array(notices.is_refused)).drop_null()
    return sorted({*numbers.to_pylist(), *_join_ragged(references, cells, ["notices"]).to_pylist()})


def find_incomplete(
    references: References, attribution: Attribution, cells: Mapping[str, Cells], payers_of: Places
) -> IncompleteAccounts:
    """Return the accounts and premises that refused rows concern.

    Args:
        references: of invoices and payments only the refused rows, and the invoices of
            `named_invoices`, those that holds and items of agreements and cases name among them.
        cells: refused rows as read.
        payers_of: accounts of the payments of `named_payments`; below 0 where there is none.
    """
    return _Collector(references, attribution, cells).collect(payers_of)


class _Collector:
    """Collects accounts and premises from refused rows, table by table."""

    def __init__(
        self, references: References, attribution: Attribution, cells: Mapping[str, Cells]
    ) -> None:
        self.references, self.attribution, self.cells = references, attribution, cells
        self.accounts: Accounts = attribution.accounts
        self.numbering = attribution.accounts.numbering
        self.flags = np.zeros(len(self.accounts), bool)
        self.premises = np.zeros(len(self.numbering.premise), bool)

    def collect(self, payers_of: Places) -> IncompleteAccounts:
        for name in _KEEPING:
            self._reach_table(name)
        # Now, before the other tables: only the accounts flagged so far, by holds and agreements,
        # protect their premises.
        self.premises[self.accounts.premise[self.flags]] = True
        for name in _TABLES:
            if name not in _KEEPING:
                self._reach_table(name)
        self._reach_accounts(payers_of)
        return IncompleteAccounts(self.flags, self.premises)

    def _reach_table(self, name: str) -> None:
        """Flag the accounts that the refused rows of a table name, and the premises to protect."""
        rows = np.flatnonzero(self.references.tables[name].is_refused)
        if rows.size:
            premise, payer = self._name_parties(name, rows)
            self._reach_pairs(premise, payer, makes_accounts=name == "tenancies")
            self._keep_premises(name, premise, payer)
            if name in _INVOICES:
                self._reach_invoices(self.references.places(name, _INVOICES[name])[rows])
            if name in _OWNERS:
                column = _OWNERS[name]
                self._reach_owners(_CODES[column], self.references.places(name, column)[rows])
        self._reach_ragged(self.references.tables[name], self.cells[name])

    def _name_parties(self, name: str, rows: Places) -> tuple[Places, Places]:
        """Return the premise and payer that each row names.

        The account that a rule finds beside these is flagged here.
        """
        unnamed = np.full(len(rows), UNNAMED, np.int64)
        if name == "premises":
            return self.numbering.premise[rows], unnamed
        if name == "payers":
            return unnamed, self.numbering.payer[rows]
        if name not in _PARTIES:
            return unnamed, unnamed
        named = name_numbers(self.references, self.numbering, name)
        premise, payer = named.premise[rows], named.payer[rows]
        if name in self.references.numbers:
            self._reach_accounts(self.accounts.find(premise, payer))
            reasons = self.references.tables[name].reasons[rows]
            # The numbers were filled in by a rule; what the row itself names is without them.
            premise = np.where(reasons & NOT_NAMED["premise_no"] != 0, UNNAMED, premise)
            payer = np.where(reasons & NOT_NAMED["payer_code"] != 0, UNNAMED, payer)
        return premise, payer

    def _reach_accounts(self, accounts: Places) -> None:
        self.flags[accounts[accounts >= 0]] = True

    def _reach_pairs(self, premise: Places, payer: Places, *, makes_accounts: bool = False) -> None:
        """Flag each pair that is an account, else all accounts of whichever number is known."""
        pair = self.accounts.find(premise, payer)
        self._reach_accounts(pair)
        # Both exist but have no account together: one of the two was probably mistyped.
        is_slip = (pair < 0) & self._accepted(premise, payer) & (not makes_accounts)
        by_premise = premise[(premise >= 0) & ((payer < 0) | is_slip)]
        by_payer = payer[(payer >= 0) & ((premise < 0) | is_slip)]
        self.flags[self.accounts.of_premises(by_premise)[1]] = True
        self.flags[self.accounts.of_payers(by_payer)[1]] = True

    def _accepted(self, premise: Places, payer: Places) -> Flags:
        """Return where both numbers are of rows that are taken in."""
        both = (premise >= 0) & (payer >= 0)
        accepted, numbering = self.references.accepted, self.numbering
        # Index with a mask, so that only known numbers are looked up.
        both[both] &= accepted("premises")[numbering.premise_row[premise[both]]]
        both[both] &= accepted("payers")[numbering.payer_row[payer[both]]]
        return both

    def _keep_premises(self, name: str, premise: Places, payer: Places) -> None:
        """Flag the premises where a protected resident could live."""
        if name in ("tenancies", *_KEEPING):
            self.premises[premise[premise >= 0]] = True
        if name == "payers" or name == "holds":
            self._keep_homes(payer)
        if name == "tenancies":
            self._keep_homes(payer[premise < 0])

    def _keep_homes(self, payers: Places) -> None:
        """Flag every premise that tenancies of these payers name, refused ones too."""
        # A flag per payer: one pass over all tenancies answers for all payers at once.
        is_asked = np.zeros(len(self.numbering.payer), bool)
        is_asked[payers[payers >= 0]] = True
        named = name_numbers(self.references, self.numbering, "tenancies")
        rows = np.flatnonzero((named.premise >= 0) & (named.payer >= 0))
        self.premises[named.premise[rows[is_asked[named.payer[rows]]]]] = True

    def _reach_invoices(self, invoices: Places) -> None:
        """Flag the accounts of these invoices.

        A refused invoice has none here and is handled as a row of its own table.
        """
        self._reach_accounts(self.attribution.invoice_account[invoices[invoices >= 0]])

    def _reach_owners(self, name: str, owners: Places) -> None:
        """Flag the accounts of these agreements or cases.

        Refused ones are rows of their own table and are handled there.
        """
        named, owners = (
            name_numbers(self.references, self.numbering, name),
            np.unique(owners[owners >= 0]),
        )
        self._reach_accounts(self.accounts.find(named.premise[owners], named.payer[owners]))

    def _reach_ragged(self, table: TypedTable, cells: Cells) -> None:
        rows = list(_ragged_rows(table, cells))
        # First attempt: the columns as the header has them.
        usual = _usual_codes(table, rows)
        lost = self._reach_codes(table.table.name, usual) if rows else ()
        # Second attempt, cell by cell: each cell as every kind of code.
        anywhere = [
            {column: cell} for row in lost for cell in rows[row] if cell for column in _CODES
        ]
        if anywhere:
            self._reach_codes(table.table.name, anywhere)

    def _reach_codes(self, name: str, rows: list[dict[str, str]]) -> Places:
        """Flag the accounts that these codes name; return the rows without a known code."""
        found = {
            column: self._find_codes(column, [row.get(column) for row in rows]) for column in _CODES
        }
        premise, payer = found["premise_no"], found["payer_code"]
        premise = np.where(premise >= 0, take_or(self.numbering.premise, premise, UNKNOWN), premise)
        payer = np.where(payer >= 0, take_or(self.numbering.payer, payer, UNKNOWN), payer)
        self._reach_pairs(premise, payer)
        self._keep_premises(name, premise, payer)
        for column in ("invoice_no", "refers_to"):
            self._reach_invoices(found[column])
        for column in ("agreement_no", "case_no"):
            self._reach_owners(_CODES[column], found[column])
        return np.flatnonzero(np.all([places < 0 for places in found.values()], axis=0))

    def _find_codes(self, column: str, codes: list[str | None]) -> Places:
        table = self.references.tables[_CODES[column]]
        return find_places(pa.array(codes, pa.string()), table.frame.text(table.table.key[0]))


def _join_ragged(
    references: References, cells: Mapping[str, Cells], tables: Iterable[str]
) -> pa.Array:
    """Return every cell of the ragged rows of some tables."""
    rows = (row for name in tables for row in _ragged_rows(references.tables[name], cells[name]))
    return pa.array([cell for row in rows for cell in row if cell], pa.string())


def _ragged_rows(table: TypedTable, cells: Cells) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each ragged row."""
    for line in table.ragged_lines.tolist():
        yield tuple(cell.strip() for cell in cells.get(line, ()))


def _usual_codes(table: TypedTable, rows: list[tuple[str, ...]]) -> list[dict[str, str]]:
    """Return the codes of each row, read from the columns where the header has them."""
    header = [name.strip().lower() for name in table.header]
    usual = {column: header.index(column) for column in _CODES if column in header}
    return [
        {column: row[at] for column, at in usual.items() if at < len(row) and row[at]}
        for row in rows
    ]
