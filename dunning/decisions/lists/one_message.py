"""One message a night: accounts on another list get no reminder or warning beside it.

The action of that list already informs the payer.
"""

from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from dunning.decisions.lists.proposals import Proposed
from dunning.decisions.lists.volume_limits import key_of
from dunning.decisions.lists.withheld import withhold_rows
from dunning.policy.rules import Rules


def silence_listed(
    proposed: Proposed, handed_over: pa.Table, silences: pa.Table, as_of: date, rules: Rules
) -> Proposed:
    """Return the proposals with messages withheld that another list makes untrue.

    The reason is `on_list`.

    That is: of accounts listed that night for disconnection or in court's part `ready`, unless
    their messages have been withheld so for `on_list_days` in a row and nothing has left; and of
    accounts with an action that was handed over and still counts. Part `person` and withheld rows
    withhold no message.

    Args:
        proposed: after `volume_limits.withhold_handed_over`.
        handed_over: list, premise_no, payer_code, as_of of what was handed over.
        silences: premise_no, payer_code, since: the first night of those in a row, up to last
            night, on which an account's message was withheld as `on_list`.
    """
    messages = key_of(proposed["reminders"])
    long_ago = pa.scalar(as_of - timedelta(days=rules.reminders.on_list_days), pa.date32())
    # Silent for too long with nothing handed over: the account gets its message again.
    heard_enough = silences.filter(pc.less_equal(silences["since"], long_ago))
    is_listed = pc.is_in(messages, value_set=_listed(proposed))
    is_silent = pc.and_not(is_listed, pc.is_in(messages, value_set=key_of(heard_enough)))
    is_silent = pc.or_(
        is_silent, pc.is_in(messages, value_set=_handed_over(handed_over, as_of, rules))
    )
    return withhold_rows(
        proposed, "reminders", pc.invert(is_silent).to_numpy(zero_copy_only=False), "on_list"
    )


def _listed(proposed: Proposed) -> pa.Array:
    court = proposed["court"]
    return pa.concat_arrays(
        [key_of(proposed["disconnections"]), key_of(court.filter(pc.equal(court["part"], "ready")))]
    )


def _handed_over(handed_over: pa.Table, as_of: date, rules: Rules) -> pa.Array:
    # Each list has its own number of days; the empty part is for a policy without any.
    keys = [pa.array([], pa.string())]
    for name, days in rules.release.acted_days.items():
        since = pa.scalar(as_of - timedelta(days=days), pa.date32())
        still_counts = pc.and_(
            pc.equal(handed_over["list"], name), pc.greater(handed_over["as_of"], since)
        )
        keys.append(key_of(handed_over.filter(still_counts)))
    return pa.concat_arrays(keys)
