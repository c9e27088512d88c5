"""Build facts about residents from other buckets: protected persons, and former addresses.

A bucket has the accounts of its premises only. That a co-tenant is protected at another address,
or that a payer's postal address is a flat that the payer has left, is known in other buckets; so
it is written into each bucket that has the payer.
"""

import numpy as np
import pyarrow.compute as pc

from dunning.core.arrays import Flags
from dunning.core.days import NEVER
from dunning.core.frames import BucketedTable, days_to_arrow
from dunning.core.words import CHANNELS, HOLD_REASONS, PROTECTING, code
from dunning.ledger.attribute.attribution import name_numbers
from dunning.ledger.attribute.references import take_or
from dunning.ledger.buckets import bucket_offsets
from dunning.ledger.build.build_accounts import AccountTables, bucketed
from dunning.ledger.build.build_context import BuildContext, take
from dunning.ledger.ordering import order_rows
from dunning.ledger.text_index import UNNAMED


def build_protections(context: BuildContext, account_tables: AccountTables) -> BucketedTable:
    """Return the payers and premises that holds with a protecting reason name.

    A hold that names an invoice protects the payer and premise of that invoice.
    """
    frame, rows = context.frame("holds"), context.rows("holds")
    reasons = [code(HOLD_REASONS, word) for word in PROTECTING]
    rows = rows[np.isin(frame["reason"][rows], reasons)]
    named = name_numbers(context.references, context.numbering, "holds")
    billed = take_or(
        context.attribution.invoice_account,
        context.references.places("holds", "invoice_no")[rows],
        UNNAMED,
    )
    # Each hold twice: once as it names payer and premise, once as its invoice does.
    # holds    h0 h1 h2 | h0 h1 h2
    # payer    of hold  | of invoice
    payer = np.concatenate((named.payer[rows], take_or(context.accounts.payer, billed, UNNAMED)))
    premise = np.concatenate(
        (named.premise[rows], take_or(context.accounts.premise, billed, UNNAMED))
    )
    at, copies = account_tables.copies_of(payer)
    there = np.flatnonzero(premise >= 0)
    # Rows of the table: first one for each copy of a payer, then one for each premise.
    held = np.concatenate((rows, rows))[np.concatenate((at, there))]
    columns = {
        "payer": np.concatenate(
            (account_tables.copy_places(copies), np.full(len(there), -1, np.int32))
        ),
        "premise": np.concatenate(
            (np.full(len(copies), -1, np.int32), account_tables.premise_places(premise[there]))
        ),
        "reason": frame["reason"][held],
        "valid_from": frame["valid_from"][held],
        "valid_until": frame["valid_until"][held],
    }
    bucket = np.concatenate(
        (account_tables.copy_buckets(copies), context.numbering.bucket[premise[there]])
    )
    keys = ("payer", "premise", "valid_from", "reason", "valid_until")
    order = order_rows((bucket, *(columns[name] for name in keys)))
    ordered = {name: values[order] for name, values in columns.items()}
    ordered |= {name: days_to_arrow(ordered[name]) for name in ("valid_from", "valid_until")}
    return bucketed("protections", ordered, bucket_offsets(bucket[order]))


def build_homes(context: BuildContext, account_tables: AccountTables) -> BucketedTable:
    """Return the former and present premises of payers who moved and have a postal address.

    Only payers who have left a premise and have named an address for letters.
    """
    frame, rows = context.frame("tenancies"), context.rows("tenancies")
    named = name_numbers(context.references, context.numbering, "tenancies")
    payer, premise = named.payer[rows], named.premise[rows]
    is_asked = np.zeros(max(len(context.numbering.payer), 1), np.bool_)
    # A tenancy with an end: the payer has left, or will.
    is_asked[payer[frame["valid_until"][rows] < NEVER]] = True
    is_asked &= _has_postal(context)
    chosen = np.flatnonzero(is_asked[payer])
    rows, payer, premise = rows[chosen], payer[chosen], premise[chosen]
    at, copies = account_tables.copies_of(payer)
    premises = context.frame("premises")
    order = order_rows((copies, frame["valid_from"][rows[at]], premise[at]))
    at, copies = at[order], copies[order]
    where = context.numbering.premise_row[premise[at]]
    columns = {
        "payer": account_tables.copy_places(copies),
        "valid_from": days_to_arrow(frame["valid_from"][rows[at]]),
        "valid_until": days_to_arrow(frame["valid_until"][rows[at]]),
        **{
            name: take(premises.text(name), where) for name in ("address", "settlement", "postcode")
        },
    }
    return bucketed("homes", columns, bucket_offsets(account_tables.copy_buckets(copies)))


def _has_postal(context: BuildContext) -> Flags:
    """Return per payer number whether there is a postal address or a contact by post."""
    numbering = context.numbering
    written = (
        pc.fill_null(pc.utf8_length(context.frame("payers").text("postal_address")), 0).to_numpy()
        > 0
    )
    found = np.zeros(max(len(numbering.payer), 1), np.bool_)
    found[: len(numbering.payer_row)] = written[numbering.payer_row]
    contacts, rows = context.frame("contacts"), context.rows("contacts")
    rows = rows[contacts["channel"][rows] == code(CHANNELS, "post")]
    of = take_or(
        numbering.payer, context.references.places("contacts", "payer_code")[rows], UNNAMED
    )
    found[of[of >= 0]] = True
    return found
