"""Holds, spread over what they reach: one row an item or account."""

import numpy as np

from dunning.core.arrays import Places
from dunning.core.frames import BucketedTable, days_to_arrow
from dunning.ledger.attribute.attribution import name_numbers
from dunning.ledger.build.build_accounts import bucketed
from dunning.ledger.build.build_context import Ground, take
from dunning.ledger.build.build_invoices_payments import Items
from dunning.ledger.ordering import order_rows
from dunning.ledger.text_index import UNNAMED


def build_holds(ground: Ground, items: Items) -> tuple[BucketedTable, int]:
    """Return the table of holds (account, item, valid_from, hold_no) and how many holds reach
    nothing.

    A hold that names an invoice holds that item, whatever else it names; one that names premise and
    payer that account; a payer alone all his accounts, a premise alone all of its own. A credit
    note cannot be held, nor a pair that is no account.
    """
    frame, rows = ground.frame("holds"), ground.rows("holds")
    at, account, item = _spread(ground, items, rows)
    without_effect = len(rows) - len(np.unique(at))
    held = rows[at]
    order = order_rows(
        (account, item, frame["valid_from"][held]), take(frame.text("hold_no"), held)
    )
    held, account, item = held[order], account[order], item[order]
    columns = {
        "account": ground.account_places(account),
        "item": ground.places(item, account, items.offsets),
        "hold_no": take(frame.text("hold_no"), held),
        "reason": frame["reason"][held],
        "valid_from": days_to_arrow(frame["valid_from"][held]),
        "valid_until": days_to_arrow(frame["valid_until"][held]),
        "author": take(frame.text("author"), held),
        "note": take(frame.text("note"), held),
    }
    return bucketed("holds", columns, ground.offsets(account)), without_effect


def _spread(ground: Ground, items: Items, rows: Places) -> tuple[Places, Places, Places]:
    """Return place in `rows`, account and item (-1: the whole account) of everything that is
    held.
    """
    named = name_numbers(ground.references, ground.numbering, "holds")
    premise, payer = named.premise[rows], named.payer[rows]
    invoice = ground.references.places("holds", "invoice_no")[rows]
    on_item = np.flatnonzero(invoice >= 0)
    on_item = on_item[items.number[invoice[on_item]] >= 0]
    whole = invoice == UNNAMED
    pair = np.where(whole, ground.accounts.find(premise, payer), -1)
    on_pair = np.flatnonzero(pair >= 0)
    by_payer = ground.accounts.of_payers(np.where(whole & (premise == UNNAMED), payer, -1))
    by_premise = ground.accounts.of_premises(np.where(whole & (payer == UNNAMED), premise, -1))
    at = np.concatenate((on_item, on_pair, by_payer[0], by_premise[0]))
    account = np.concatenate(
        (
            ground.attribution.invoice_account[invoice[on_item]],
            pair[on_pair],
            by_payer[1],
            by_premise[1],
        )
    )
    item = np.full(len(at), -1, np.int64)
    item[: len(on_item)] = items.number[invoice[on_item]]
    return at, account, item
