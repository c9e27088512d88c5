"""The history of notices: the ledger's notices and our own actions in one frame."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Places
from dunning.core.errors import DunningError
from dunning.core.frames import Bucket, Frame
from dunning.core.words import NOTICE_STAGES
from dunning.policy.rules import Rules


def join_ledger_notices(actions: pa.Table, notices: pa.Table) -> pa.Table:
    """Return our actions joined with the ledger notices that record them.

    A notice with the reference of an action as its `notice_no` is that action.

    Args:
        actions: ours: reference and more.
        notices: all of the ledger, of any account: notice_no, served_on, failed_on and more.

    Returns:
        The actions with `notice` (row of `notices`, -1 where there is none), `ledger_served_on` and
        `ledger_failed_on` (null where there is none or it is empty).
    """
    found = pc.index_in(actions["reference"], value_set=notices["notice_no"].combine_chunks())
    columns = {
        "notice": pc.fill_null(found, -1),
        "ledger_served_on": notices["served_on"].take(found),
        "ledger_failed_on": notices["failed_on"].take(found),
    }
    for name, values in columns.items():
        actions = actions.append_column(name, values)
    return actions


def merge_notices(bucket: Bucket, actions: Frame, rules: Rules, as_of: int) -> Frame:
    """Return every notice of a bucket's accounts, ascending by account.

    A ledger row that records one of our actions, of any date and account, is no notice of its own.
    Actions of dates before `as_of` are notices. Their served and failed days are the
    ledger's, once they have come; until then an action counts as served after the policy's days for
    its channel.

    Args:
        actions: ours as `join_ledger_notices` gives them: premise_no, payer_code, stage, channel,
            reference (text), as_of, ledger_served_on, ledger_failed_on (days). Those of other buckets
            are ignored.

    Returns:
        account (place), notice_no, channel (text), stage (words.NOTICE_STAGES), sent_on, served_on,
        failed_on, is_ours.
    """
    notices = bucket.notices.with_columns(is_ours=np.zeros(len(bucket.notices), np.bool_))
    if len(actions) == 0:
        return notices
    is_action = pc.is_in(notices.text("notice_no"), value_set=actions.text("reference"))
    others = notices.take(~is_action.to_numpy(zero_copy_only=False))
    return stack_frames(others, _own(bucket, actions, rules, as_of))


def _own(bucket: Bucket, actions: Frame, rules: Rules, as_of: int) -> Frame:
    """Return the earlier actions on this bucket's accounts as notices."""
    account = accounts_of(bucket, actions)
    here = np.flatnonzero((account >= 0) & (actions["as_of"] < as_of))
    found = actions.take(here)
    stages = pc.index_in(found.text("stage"), value_set=pa.array(NOTICE_STAGES))
    served_on, failed_on = found["ledger_served_on"], found["ledger_failed_on"]
    # A served or failed day after `as_of` has not happened yet.
    has_news = np.minimum(served_on, failed_on) <= as_of
    return Frame(
        {
            "account": account[here].astype(np.int32),
            "notice_no": found.text("reference"),
            "stage": stages.to_numpy(zero_copy_only=False).astype(np.int8),
            "channel": found.text("channel"),
            "sent_on": found["as_of"],
            "served_on": np.where(
                has_news, served_on, found["as_of"] + _service_days(found, rules)
            ).astype(np.int32),
            "failed_on": failed_on,
            "is_ours": np.ones(len(found), np.bool_),
        }
    )


def accounts_of(bucket: Bucket, actions: Frame) -> Places:
    """Return the account (place) of each row by its premise_no and payer_code.

    -1 where the account is in another bucket.
    """
    premise = pc.index_in(actions.text("premise_no"), value_set=bucket.premises.text("premise_no"))
    payer = pc.index_in(actions.text("payer_code"), value_set=bucket.payers.text("payer_code"))
    premise, payer = (
        pc.fill_null(at, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        for at in (premise, payer)
    )
    # Join by a sorted key: premise and payer in one int64.
    #
    # known, sorted   17|3   17|8   20|1   ...
    # wanted                 17|8              searchsorted gives its place, or a wrong neighbour
    known = bucket.accounts["premise"].astype(np.int64) << 32 | bucket.accounts["payer"]
    order = np.argsort(known, kind="stable")
    wanted = np.where((premise >= 0) & (payer >= 0), premise << 32 | payer, -1)
    if len(known) == 0:
        return np.full(len(wanted), -1, np.int64)
    at = order[np.minimum(np.searchsorted(known[order], wanted), len(known) - 1)]
    # searchsorted gives a place also for a key that is not there; compare.
    return np.where(known[at] == wanted, at, -1)


def _service_days(actions: Frame, rules: Rules) -> Places:
    channels = actions.text("channel")
    known = rules.service.served_after_days
    unknown = sorted(set(pc.unique(channels).to_pylist()) - set(known))
    if unknown:
        raise DunningError(f"service.toml: no days of service for channel {unknown[0]!r}. Add it.")
    place = pc.index_in(channels, value_set=pa.array(list(known), pa.string())).to_numpy(
        zero_copy_only=False
    )
    return np.array(list(known.values()), np.int64)[place.astype(np.int64)]


def stack_frames(upper: Frame, lower: Frame) -> Frame:
    """Return the rows of two frames with the same columns, ascending by account."""
    columns = {
        name: pa.concat_arrays([upper.text(name), lower.text(name)])
        if isinstance(upper.columns[name], pa.Array)
        else np.concatenate([upper[name], lower[name]])
        for name in upper
    }
    stacked = Frame(columns)
    return stacked.take(np.argsort(stacked["account"], kind="stable"))
