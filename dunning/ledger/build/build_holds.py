"""Build the table of holds: one row for each item or account that a hold reaches."""

import numpy as np

from dunning.core.arrays import Places
from dunning.core.frames import BucketedTable, days_to_arrow
from dunning.ledger.attribute.attribution import name_numbers
from dunning.ledger.build.build_accounts import bucketed
from dunning.ledger.build.build_context import BuildContext, take
from dunning.ledger.build.build_invoices_payments import Items
from dunning.ledger.ordering import order_rows
from dunning.ledger.text_index import UNNAMED


def build_holds(context: BuildContext, items: Items) -> tuple[BucketedTable, int]:
    """Return the holds (account, item, valid_from, hold_no), and how many holds reach nothing.

    A hold that names an invoice holds that item, whatever else it names. One that names premise
    and payer holds that account; one that names only a payer holds all accounts of the payer; one
    that names only a premise holds all accounts of the premise. A credit note cannot be held, nor
    a pair that is no account.
    """
    frame, rows = context.frame("holds"), context.rows("holds")
    at, account, item = _spread(context, items, rows)
    without_effect = len(rows) - len(np.unique(at))
    held = rows[at]
    order = order_rows(
        (account, item, frame["valid_from"][held]), take(frame.text("hold_no"), held)
    )
    held, account, item = held[order], account[order], item[order]
    columns = {
        "account": context.account_places(account),
        "item": context.places(item, account, items.offsets),
        "hold_no": take(frame.text("hold_no"), held),
        "reason": frame["reason"][held],
        "valid_from": days_to_arrow(frame["valid_from"][held]),
        "valid_until": days_to_arrow(frame["valid_until"][held]),
        "author": take(frame.text("author"), held),
        "note": take(frame.text("note"), held),
    }
    return bucketed("holds", columns, context.offsets(account)), without_effect


def _spread(context: BuildContext, items: Items, rows: Places) -> tuple[Places, Places, Places]:
    """Return place in `rows`, account and item of everything held; item -1 is the whole account."""
    named = name_numbers(context.references, context.numbering, "holds")
    premise, payer = named.premise[rows], named.payer[rows]
    invoice = context.references.places("holds", "invoice_no")[rows]
    on_item = np.flatnonzero(invoice >= 0)
    # A credit note has no item number: a hold on it reaches nothing.
    on_item = on_item[items.number[invoice[on_item]] >= 0]
    whole = invoice == UNNAMED
    # The four ways are exclusive, so that no hold counts twice:
    # invoice named           -> that item
    # premise and payer       -> that account
    # payer, no premise       -> all accounts of the payer
    # premise, no payer       -> all accounts of the premise
    pair = np.where(whole, context.accounts.find(premise, payer), -1)
    on_pair = np.flatnonzero(pair >= 0)
    by_payer = context.accounts.of_payers(np.where(whole & (premise == UNNAMED), payer, -1))
    by_premise = context.accounts.of_premises(np.where(whole & (payer == UNNAMED), premise, -1))
    at = np.concatenate((on_item, on_pair, by_payer[0], by_premise[0]))
    account = np.concatenate(
        (
            context.attribution.invoice_account[invoice[on_item]],
            pair[on_pair],
            by_payer[1],
            by_premise[1],
        )
    )
    item = np.full(len(at), -1, np.int64)
    item[: len(on_item)] = items.number[invoice[on_item]]
    return at, account, item
