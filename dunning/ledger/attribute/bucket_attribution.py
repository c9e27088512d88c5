"""Whose every invoice and payment is: decided some buckets at a time, first what a bucket can know
by itself.

A payment that names no premise waits in the bucket of the invoice that it names; what does not find
its account there, or names no invoice, is told by the payer's only account in the whole extract,
and a bare reversal by the payment it takes back. Only then is every payment where it belongs. See
`attribution` for the order of the rules.
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
class Settled:
    """What was decided about the rows of a table in some buckets, aligned with them.

    Attributes:
        premise, payer: numbers of whose the row is, or of what it names where it is nobody's;
            UNNAMED, UNKNOWN.
        reasons: bits as in TypedTable.
    """

    premise: Places
    payer: Places
    reasons: npt.NDArray[np.int32]


@dataclass(frozen=True)
class SettledPart:
    """Some consecutive buckets, settled.

    Attributes:
        is_stray: payments that did not find their account here and go elsewhere.
        pairs: the accounts of these buckets, ascending.
        has_bgn: an invoice or payment in BGN is taken in here.
    """

    homes: range
    invoices: Settled
    payments: Settled
    is_stray: Flags
    pairs: Pairs
    has_bgn: bool


def settle_part(
    homes: range,
    invoices: TypedTable,
    payments: TypedTable,
    register: Register,
    *,
    refuses_early_euro: bool,
) -> SettledPart:
    """Decide about the invoices and payments of some buckets; marks their reasons.

    Marks missing_reference, no_single_payer, unmatched_payment and, where asked,
    eur_before_changeover.
    """
    if refuses_early_euro:
        for table, day in ((invoices, "issued_on"), (payments, "paid_on")):
            table.mark(is_euro_too_early(table, day), bit("eur_before_changeover"))
    billed = settle_invoices(invoices, register)
    named = _name(payments, register)
    found = _find_owners(payments, named, invoices, billed, register)
    is_stray = (found.premise == UNNAMED) if len(payments) else np.zeros(0, bool)
    _mark_unmatched(payments, found, named, ~is_stray)
    is_plain = payments.stands & payments.frame.text("reverses").is_null().to_numpy(
        zero_copy_only=False
    )
    is_founding = is_plain & (named.premise >= 0) & (named.payer >= 0)
    owned = invoices.stands & (billed.premise >= 0) & (billed.payer >= 0)
    pairs = distinct(
        np.concatenate(
            (
                register.pairs_of(homes),
                distinct(register.numbering.pair(billed.premise[owned], billed.payer[owned])),
                distinct(
                    register.numbering.pair(named.premise[is_founding], named.payer[is_founding])
                ),
            )
        )
    )
    is_paid = is_plain & (found.premise >= 0) & (found.payer >= 0)
    has_bgn = any(
        bool((table.frame["currency"][rows] == BGN).any())
        for table, rows in ((invoices, owned), (payments, is_paid))
    )
    return SettledPart(homes, billed, found, is_stray, pairs, has_bgn)


def settle_invoices(invoices: TypedTable, register: Register) -> Settled:
    """Return whose invoices are; marks missing_reference and no_single_payer.

    An invoice without a payer is of the one payer whose tenures cover its whole service period.
    """
    named = _name(invoices, register)
    frame, payer = invoices.frame, named.payer.copy()
    is_asked = (
        (payer == UNNAMED)
        & (named.premise >= 0)
        & (invoices.reasons & MISSING == 0)
        & ~invoices.is_repeated
    )
    is_asked &= frame["issued_on"] != NEVER
    is_asked &= ~unreadable(invoices, "period_from") & ~unreadable(invoices, "period_to")
    rows = np.flatnonzero(is_asked)
    first, last = _service_period(
        frame["period_from"][rows], frame["period_to"][rows], frame["issued_on"][rows]
    )
    single = find_single_payers(register.tenures, named.premise[rows], first, last)
    invoices.mark(rows[single < 0], bit("no_single_payer"))
    payer[rows] = np.maximum(single, UNNAMED)
    return Settled(named.premise, payer, invoices.reasons)


def name_payers(table: TypedTable, register: Register) -> Places:
    """Return the number of the payer that each row names; marks missing_reference of one that does
    not stand.
    """
    payer = register.number_payers(table.frame.text("payer_code"))
    mark_missing(table, "payer_code", payer, register.payer_stands)
    return payer


def mark_missing(table: TypedTable, column: str, numbers: Places, stands: Flags) -> None:
    """Mark the rows that name by this column what is not there, or does not stand."""
    missing = MISSING | MISSING_IN[column]
    table.mark(numbers == UNKNOWN, missing | OWN_FAULT)
    table.mark(is_refused(numbers, stands), missing)


def _name(table: TypedTable, register: Register) -> Settled:
    premise = register.number_premises(table.frame.text("premise_no"))
    mark_missing(table, "premise_no", premise, register.premise_stands)
    return Settled(premise, name_payers(table, register), table.reasons)


def _find_owners(
    payments: TypedTable, named: Settled, invoices: TypedTable, billed: Settled, register: Register
) -> Settled:
    """Return whose payments are that do not name both premise and payer: by their invoice, else by
    the tenancy.
    """
    premise, payer = named.premise.copy(), named.payer.copy()
    rows = np.flatnonzero((premise == UNNAMED) | (payer == UNNAMED))
    names = payments.frame.text("invoice_no").take(pa.array(rows))
    invoice = find_places(names, invoices.frame.text("invoice_no"))
    owned = invoices.stands & (billed.premise >= 0) & (billed.payer >= 0)
    agrees = agrees_with(
        named.premise[rows],
        named.payer[rows],
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
    return Settled(premise, payer, payments.reasons)


def agrees_with(premise: Places, payer: Places, of_premise: Places, of_payer: Places) -> Flags:
    """Return which named invoices have an account (`of_premise` >= 0) with which premise and payer,
    if given, agree.
    """
    agrees = of_premise >= 0
    agrees &= (premise == UNNAMED) | (premise == of_premise)
    return agrees & ((payer == UNNAMED) | (payer == of_payer))


def _mark_unmatched(payments: TypedTable, found: Settled, named: Settled, rows: Flags) -> None:
    """Mark payments that name a premise alone and nobody's tenancy; a day that cannot be read makes
    no reason.
    """
    is_open = rows & (payments.reasons & MISSING == 0) & ~payments.is_repeated
    is_open &= (named.payer == UNNAMED) & (found.payer < 0)
    payments.mark(is_open & (payments.frame["paid_on"] != NEVER), bit("unmatched_payment"))


def _service_period(first: Days, last: Days, issued_on: Days) -> tuple[Days, Days]:
    """Return the days that must be covered; a period that runs backwards asks for both of its
    days.
    """
    is_full = (first != NEVER) & (last != NEVER)
    return np.where(is_full, np.minimum(first, last), issued_on), np.where(
        is_full, np.maximum(first, last), issued_on
    )
