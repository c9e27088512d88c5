"""People at a premise on days to come, as known on `as_of`, and which of them are protected."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Days, Flags
from dunning.core.frames import Bucket, Frame, frame_of
from dunning.core.words import HOLD_REASONS, PROTECTING, code
from dunning.decisions.segments import any_by, pair_up, sum_by


def covers_all(bucket: Bucket, days: range) -> Flags:
    """Return for every account whether its own tenancies together cover each of these days."""
    tenancies = bucket.tenancies
    account = tenancies["account"].astype(np.int64)  # rows: by account, valid_from
    from_on, until_on = (tenancies[name].astype(np.int64) for name in ("valid_from", "valid_until"))
    first, end = np.maximum(from_on, days.start), np.minimum(until_on, days.stop)
    # tenancies       |--------|
    #                      |---------|        |------|
    # newly covered   |========|=====|        |======|      only what is after `before`
    #
    # `reached`: the latest end so far within an account. An offset per account keeps its maximum
    # below the values of the next account.
    stretch = account * 2 * days.stop
    reached = np.maximum.accumulate(stretch + np.maximum(end, 0)) - stretch
    before = np.r_[0, reached[:-1]]
    # The first tenancy of an account has none before it.
    before[np.r_[True, account[1:] != account[:-1]][: len(account)]] = 0
    covered = np.maximum(end - np.maximum(first, before[: len(end)]), 0)
    return sum_by(account, covered, len(bucket.accounts)) == len(days)


def find_protected(bucket: Bucket, reason: str, days: range) -> Flags:
    """Return for every premise whether it or a tenant is protected on any of these days.

    A tenant here is a payer with a tenancy of the premise on such a day.

    The protection is a flag, or a hold of that reason in force on such a day, that names the
    premise or that payer.

    Args:
        reason: `vulnerable` or `life_support`.
    """
    flag, count = f"is_{reason}", len(bucket.premises)
    tenancies = bucket.tenancies
    account = tenancies["account"]
    premise = bucket.accounts["premise"][account]
    payer = bucket.accounts["payer"][account]
    lives_there = _meets(tenancies["valid_from"], tenancies["valid_until"], days)
    flagged = bucket.premises[flag] | any_by(
        premise, lives_there & bucket.payers[flag][payer], count
    )
    holds = bucket.protections.take(bucket.protections["reason"] == code(HOLD_REASONS, reason))
    on_premise = _meets(holds["valid_from"], holds["valid_until"], days) & (holds["premise"] >= 0)
    return (
        flagged | any_by(holds["premise"], on_premise, count) | _live_with_held(bucket, holds, days)
    )


def _live_with_held(bucket: Bucket, holds: Frame, days: range) -> Flags:
    """Return for every premise whether one of these holds names a payer with a tenancy of it.

    Tenancy and hold must share one of the days.
    """
    holds = holds.take(holds["payer"] >= 0)
    order = np.argsort(holds["payer"], kind="stable")
    tenancies = bucket.tenancies
    account = tenancies["account"]
    payer = bucket.accounts["payer"][account]
    # `pair_up` needs the holds in order of payer.
    tenancy, hold = pair_up(payer, holds["payer"][order])
    hold = order[hold]
    from_on = np.maximum(tenancies["valid_from"][tenancy], holds["valid_from"][hold])
    until_on = np.minimum(tenancies["valid_until"][tenancy], holds["valid_until"][hold])
    meets = _meets(from_on, until_on, days)
    return any_by(bucket.accounts["premise"][account[tenancy]], meets, len(bucket.premises))


def _meets(from_on: Days, until_on: Days, days: range) -> Flags:
    """Return which half-open intervals share a day with `days`."""
    return np.maximum(from_on, days.start) < np.minimum(until_on, days.stop)


def with_own_protections(bucket: Bucket, own_holds: pa.Table) -> Bucket:
    """Return a bucket with manual holds of protecting reasons added to its `protections`.

    Of any account.

    Args:
        own_holds: premise_no, payer_code, reason, valid_from, valid_until.
    """
    own = own_holds.filter(pc.is_in(own_holds["reason"], value_set=pa.array(PROTECTING)))
    if len(own) == 0:
        return bucket
    rows = frame_of(own)
    payer = pc.index_in(rows.text("payer_code"), value_set=bucket.payers.text("payer_code"))
    premise = pc.index_in(rows.text("premise_no"), value_set=bucket.premises.text("premise_no"))
    payer, premise = (
        pc.fill_null(at, -1).to_numpy(zero_copy_only=False) for at in (payer, premise)
    )
    reason = pc.index_in(rows.text("reason"), value_set=pa.array(HOLD_REASONS)).to_numpy(
        zero_copy_only=False
    )
    none = np.full(len(own), -1, np.int32)
    columns = {
        "payer": np.concatenate((payer, none)),
        "premise": np.concatenate((none, premise)),
        "reason": np.tile(reason.astype(np.int8), 2),
        **{name: np.tile(rows[name], 2) for name in ("valid_from", "valid_until")},
    }
    known = bucket.protections
    joined = {name: np.concatenate((known[name], columns[name])) for name in columns}
    return Bucket(bucket.index, {**bucket.tables, "protections": Frame(joined)})
