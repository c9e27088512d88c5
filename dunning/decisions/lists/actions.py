"""The actions that are recorded when rows of a list leave."""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.frames import frame_of
from dunning.core.lists import PRINCIPAL
from dunning.decisions.lists.channel_choice import mark_addresses
from dunning.decisions.lists.proposals import join_account

_TAKEN = ("premise_no", "payer_code", "stage", "channel", "reference", PRINCIPAL)
# Per list: stage and channel of the recorded action, and the letter of its reference.
_ACTIONS = {
    "disconnections": ("disconnection_order", "field", "D"),
    "court": ("court_case", "court", ""),
}


def actions_of(day: date, list_name: str, rows: pa.Table) -> pa.Table:
    """Return the actions of rows that leave, as `store.actions.append_actions` takes them."""
    if list_name == "reminders":
        return actions_of_messages(rows)
    stage, channel, letter = _ACTIONS[list_name]
    is_case = list_name == "court"
    reference = (
        # a case has its own reference; an order gets one of date, letter and account
        rows["case_ref"]
        if is_case
        else join_account(pa.scalar(f"{day:%Y%m%d}-{letter}"), frame_of(rows))
    )
    return pa.table(
        {
            "premise_no": rows["premise_no"],
            "payer_code": rows["payer_code"],
            "stage": pa.repeat(stage, len(rows)),
            "channel": pa.repeat(channel, len(rows)),
            "reference": reference,
            PRINCIPAL: rows[PRINCIPAL],
        }
    )


def actions_of_messages(rows: pa.Table) -> pa.Table:
    """Return messages as `store.actions.append_actions` takes them.

    Letters get `written_to`, the mark of their address.
    """
    # only a letter's failure depends on the address that it was sent to
    is_letter = pc.fill_null(pc.equal(rows["channel"], "post"), False)
    addresses = pc.if_else(
        is_letter, rows["address"], pa.scalar(None, pa.string())
    ).combine_chunks()
    return rows.select(_TAKEN).append_column("written_to", mark_addresses(addresses))
