"""Failed channels per payer: those with a failed newest message, over all accounts."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.words import CHANNELS
from dunning.decisions.lists.channel_choice import FAILURES
from dunning.gateways.snapshots.snapshot import Snapshot


def gather_failures(snapshot: Snapshot, actions: pa.Table, as_of: date) -> pa.Table:
    """Return the channels with a failed newest message to the payer by a date, as FAILURES.

    Messages are the ledger's notices of any stage, about any of the payer's accounts, and our own
    actions of earlier dates. Of several on one day, one that failed counts as the newest.

    Args:
        actions: as `history.gather_actions` gives them.
    """
    night = pa.scalar(as_of, pa.date32())
    ours = actions.filter(pc.less(actions["as_of"], night))
    ours = _mark(ours, "as_of", "ledger_failed_on", night)
    notices = snapshot.read_notices()
    # A row of the ledger about our own message is no second message: only ours is counted.
    is_ours = pc.is_in(notices["notice_no"], value_set=actions["reference"].combine_chunks())
    notices = notices.filter(pc.and_(pc.invert(is_ours), pc.less_equal(notices["sent_on"], night)))
    notices = _mark(notices, "sent_on", "failed_on", night)
    # the usual case: without any failure the join below is not needed
    if not (pc.any(ours["failed"]).as_py() or pc.any(notices["failed"]).as_py()):
        return FAILURES.empty_table()
    codes, first = snapshot.read_account_codes()
    # A notice names its account by its place in the bucket; `first` is the place of each bucket's
    # first account in the table of all accounts.
    row = notices["account"].to_numpy() + first[notices["bucket"].to_numpy()]
    payers = pa.concat_arrays(
        [
            _chunk(codes["payer_code"].take(pa.array(row[notices["failed"].to_numpy()]))),
            _chunk(ours.filter(ours["failed"])["payer_code"]),
        ]
    ).unique()
    # only payers with a failure matter: everything else is left out before the sort
    of_theirs = pc.is_in(codes["payer_code"], value_set=payers).to_numpy()[row]
    theirs = codes.take(pa.array(row[of_theirs]))
    notices = notices.filter(pa.array(of_theirs))
    for name in theirs.column_names:
        notices = notices.append_column(name, theirs[name])
    notices = notices.append_column("written_to", pa.nulls(len(notices), pa.string()))
    ours = ours.filter(pc.is_in(ours["payer_code"], value_set=payers))
    names = [*FAILURES.names, "failed"]
    return _newest(pa.concat_tables([notices.select(names), ours.select(names)]))


def _mark(messages: pa.Table, sent_on: str, failed_on: str, night: pa.Scalar) -> pa.Table:
    """Return messages with `sent_on` and whether they had `failed` by a date."""
    failed = pc.fill_null(pc.less_equal(messages[failed_on], night), False)
    if sent_on != "sent_on":
        messages = messages.append_column("sent_on", messages[sent_on])
    return messages.append_column("failed", failed)


def _newest(messages: pa.Table) -> pa.Table:
    """Return the newest message of each payer and channel, where it failed."""
    messages = messages.filter(pc.is_in(messages["channel"], value_set=pa.array(CHANNELS)))
    # sorted by payer, channel, day, failed: the last row of each group is the newest
    #   payer    A   A   A  | A    A   | B
    #   channel sms sms sms | post post| sms
    #   is_last  -   -   x  |  -    x  |  x
    # False sorts before True, so of one day the failed one comes last.
    keys = ("payer_code", "channel", "sent_on", "failed")
    ordered = messages.sort_by([(name, "ascending") for name in keys]).combine_chunks()
    group = [
        ordered[name].combine_chunks().dictionary_encode().indices.to_numpy() for name in keys[:2]
    ]
    is_last = np.ones(len(ordered), np.bool_)
    is_last[:-1] = (group[0][1:] != group[0][:-1]) | (group[1][1:] != group[1][:-1])
    newest = ordered.filter(pa.array(is_last))
    return newest.filter(newest["failed"]).select(FAILURES.names).cast(FAILURES)


def _chunk(column: pa.ChunkedArray) -> pa.Array:
    chunk = column.combine_chunks()
    return chunk if isinstance(chunk, pa.Array) else pa.concat_arrays(chunk.chunks)
