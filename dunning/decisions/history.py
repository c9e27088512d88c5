"""What was sent to whom: the ledger's notices and our own deeds as one history."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.days import NEVER
from dunning.core.errors import DunningError
from dunning.core.frames import Bucket, Frame
from dunning.core.words import NOTICE_STAGES
from dunning.policy.rules import Rules

DEED_COLUMNS = ("premise_no", "payer_code", "stage", "as_of", "channel", "reference")


def merge_notices(bucket: Bucket, deeds: Frame, rules: Rules) -> Frame:
    """Return every notice of a bucket's accounts, ascending by account.

    A ledger row whose `notice_no` is the reference of a deed is that deed: its served and failed days are taken from
    there. A deed without either counts as served after the policy's days for its channel.

    Args:
        deeds: one row per deed, of any bucket: premise_no, payer_code, stage, channel, reference (text), as_of (day).

    Returns:
        account (place), notice_no, channel (text), stage (words.NOTICE_STAGES), sent_on, served_on, failed_on, is_ours.
    """
    notices = bucket.notices.with_columns(is_ours=np.zeros(len(bucket.notices), np.bool_))
    ours = _own(bucket, deeds, rules)
    if len(ours) == 0:
        return notices
    place = pc.fill_null(pc.index_in(ours.text("notice_no"), notices.text("notice_no")), -1).to_numpy()
    told = place >= 0
    if (notices["account"][place[told]] != ours["account"][told]).any():
        raise DunningError(
            "notices: a row names one of our references under another account. Correct its premise_no and payer_code."
        )
    told_served = np.where(told, notices["served_on"][place], NEVER) if len(notices) else np.full(len(ours), NEVER)
    told_failed = np.where(told, notices["failed_on"][place], NEVER) if len(notices) else np.full(len(ours), NEVER)
    is_told = (told_served < NEVER) | (told_failed < NEVER)
    as_of = (np.datetime64(rules.as_of, "D") - np.datetime64("1970-01-01")).astype(int)
    has_news = is_told & (np.minimum(told_served, told_failed) <= as_of)
    served_on = np.where(has_news, told_served, ours["served_on"])
    ours = ours.with_columns(
        served_on=served_on.astype(np.int32), failed_on=np.where(told, told_failed, NEVER).astype(np.int32)
    )
    rest = np.ones(len(notices), np.bool_)
    rest[place[told]] = False
    return _stack(notices.take(rest), ours)


def _own(bucket: Bucket, deeds: Frame, rules: Rules) -> Frame:
    """Return the deeds of this bucket's accounts as notices, served by the policy's rule."""
    accounts = bucket.accounts
    keys = pc.binary_join_element_wise(accounts.text("premise_no"), accounts.text("payer_code"), "\x1f")
    wanted = pc.binary_join_element_wise(deeds.text("premise_no"), deeds.text("payer_code"), "\x1f")
    account = pc.fill_null(pc.index_in(wanted, keys), -1).to_numpy(zero_copy_only=False)
    here = np.flatnonzero(account >= 0)
    found = deeds.take(here)
    channels = np.array(found.text("channel").to_pylist(), dtype=object)
    known = list(rules.service.served_after_days)
    unknown = sorted(set(channels) - set(known))
    if unknown:
        raise DunningError(f"service.toml: no days of service for channel {unknown[0]!r}. Add it.")
    days = np.zeros(len(found), np.int32)
    for channel in known:
        days[channels == channel] = rules.service.served_after_days[channel]
    stages = pc.index_in(found.text("stage"), pa.array(NOTICE_STAGES))
    return Frame(
        {
            "account": account[here].astype(np.int32),
            "notice_no": found.text("reference"),
            "stage": stages.to_numpy(zero_copy_only=False).astype(np.int8),
            "channel": found.text("channel"),
            "sent_on": found["as_of"],
            "served_on": (found["as_of"] + days).astype(np.int32),
            "failed_on": np.full(len(found), NEVER, np.int32),
            "is_ours": np.ones(len(found), np.bool_),
        }
    )


def _stack(upper: Frame, lower: Frame) -> Frame:
    columns = {
        name: pa.concat_arrays([upper.text(name), lower.text(name)])
        if isinstance(upper.columns[name], pa.Array)
        else np.concatenate([upper[name], lower[name]])
        for name in upper
    }
    stacked = Frame(columns)
    return stacked.take(np.argsort(stacked["account"], kind="stable"))
