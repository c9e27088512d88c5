"""Whose is an invoice without a payer, whose is a payment, and which names are dropped. The same for every `as_of`.

The order in which it is decided, so that nothing runs in a circle:

1. premises and payers stand or fall by themselves; then tenancies; then invoices (named payer, or the one payer whose
   tenancies cover the service period).
2. Accounts are the pairs of the tenancies and invoices that are taken in and of the payments that name premise and
   payer, stand by themselves and are no reversal (a reversal belongs to an account that has a payment, and founds
   none). A payer's 'only account in the extract' is meant among these.
3. Payments find their account; then reversals are judged, against payments that are taken in.
4. `eur_before_changeover` asks whether any BGN invoice or payment is taken in. That is judged as if no EUR row were too
   early; then those rows are refused and 2 and 3 are decided again without them.

A row whose names are not there (`missing_reference`) is not attributed, and a row whose day cannot be read is not where
the day matters: of these no second reason is made up.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dunning.core.days import NEVER, Days
from dunning.gateways.ledger.accounts import NO_ACCOUNT, Accounts, Numbering, make_accounts
from dunning.gateways.ledger.conditions import BGN, EUR, EUR_FROM, is_euro_too_early, unreadable
from dunning.gateways.ledger.raw import TypedTable
from dunning.gateways.ledger.references import UNNAMED, References, take_or
from dunning.gateways.ledger.reversals import PaymentRows, find_bad_reversals
from dunning.gateways.ledger.tables import bit
from dunning.gateways.ledger.tenures import Tenures, find_single_payers, merge_tenancies

Places = npt.NDArray[np.signedinteger]
Flags = npt.NDArray[np.bool_]
_MISSING = bit("missing_reference")


@dataclass(frozen=True)
class Attribution:
    """Whose everything is.

    Attributes:
        accounts: all of the extract, in snapshot order.
        invoice_account: account of each row of invoices; below 0 where it has none, and where the row is refused.
        payment_account: the same of payments.
        payment_guess: account that a payment would have, also a refused one; below 0 where that cannot be told.
        invoice_payer: payer number of each invoice, named or found, also of refused ones; below 0 where there is none.
    """

    accounts: Accounts
    invoice_account: Places
    payment_account: Places
    payment_guess: Places
    invoice_payer: Places


@dataclass(frozen=True)
class _Named:
    """Numbers of the premise and payer that the rows of a table name: UNNAMED, UNKNOWN or a number."""

    premise: Places
    payer: Places


def attribute(references: References, numbering: Numbering) -> Attribution:
    """Find every account, mark what has none, and judge the reversals.

    Marks no_single_payer, unmatched_payment, bad_reversal and eur_before_changeover. `missing_reference` of tenancies,
    invoices and payments must have been marked before.
    """
    tenures = _make_tenures(references, numbering)
    invoices, payments = references.tables["invoices"], references.tables["payments"]
    named = {name: name_numbers(references, numbering, name) for name in ("tenancies", "invoices", "payments")}
    payer = _find_invoice_payers(invoices, named["invoices"], tenures)
    base = payments.reasons.copy()
    result = _decide(references, numbering, tenures, named, payer)
    too_early = is_euro_too_early(invoices, "issued_on"), is_euro_too_early(payments, "paid_on")
    if any(rows.any() for rows in too_early) and _has_bgn(references):
        payments.reasons[:] = base
        for table, rows in zip((invoices, payments), too_early, strict=True):
            table.mark(rows, bit("eur_before_changeover"))
        result = _decide(references, numbering, tenures, named, payer)
    return result


def name_numbers(references: References, numbering: Numbering, name: str) -> _Named:
    """Return the premise and payer that the rows of a table name, as numbers; UNNAMED and UNKNOWN stay."""
    premise, payer = references.places(name, "premise_no"), references.places(name, "payer_code")
    return _Named(
        np.where(premise >= 0, take_or(numbering.premise, premise, UNNAMED), premise),
        np.where(payer >= 0, take_or(numbering.payer, payer, UNNAMED), payer),
    )


def find_named_items(references: References, attribution: Attribution) -> tuple[Places, Places]:
    """Return the invoice that each payment, and each credit note, may settle first; below 0 where none.

    A name is dropped (UNNAMED where a name stands) that is not there, or belongs to another account, or is a EUR
    invoice named in a BGN row dated before 2026, which could not take effect.

    Returns:
        Rows of invoices: one a payment, one an invoice (for its `refers_to`).
    """
    invoices, payments = references.tables["invoices"], references.tables["payments"]
    account = attribution.invoice_account
    by_payment = _keep_names(references.places("payments", "invoice_no"), attribution.payment_account, account)
    by_note = _keep_names(references.places("invoices", "refers_to"), account, account)
    for table, named, day in ((payments, by_payment, "paid_on"), (invoices, by_note, "issued_on")):
        is_early_bgn = (table.frame["currency"] == BGN) & (table.frame[day] < EUR_FROM)
        named[is_early_bgn & (take_or(invoices.frame["currency"], named, BGN) == EUR)] = UNNAMED
    return by_payment, by_note


def _keep_names(named: Places, account: Places, invoice_account: Places) -> Places:
    same = (account >= 0) & (take_or(invoice_account, named, NO_ACCOUNT) == account)
    return np.where(same, named, UNNAMED)


def _make_tenures(references: References, numbering: Numbering) -> Tenures:
    rows = np.flatnonzero(references.standing("tenancies"))
    frame = references.tables["tenancies"].frame
    return merge_tenancies(
        numbering.premise[references.places("tenancies", "premise_no")[rows]],
        numbering.payer[references.places("tenancies", "payer_code")[rows]],
        frame["valid_from"][rows], frame["valid_until"][rows], premises=len(numbering.premise),
    )


def _find_invoice_payers(invoices: TypedTable, named: _Named, tenures: Tenures) -> Places:
    """Return each invoice's payer number, and mark `no_single_payer`."""
    frame, payer = invoices.frame, named.payer.copy()
    is_asked = (payer == UNNAMED) & (named.premise >= 0) & (invoices.reasons & _MISSING == 0) & ~invoices.is_repeated
    is_asked &= frame["issued_on"] != NEVER
    is_asked &= ~unreadable(invoices, "period_from") & ~unreadable(invoices, "period_to")
    rows = np.flatnonzero(is_asked)
    first, last = _service_period(frame["period_from"][rows], frame["period_to"][rows], frame["issued_on"][rows])
    payer[rows] = find_single_payers(tenures, named.premise[rows], first, last)
    invoices.mark(rows[payer[rows] < 0], bit("no_single_payer"))
    return payer


def _service_period(first: Days, last: Days, issued_on: Days) -> tuple[Days, Days]:
    """Return the days that must be covered; a period that runs backwards asks for both of its days."""
    is_full = (first != NEVER) & (last != NEVER)
    return np.where(is_full, np.minimum(first, last), issued_on), np.where(is_full, np.maximum(first, last), issued_on)


def _decide(
    references: References, numbering: Numbering, tenures: Tenures, named: dict[str, _Named], invoice_payer: Places
) -> Attribution:
    invoices = references.tables["invoices"]
    of_invoices = _Named(named["invoices"].premise, invoice_payer)
    is_reversal = references.places("payments", "reverses") != UNNAMED
    accounts = make_accounts(numbering, (
        _pairs(numbering, named["tenancies"], references.standing("tenancies")),
        _pairs(numbering, of_invoices, references.standing("invoices")),
        _pairs(numbering, named["payments"], references.standing("payments") & ~is_reversal),
    ))
    invoice_account = np.full(len(invoices), NO_ACCOUNT, np.int32)
    rows = np.flatnonzero(references.standing("invoices"))
    invoice_account[rows] = accounts.find(of_invoices.premise[rows], of_invoices.payer[rows])
    guess = _find_payment_accounts(references, accounts, tenures, named["payments"], invoice_account)
    stands = references.standing("payments") & (guess >= 0)
    return Attribution(accounts, invoice_account, np.where(stands, guess, NO_ACCOUNT), guess, invoice_payer)


def _find_payment_accounts(
    references: References, accounts: Accounts, tenures: Tenures, named: _Named, invoice_account: Places
) -> Places:
    """Return each payment's account, and mark `unmatched_payment` and `bad_reversal`."""
    payments = references.tables["payments"]
    paid_on = payments.frame["paid_on"]
    of_invoice = take_or(invoice_account, references.places("payments", "invoice_no"), NO_ACCOUNT)
    account = attribute_payments(named.premise, named.payer, of_invoice, paid_on, accounts, tenures)
    reverses = references.places("payments", "reverses")
    is_bare = (reverses != UNNAMED) & (account < 0) & (named.premise == UNNAMED) & (named.payer == UNNAMED)
    account[is_bare] = take_or(account, reverses[is_bare], NO_ACCOUNT)
    is_asked = (payments.reasons & _MISSING == 0) & ~payments.is_repeated
    is_open = is_asked & (account < 0) & ~is_bare & ((named.premise == UNNAMED) | (named.payer == UNNAMED))
    needs_day = (named.premise != UNNAMED) & (named.payer == UNNAMED)
    payments.mark(is_open & ~(needs_day & (paid_on == NEVER)), bit("unmatched_payment"))
    bad = find_bad_reversals(_payment_rows(payments, reverses), account, references.standing("payments"))
    payments.mark(bad & is_asked & ~is_open, bit("bad_reversal"))
    return account


def attribute_payments(
    premise: Places, payer: Places, of_invoice: Places, paid_on: Days, accounts: Accounts, tenures: Tenures
) -> Places:
    """Return each payment's account by what it names; NO_ACCOUNT where nothing decides.

    Premise and payer name it. An invoice names its account where a premise or payer given with it agrees; one that does
    not agree is as if not named. A payer alone names his only account; a premise alone that of the payer whose tenures
    cover `paid_on`, if it is one.

    Args:
        premise, payer: numbers; below 0 where none is named.
        of_invoice: account of the named invoice; below 0 where none is named, or it is not there.
    """
    account = accounts.find(premise, payer)
    has_premise, has_payer = premise != UNNAMED, payer != UNNAMED
    agrees = (of_invoice >= 0) & (account < 0)
    agrees &= ~has_premise | (take_or(accounts.premise, of_invoice, UNNAMED) == premise)
    agrees &= ~has_payer | (take_or(accounts.payer, of_invoice, UNNAMED) == payer)
    account = np.where(agrees, of_invoice, account)
    by_payer = (account < 0) & ~has_premise & (payer >= 0)
    account[by_payer] = accounts.only_account[payer[by_payer]]
    rows = np.flatnonzero((account < 0) & (premise >= 0) & ~has_payer & (paid_on != NEVER))
    tenants = find_single_payers(tenures, premise[rows], paid_on[rows], paid_on[rows])
    account[rows] = accounts.find(premise[rows], tenants)
    return account


def _pairs(numbering: Numbering, named: _Named, rows: Flags) -> Places:
    rows = rows & (named.premise >= 0) & (named.payer >= 0)
    return numbering.pair(named.premise[rows], named.payer[rows])


def _payment_rows(payments: TypedTable, reverses: Places) -> PaymentRows:
    frame = payments.frame
    is_readable = (frame["currency"] >= 0) & ~unreadable(payments, "amount")
    is_readable &= (frame["amount"] != 0) | (payments.reasons & bit("missing_value") == 0)
    return PaymentRows(
        reverses, frame["amount"], frame["currency"], frame["paid_on"], is_readable, frame.text("payment_no")
    )


def _has_bgn(references: References) -> bool:
    """Say whether any BGN invoice or payment is taken in."""
    return any(
        bool(((references.tables[name].frame["currency"] == BGN) & references.standing(name)).any())
        for name in ("invoices", "payments")
    )

