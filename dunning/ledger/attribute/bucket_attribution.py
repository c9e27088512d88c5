"""Attribute the invoices and payments of some buckets, as far as these buckets can decide.

A payment that names no premise is kept in the bucket of the invoice that it names. One that does
not find its account there, or names no invoice, belongs to the payer's only account in the whole
extract, and a reversal that names nothing else to the account of the payment it reverses. Only
then is every payment in the bucket of its account. See `attribution` for the order of the rules.

payment names                    account, first rule that fits
premise and payer                that pair
an invoice that agrees           the account of the invoice
premise alone                    the one payer with a tenure on the day of payment
no premise, no such invoice      elsewhere (`lacks_premise`): the payer's only account
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.arrays import Days, Flags, Places
from dunning.core.days import NEVER
from dunning.core.ledger_tables import MISSING_IN, OWN_FAULT, bit
from dunning.ledger.attribute.accounts import Pairs, distinct
from dunning.ledger.attribute.references import take_or
from dunning.ledger.attribute.register import Register, is_refused
from dunning.ledger.attribute.tenancy_periods import find_single_payers
from dunning.ledger.check.row_checks import BGN, is_euro_too_early, unreadable
from dunning.ledger.text_index import UNKNOWN, UNNAMED, find_places
from dunning.ledger.typed_tables import TypedTable

MISSING = bit("missing_reference")


@dataclass(frozen=True)
class Attributed:
    """The premise and payer of the rows of a table in some buckets, aligned with them.

    Attributes:
        premise, payer: numbers of the row's account, or of what the row names where it has no
            account; UNNAMED, UNKNOWN.
        reasons: bits as in TypedTable.
    """

    premise: Places
    payer: Places
    reasons: npt.NDArray[np.int32]


@dataclass(frozen=True)
class AttributedBuckets:
    """The attribution of some consecutive buckets.

    Attributes:
        lacks_premise: payments that did not find their account here and go elsewhere.
        pairs: the accounts of these buckets, ascending.
        has_bgn: an invoice or payment in BGN is taken in here.
    """

    buckets: range
    invoices: Attributed
    payments: Attributed
    lacks_premise: Flags
    pairs: Pairs
    has_bgn: bool


def attribute_buckets(
    buckets: range,
    invoices: TypedTable,
    payments: TypedTable,
    register: Register,
    *,
    refuses_early_euro: bool,
) -> AttributedBuckets:
    """Attribute the invoices and payments of some buckets, and mark their reasons.

    Marks missing_reference, no_single_payer, unmatched_payment and, where asked,
    eur_before_changeover.
    """
    if refuses_early_euro:
        for table, day in ((invoices, "issued_on"), (payments, "paid_on")):
            table.mark(is_euro_too_early(table, day), bit("eur_before_changeover"))
    # Invoices first: a payment may get its account from the invoice that it names.
    billed = attribute_invoices(invoices, register)
    named = _name(payments, register)
    found = _find_owners(payments, named, invoices, billed, register)
    # No premise by any rule: the account, if any, may be in another bucket.
    lacks_premise = (found.premise == UNNAMED) if len(payments) else np.zeros(0, bool)
    _mark_unmatched(payments, found, named, ~lacks_premise)
    is_plain = payments.accepted & payments.frame.text("reverses").is_null().to_numpy(
        zero_copy_only=False
    )
    billed_rows = np.flatnonzero(invoices.accepted & _has_pair(billed))
    # `named`, not `found`: only a payment that names both makes an account.
    founding_rows = np.flatnonzero(is_plain & _has_pair(named))
    paid_rows = np.flatnonzero(is_plain & _has_pair(found))
    return AttributedBuckets(
        buckets,
        billed,
        found,
        lacks_premise,
        _find_pairs(buckets, register, (billed, billed_rows), (named, founding_rows)),
        _has_bgn(invoices, billed_rows) or _has_bgn(payments, paid_rows),
    )


def _has_pair(rows: Attributed) -> Flags:
    return (rows.premise >= 0) & (rows.payer >= 0)


def _find_pairs(buckets: range, register: Register, *making: tuple[Attributed, Places]) -> Pairs:
    """Return the pairs of tenancies in some buckets, and of the rows that make an account."""
    numbering = register.numbering
    made = [numbering.pair(of.premise[rows], of.payer[rows]) for of, rows in making]
    return distinct(np.concatenate((register.pairs_of(buckets), *map(distinct, made))))


def _has_bgn(table: TypedTable, rows: Places) -> bool:
    return bool((table.frame["currency"][rows] == BGN).any())


def attribute_invoices(invoices: TypedTable, register: Register) -> Attributed:
    """Return the account of each invoice; marks missing_reference and no_single_payer.

    An invoice without a payer belongs to the one payer with a tenure over its whole service period.
    """
    named = _name(invoices, register)
    frame, payer = invoices.frame, named.payer.copy()
    is_asked = (
        (payer == UNNAMED)
        & (named.premise >= 0)
        & (invoices.reasons & MISSING == 0)
        & ~invoices.is_repeated
    )
    # An unreadable day is a reason already, and no tenure can be searched without it.
    is_asked &= frame["issued_on"] != NEVER
    is_asked &= ~unreadable(invoices, "period_from") & ~unreadable(invoices, "period_to")
    rows = np.flatnonzero(is_asked)
    first, last = _service_period(
        frame["period_from"][rows], frame["period_to"][rows], frame["issued_on"][rows]
    )
    single = find_single_payers(register.tenures, named.premise[rows], first, last)
    invoices.mark(rows[single < 0], bit("no_single_payer"))
    # NONE and SEVERAL (-1, -2) both become UNNAMED (-1).
    payer[rows] = np.maximum(single, UNNAMED)
    return Attributed(named.premise, payer, invoices.reasons)


def name_payers(table: TypedTable, register: Register) -> Places:
    """Return the number of the payer that each row names.

    Marks missing_reference where that payer is missing or refused.
    """
    payer = register.number_payers(table.frame.text("payer_code"))
    mark_missing(table, "payer_code", payer, register.payer_accepted)
    return payer


def mark_missing(table: TypedTable, column: str, numbers: Places, accepted: Flags) -> None:
    """Mark the rows that name a missing or refused row in this column."""
    missing = MISSING | MISSING_IN[column]
    table.mark(numbers == UNKNOWN, missing | OWN_FAULT)
    table.mark(is_refused(numbers, accepted), missing)


def _name(table: TypedTable, register: Register) -> Attributed:
    premise = register.number_premises(table.frame.text("premise_no"))
    mark_missing(table, "premise_no", premise, register.premise_accepted)
    return Attributed(premise, name_payers(table, register), table.reasons)


def _find_owners(
    payments: TypedTable,
    named: Attributed,
    invoices: TypedTable,
    billed: Attributed,
    register: Register,
) -> Attributed:
    """Return the account of each payment, for those that do not name both premise and payer.

    By the invoice that they name, else by the tenancy.
    """
    premise, payer = named.premise.copy(), named.payer.copy()
    rows = np.flatnonzero((premise == UNNAMED) | (payer == UNNAMED))
    names = payments.frame.text("invoice_no").take(pa.array(rows))
    invoice = find_places(names, invoices.frame.text("invoice_no"))
    owned = invoices.accepted & (billed.premise >= 0) & (billed.payer >= 0)
    agrees = agrees_with(
        named.premise[rows],
        named.payer[rows],
        # An invoice that is refused, or has no account, agrees with nothing.
        np.where(take_or(owned, invoice, 0), take_or(billed.premise, invoice, UNNAMED), UNNAMED),
        take_or(billed.payer, invoice, UNNAMED),
    )
    premise[rows[agrees]], payer[rows[agrees]] = (
        billed.premise[invoice[agrees]],
        billed.payer[invoice[agrees]],
    )
    paid_on = payments.frame["paid_on"]
    rows = rows[~agrees]
    rows = rows[(premise[rows] >= 0) & (payer[rows] == UNNAMED) & (paid_on[rows] != NEVER)]
    tenants = find_single_payers(register.tenures, premise[rows], paid_on[rows], paid_on[rows])
    payer[rows] = np.maximum(tenants, UNNAMED)
    return Attributed(premise, payer, payments.reasons)


def agrees_with(premise: Places, payer: Places, of_premise: Places, of_payer: Places) -> Flags:
    """Return which named invoices have an account and agree with the given premise and payer.

    They have one where `of_premise` >= 0; an UNNAMED premise or payer agrees with any.
    """
    agrees = of_premise >= 0
    agrees &= (premise == UNNAMED) | (premise == of_premise)
    return agrees & ((payer == UNNAMED) | (payer == of_payer))


def _mark_unmatched(
    payments: TypedTable, found: Attributed, named: Attributed, rows: Flags
) -> None:
    """Mark payments that name a premise alone, on a day without exactly one payer.

    A day that cannot be read adds no second reason.
    """
    is_open = rows & (payments.reasons & MISSING == 0) & ~payments.is_repeated
    is_open &= (named.payer == UNNAMED) & (found.payer < 0)
    payments.mark(is_open & (payments.frame["paid_on"] != NEVER), bit("unmatched_payment"))


def _service_period(first: Days, last: Days, issued_on: Days) -> tuple[Days, Days]:
    """Return the first and last day that must be covered, both included.

    The period of the invoice, or its day of issue if it has none. Both days count in a period that
    runs backwards.
    """
    is_full = (first != NEVER) & (last != NEVER)
    return np.where(is_full, np.minimum(first, last), issued_on), np.where(
        is_full, np.maximum(first, last), issued_on
    )
