"""Attribute invoices and payments to accounts, and decide which named invoices count.

The result is the same for every `as_of`. The order of the steps, so that no step needs a later
one:

1. Premises and payers are taken in or refused by themselves; then tenancies (`register`); then
   invoices (the named payer, or the one payer with tenancies that cover the service period), and
   payments as far as their bucket can decide (`bucket_attribution`).
2. Accounts are the pairs of the tenancies and invoices that are taken in, and of the payments that
   name premise and payer, are good by themselves and are no reversal (a reversal belongs to an
   account that has a payment, and makes none). A payer's "only account in the extract" means
   among these.
3. The other payments find their account (`payments_without_premise`); then reversals are judged
   here, against payments that are taken in.
4. `eur_before_changeover` depends on whether any BGN invoice or payment is taken in. That is judged
   as if no EUR row were too early; then those rows are refused and all is decided again without
   them (`bucket_passes`).

A row that names a missing row (`missing_reference`) is not attributed, and neither is a row with
an unreadable day where the day matters: no second reason is added to these.
"""

from dataclasses import dataclass

import numpy as np

from dunning.core.arrays import Places
from dunning.core.ledger_tables import bit
from dunning.ledger.attribute.accounts import NO_ACCOUNT, Accounts, Numbering
from dunning.ledger.attribute.bucket_attribution import MISSING, Attributed
from dunning.ledger.attribute.references import References, take_or
from dunning.ledger.attribute.reversals import PaymentRows, find_bad_reversals
from dunning.ledger.check.row_checks import BGN, EUR, unreadable
from dunning.ledger.text_index import UNNAMED
from dunning.ledger.typed_tables import TypedTable
from dunning.policy.ledger_dates import read_ledger_dates


@dataclass(frozen=True)
class Attribution:
    """The accounts, and the account of each invoice and payment.

    Attributes:
        accounts: all of the extract, in snapshot order.
        invoice_account: account of each row of invoices; below 0 where it has none, and where the
            row is refused.
        payment_account: the same of payments.
        payment_guess: account that a payment would have, also a refused one; below 0 where it is
            not known.
    """

    accounts: Accounts
    invoice_account: Places
    payment_account: Places
    payment_guess: Places


@dataclass(frozen=True)
class _Named:
    """Premise and payer numbers that the rows name: a number, UNNAMED or UNKNOWN."""

    premise: Places
    payer: Places


def attribute(
    references: References, accounts: Accounts, billed: Attributed, paid: Attributed
) -> Attribution:
    """Return the account of each invoice and payment of some buckets; marks bad_reversal.

    Args:
        references: the rows of these buckets, all other reasons marked.
        accounts: of these buckets.
        billed, paid: premise and payer of invoices and payments.
    """
    payments = references.tables["payments"]
    rows = np.flatnonzero(references.accepted("invoices"))
    invoice_account = np.full(len(references.tables["invoices"]), NO_ACCOUNT, np.int32)
    invoice_account[rows] = accounts.find(billed.premise[rows], billed.payer[rows])
    guess = accounts.find(paid.premise, paid.payer)
    is_asked = (payments.reasons & MISSING == 0) & ~payments.is_repeated
    # Without a payer and without an account it has its own reason (unmatched) already.
    is_open = is_asked & (guess < 0) & (paid.payer == UNNAMED)
    reverses = references.places("payments", "reverses")
    bad = find_bad_reversals(
        _payment_rows(payments, reverses), guess, references.accepted("payments")
    )
    payments.mark(bad & is_asked & ~is_open, bit("bad_reversal"))
    # Asked again: bad reversals have just been marked.
    accepted = references.accepted("payments") & (guess >= 0)
    return Attribution(accounts, invoice_account, np.where(accepted, guess, NO_ACCOUNT), guess)


def name_numbers(references: References, numbering: Numbering, name: str) -> _Named:
    """Return the premise and payer numbers that the rows of a table name.

    UNNAMED and UNKNOWN stay.
    """
    # Of large tables the numbers are known from attribution, and their codes are not kept as text.
    if name in references.numbers:
        return _Named(*references.numbers[name])
    premise, payer = references.places(name, "premise_no"), references.places(name, "payer_code")
    return _Named(
        np.where(premise >= 0, take_or(numbering.premise, premise, UNNAMED), premise),
        np.where(payer >= 0, take_or(numbering.payer, payer, UNNAMED), payer),
    )


def find_named_items(references: References, attribution: Attribution) -> tuple[Places, Places]:
    """Return the invoice that each payment, and each credit note, settles first; below 0 if none.

    A named invoice is ignored (UNNAMED) if it is missing, belongs to another account, or is a EUR
    invoice named in a BGN row dated before 2026, which could not take effect.

    Returns:
        Rows of invoices: one a payment, one an invoice (for its `refers_to`).
    """
    invoices, payments = references.tables["invoices"], references.tables["payments"]
    account = attribution.invoice_account
    by_payment = _keep_names(
        references.places("payments", "invoice_no"), attribution.payment_account, account
    )
    by_note = _keep_names(references.places("invoices", "refers_to"), account, account)
    for table, named, day in ((payments, by_payment, "paid_on"), (invoices, by_note, "issued_on")):
        is_early_bgn = (table.frame["currency"] == BGN) & (
            table.frame[day] < read_ledger_dates().euro_from_day
        )
        named[is_early_bgn & (take_or(invoices.frame["currency"], named, BGN) == EUR)] = UNNAMED
    return by_payment, by_note


def _keep_names(named: Places, account: Places, invoice_account: Places) -> Places:
    same = (account >= 0) & (take_or(invoice_account, named, NO_ACCOUNT) == account)
    return np.where(same, named, UNNAMED)


def _payment_rows(payments: TypedTable, reverses: Places) -> PaymentRows:
    frame = payments.frame
    is_readable = (frame["currency"] >= 0) & ~unreadable(payments, "amount")
    # An empty amount is typed as 0; only its reason shows that it was missing.
    is_readable &= (frame["amount"] != 0) | (payments.reasons & bit("missing_value") == 0)
    return PaymentRows(
        reverses,
        frame["amount"],
        frame["currency"],
        frame["paid_on"],
        is_readable,
        frame.text("payment_no"),
    )
