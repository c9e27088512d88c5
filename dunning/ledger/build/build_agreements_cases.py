"""Build the snapshot's agreements, instalments, court cases, their items, and notices."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.arrays import Places
from dunning.core.frames import BucketedTable, days_to_arrow
from dunning.core.ledger_tables import OWN_FAULT, bit
from dunning.core.money import convert_to_cents
from dunning.ledger.attribute.attribution import Attribution, name_numbers
from dunning.ledger.attribute.references import References, take_or
from dunning.ledger.build.build_accounts import bucketed
from dunning.ledger.build.build_context import BuildContext, numbers_of, take
from dunning.ledger.build.build_invoices_payments import Items
from dunning.ledger.check.row_checks import BGN
from dunning.ledger.ordering import order_rows

_NUMBERS = {"agreements": "agreement_no", "court_cases": "case_no", "notices": "notice_no"}
_DAYS = {"agreements": "applied_on", "court_cases": "filed_on", "notices": "sent_on"}


def mark_missing_parties(references: References) -> None:
    """Mark rows that name a premise or payer that is not taken in."""
    for name in ("tenancies", "agreements", "holds", "notices", "court_cases"):
        references.mark_missing(name, "premise_no", "payer_code")
    references.mark_missing("contacts", "payer_code")


def mark_missing_documents(references: References, attribution: Attribution) -> None:
    """Mark rows that name a missing document, a pair that is no account, or another account's item.

    Documents are invoices, agreements and court cases.
    """
    references.mark_missing("holds", "invoice_no")
    for name in ("holds", "agreements", "court_cases"):
        # Before instalments and items: they are refused where their agreement or case is.
        _mark_no_account(references, attribution, name)
    references.mark_missing("instalments", "agreement_no")
    for name, column, owners in (
        ("agreement_items", "agreement_no", "agreements"),
        ("court_case_items", "case_no", "court_cases"),
    ):
        references.mark_missing(name, column, "invoice_no")
        named = name_numbers(references, attribution.accounts.numbering, owners)
        account = attribution.accounts.find(named.premise, named.payer)
        owner, invoice = references.places(name, column), references.places(name, "invoice_no")
        # Account of the agreement or case, beside the account of the named invoice.
        of_owner = take_or(account, owner, -1)
        # An agreement or case covers items of its own account only.
        is_other = of_owner != take_or(attribution.invoice_account, invoice, -1)
        is_other &= (
            (owner >= 0)
            & (invoice >= 0)
            & (references.tables[name].reasons & bit("missing_reference") == 0)
        )
        references.tables[name].mark(is_other, bit("missing_reference") | OWN_FAULT)


def _mark_no_account(references: References, attribution: Attribution, name: str) -> None:
    """Mark rows with premise and payer both taken in but no account of the extract."""
    named = name_numbers(references, attribution.accounts.numbering, name)
    table, missing = references.tables[name], bit("missing_reference")
    # Rows with another missing reference are left out: one reason is enough.
    is_pair = (named.premise >= 0) & (named.payer >= 0) & (table.reasons & missing == 0)
    is_no_account = attribution.accounts.find(named.premise, named.payer) < 0
    table.mark(is_pair & is_no_account, missing | OWN_FAULT)


@dataclass(frozen=True)
class _Owners:
    """Sorted rows of agreements, cases or notices that have an account.

    `number` is the place of each typed row among them; -1 if it is not there.
    """

    rows: Places
    account: Places
    number: Places
    offsets: npt.NDArray[np.int64]


class AgreementTables:
    """Builds agreements, instalments, court cases, their items, and notices.

    Attributes:
        without_effect: by table, rows that are taken in but reach no account or item: a pair that
            is no account, a credit note under an agreement or in a case, instalments of an
            agreement that has no account.
    """

    def __init__(self, context: BuildContext, items: Items) -> None:
        self.context, self.items = context, items
        self.without_effect: dict[str, int] = {}

    def build(self) -> dict[str, BucketedTable]:
        """Return agreements, agreement_items, instalments, cases, case_items and notices."""
        agreements, cases = self._sort("agreements"), self._sort("court_cases")
        return {
            "agreements": self._agreements(agreements),
            "agreement_items": self._owned_items(
                "agreement_items", "agreement_no", "agreement", agreements
            ),
            "instalments": self._instalments(agreements),
            "cases": self._cases(cases),
            "case_items": self._owned_items("court_case_items", "case_no", "case", cases),
            "notices": self._notices(self._sort("notices")),
        }

    def _sort(self, name: str) -> _Owners:
        context, frame, rows = self.context, self.context.frame(name), self.context.rows(name)
        account = context.named_accounts(name, rows)
        self.without_effect[name] = int((account < 0).sum())
        rows, account = rows[account >= 0], account[account >= 0]
        order = order_rows(
            (account, frame[_DAYS[name]][rows]), take(frame.text(_NUMBERS[name]), rows)
        )
        rows, account = rows[order], account[order]
        return _Owners(rows, account, numbers_of(rows, len(frame)), context.offsets(account))

    def _columns(
        self, name: str, owners: _Owners, days: tuple[str, ...]
    ) -> dict[str, npt.NDArray | pa.Array]:
        frame = self.context.frame(name)
        return {
            "account": self.context.account_places(owners.account),
            _NUMBERS[name]: take(frame.text(_NUMBERS[name]), owners.rows),
            **{day: days_to_arrow(frame[day][owners.rows]) for day in days},
        }

    def _agreements(self, owners: _Owners) -> BucketedTable:
        days = ("applied_on", "contacted_on", "signed_on", "cancelled_on")
        return bucketed("agreements", self._columns("agreements", owners, days), owners.offsets)

    def _cases(self, owners: _Owners) -> BucketedTable:
        frame = self.context.frame("court_cases")
        columns = self._columns("court_cases", owners, ("filed_on", "stage_on"))
        columns |= {"stage": frame["stage"][owners.rows], "outcome": frame["outcome"][owners.rows]}
        return bucketed("cases", columns, owners.offsets)

    def _notices(self, owners: _Owners) -> BucketedTable:
        frame = self.context.frame("notices")
        columns = self._columns("notices", owners, ("sent_on", "served_on", "failed_on"))
        columns |= {
            "stage": frame["stage"][owners.rows],
            "channel": take(frame.text("channel"), owners.rows),
        }
        return bucketed("notices", columns, owners.offsets)

    def _owned_items(self, name: str, column: str, place: str, owners: _Owners) -> BucketedTable:
        context, rows = self.context, self.context.rows(name)
        owner = take_or(owners.number, context.references.places(name, column)[rows], -1)
        item = take_or(self.items.number, context.references.places(name, "invoice_no")[rows], -1)
        # Taken in, but without an account or on a credit note: counted, not written.
        reaches = (owner >= 0) & (item >= 0)
        self.without_effect[name] = int((~reaches).sum())
        owner, item = owner[reaches], item[reaches]
        order = order_rows((owner, item))
        owner, item = owner[order], item[order]
        account = owners.account[owner]
        columns = {
            place: context.places(owner, account, owners.offsets),
            "item": context.places(item, account, self.items.offsets),
        }
        return bucketed(f"{place}_items", columns, context.offsets(account))

    def _instalments(self, owners: _Owners) -> BucketedTable:
        context = self.context
        frame = self.context.frame("instalments")
        rows = self.context.rows("instalments")
        owner = take_or(
            owners.number, context.references.places("instalments", "agreement_no")[rows], -1
        )
        self.without_effect["instalments"] = int((owner < 0).sum())
        rows, owner = rows[owner >= 0], owner[owner >= 0]
        order = order_rows((owner, frame["due_on"][rows], frame["seq"][rows]))
        rows, owner = rows[order], owner[order]
        account = owners.account[owner]
        amount = frame["amount"][rows]
        is_bgn = frame["currency"][rows] == BGN
        columns = {
            "agreement": context.places(owner, account, owners.offsets),
            "seq": frame["seq"][rows],
            "due_on": days_to_arrow(frame["due_on"][rows]),
            "amount_minor": amount,
            "is_bgn": is_bgn,
            # Both are kept: the amount as written, and its euro value that decides.
            "amount_cents": np.where(is_bgn, convert_to_cents(amount), amount),
        }
        return bucketed("instalments", columns, context.offsets(account))
