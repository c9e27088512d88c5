"""The record of messages that leave."""

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.lists import PRINCIPAL
from dunning.decisions.lists.channel_choice import mark_addresses

_TAKEN = ("premise_no", "payer_code", "stage", "channel", "reference")


def actions_of_messages(rows: pa.Table) -> pa.Table:
    """Return messages as `store.actions.append_actions` takes them.

    Letters get `written_to`, the mark of their address.
    """
    # only a letter's failure depends on the address that it was sent to
    is_letter = pc.fill_null(pc.equal(rows["channel"], "post"), False)
    addresses = pc.if_else(
        is_letter, rows["address"], pa.scalar(None, pa.string())
    ).combine_chunks()
    actions = rows.select(_TAKEN).append_column("overdue_cents", rows[PRINCIPAL])
    return actions.append_column("written_to", mark_addresses(addresses))
