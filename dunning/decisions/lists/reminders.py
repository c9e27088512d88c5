"""Reminders and last warnings of one night: accounts, sums and channels."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Codes, Days, Flags, Places
from dunning.core.days import NEVER, to_date
from dunning.core.frames import Bucket, Frame
from dunning.core.ladder import LAST_WARNING, MESSAGES, NAMED_RUNGS, REMINDER, Rung
from dunning.core.words import (
    CHANNELS,
    ITEM_KINDS,
    LANGUAGES,
    NOTICE_STAGES,
    SERVICES,
    STAGES,
    code,
)
from dunning.decisions.account.stages import OpenItems, Spells, first_day
from dunning.decisions.frames import Decision
from dunning.decisions.lists.channel_choice import Reach, reach
from dunning.decisions.lists.contact_points import POST
from dunning.decisions.lists.dwellings import find_protected
from dunning.decisions.lists.proposals import Proposed, build_table, first_reason, join_account
from dunning.decisions.lists.withheld import withhold_accounts
from dunning.decisions.segments import earliest_by, latest_by, or_never, sum_by
from dunning.decisions.tables import word_column
from dunning.policy.rules import Rules

_REMINDER = code(NOTICE_STAGES, REMINDER)
_LAST_WARNING = code(NOTICE_STAGES, LAST_WARNING)


def propose_reminders(bucket: Bucket, decision: Decision, rules: Rules, history: Frame) -> Proposed:
    """Return the tables `reminders` and `withheld` of one bucket.

    A last warning goes to an account at stage `final_warning` unless one that names all the items
    of its stage was sent in the last 180 days and did not fail, and only where what it names can
    reach the court by the rules in force, since its text announces that. An account that gets none,
    and is at `overdue` or above, gets a reminder unless a reminder or a last warning was sent in
    the last 30 days and did not fail. One message a night to an account: the last warning wins.
    Reminders demand the overdue items that have not expired, last warnings the items of their
    stage.

    A row is withheld as `refused_evidence`, `expired_only` (nothing is left to demand),
    `no_address`, or `below_channel_minimum`, the first that applies.

    Args:
        history: notices of the bucket: account, stage, channel, sent_on, served_on, failed_on.

    Source: issue 2, point 6; `policy/files/reminders.toml`.
    """
    due = due_reminders(bucket, decision, rules, history)
    contact = reach(bucket, due.accounts, decision.as_of)
    demands = sum_demands(bucket, decision, due, rules)
    reasons = _withhold_for(bucket, due, demands, contact, rules)
    # A row with a reason is withheld; the others are listed.
    stops = pc.is_valid(reasons).to_numpy(zero_copy_only=False)
    held = withhold_accounts(
        bucket,
        "reminders",
        due.accounts[stops],
        word_column(NOTICE_STAGES, due.stages[stops]),
        demands["principal_cents"][stops],
        reasons.filter(pa.array(stops)),
    )
    return {
        "reminders": _list(bucket, decision.as_of, due, demands, contact, rules, ~stops),
        "withheld": held,
    }


@dataclass(frozen=True)
class Due:
    """Accounts to which a message is due, and which message.

    accounts: places. stages: words.NOTICE_STAGES, aligned.
    """

    accounts: Places
    stages: Codes


def due_reminders(bucket: Bucket, decision: Decision, rules: Rules, history: Frame) -> Due:
    """Return the accounts to which a message is due, before addresses and minimum sums.

    "In the last 30 days" means `sent_on > as_of - 30`: thirty days after a message the next one may
    go. A message that failed bars nothing: its channel is out, and the next one takes over the same
    night (see `channel_choice.reach`).
    """
    size, as_of = len(bucket.accounts), decision.as_of
    stage = np.full(size, -1, np.int8)
    stage[decision.accounts["account"]] = decision.accounts["stage"]
    messages = [code(NOTICE_STAGES, message) for message in MESSAGES]
    sent = history.take((history["sent_on"] <= as_of) & np.isin(history["stage"], messages))
    sent = sent.take(sent["failed_on"] > as_of)
    last_sent = latest_by(sent["account"], sent["sent_on"], size)
    message = np.full(size, -1, np.int8)
    # Without any message last_sent is -NEVER: long enough ago.
    is_reminded = as_of - last_sent >= rules.reminders.repeat_days
    message[is_reminded & (stage >= code(STAGES, REMINDER))] = _REMINDER
    for rung in NAMED_RUNGS[1:]:  # a warning is for the accounts of its own stage, and wins
        warning = rung.notice_below
        is_due = stage == code(STAGES, warning)
        is_due &= ~_is_warned(bucket, decision, sent, warning, rules)
        is_due &= _leads_to(bucket, decision, rung, rules)
        message[is_due] = code(NOTICE_STAGES, warning)
    accounts = np.flatnonzero(message >= 0)
    return Due(accounts, message[accounts])


def _is_warned(
    bucket: Bucket, decision: Decision, sent: Frame, warning: str, rules: Rules
) -> Flags:
    """Return per account whether a recent warning names every item of its stage.

    A warning of that kind, sent within its repeat days, that did not fail.
    """
    size, as_of = len(bucket.accounts), decision.as_of
    counts = sent["stage"] == code(NOTICE_STAGES, warning)
    counts &= as_of - sent["sent_on"] < rules.reminders.repeat_days_of(warning)
    # A warning names the items due before it was sent; sent after the newest due day it names all.
    warned_on = latest_by(sent["account"][counts], sent["sent_on"][counts], size)
    looked_at = decision.open_items.take(decision.open_items["is_in_stage"])
    newest = latest_by(looked_at["account"], bucket.items["due_on"][looked_at["item"]], size)
    return (warned_on > newest) & (warned_on > -NEVER)


def _leads_to(bucket: Bucket, decision: Decision, rung: Rung, rules: Rules) -> Flags:
    """Return per account whether a warning sent on `as_of` can lead to its announced rung.

    That is, whether what the warning names reaches the sum and the days of that rung.

    On some day on which such a warning counts, if nothing is paid; items that expire before do not
    count.
    """
    asks, as_of = rules.stages.of(rung.name), decision.as_of
    rows = decision.open_items.take(
        decision.open_items["is_in_stage"] & decision.open_items["is_overdue"]
    )
    count = len(rows)
    items = OpenItems(
        account=rows["account"],
        due_on=bucket.items["due_on"][rows["item"]],
        open_cents=rows["open_cents"],
        overdue_from=np.full(count, as_of, np.int32),
        limitation_on=rows["limitation_on"],
        is_claimable_kind=np.ones(count, np.bool_),
    )
    first, last = counting_days(rung.name, rules, as_of)
    # notice   sent |..served..|..wait..|first ========== last|
    # item                     open     |==========| expires        counts in the overlap
    from_on = np.full(count, first, np.int32)
    until_on = np.minimum(last + 1, items.limitation_on).astype(np.int32)
    runs = np.flatnonzero(from_on < until_on)
    spells = Spells(runs, from_on[runs], until_on[runs])
    days = first_day(
        items, spells, asks.amount_cents_min, asks.days_overdue_min, len(bucket.accounts), as_of
    )
    return days < NEVER


def counting_days(rung: str, rules: Rules, as_of: int) -> tuple[int, int]:
    """Return the first and last day on which a notice sent on `as_of` counts for a rung.

    By any channel.
    """
    served = rules.service.served_after_days.values()
    return as_of + max(served) + rules.stages.of(rung).served_days_min, (
        as_of + min(served) + rules.stages.notice_valid_days
    )


def sum_demands(bucket: Bucket, decision: Decision, due: Due, rules: Rules) -> Frame:
    """Return the sums and days of what each message demands, aligned with `due`.

    Columns: principal_cents, items, oldest_due_on, newest_due_on, period_from, period_to (of what is
    demanded; `NEVER` where unknown), cuttable_cents (of that, what supply is cut for) and
    expired_cents (overdue and expired).
    """
    rows = np.full(len(bucket.accounts), -1, np.int64)
    rows[due.accounts] = np.arange(len(due.accounts))
    items = decision.open_items
    row = rows[items["account"]]
    is_due = (row >= 0) & items["is_overdue"]
    # The appended False is what row -1 (no message) reads.
    is_warning = np.r_[due.stages != _REMINDER, False][row]  # speaks of its stage alone
    demanded = is_due & ~items["is_expired"] & (items["is_in_stage"] | ~is_warning)
    of = row[demanded]
    facts = items.take(demanded)
    count = len(due.accounts)
    named = bucket.items.take(facts["item"])
    # `latest_by` takes the largest: a missing end must not win.
    ends = np.where(named["period_to"] == NEVER, -NEVER, named["period_to"]).astype(np.int32)
    gone = is_due & items["is_expired"]
    never = [code(ITEM_KINDS, kind) for kind in rules.disconnections.kinds_never]
    cuttable = ~np.isin(named["kind"], never)
    return Frame(
        {
            "principal_cents": sum_by(of, facts["open_cents"], count),
            "items": np.bincount(of, minlength=count).astype(np.int32),
            "oldest_due_on": earliest_by(of, named["due_on"], count),
            "newest_due_on": or_never(latest_by(of, named["due_on"], count)),
            "period_from": earliest_by(of, named["period_from"], count),
            "period_to": or_never(latest_by(of, ends, count)),
            "expired_cents": sum_by(row[gone], items["open_cents"][gone], count),
            "cuttable_cents": sum_by(of[cuttable], facts["open_cents"][cuttable], count),
        }
    )


def _withhold_for(
    bucket: Bucket, due: Due, demands: Frame, contact: Reach, rules: Rules
) -> pa.Array:
    # The appended 0 is what channel -1 (no address) reads.
    smallest = np.array(
        [rules.reminders.amount_cents_min[channel] for channel in CHANNELS] + [0], np.int64
    )
    amount = demands["principal_cents"]
    failures = {
        "refused_evidence": bucket.accounts["has_refused_evidence"][due.accounts],
        "expired_only": amount == 0,
        "no_address": contact.channel < 0,
        "below_channel_minimum": amount < smallest[contact.channel],
    }
    return first_reason(failures, len(due.accounts))


def _list(
    bucket: Bucket,
    as_of: int,
    due: Due,
    demands: Frame,
    contact: Reach,
    rules: Rules,
    listed: Flags,
) -> pa.Table:
    accounts = due.accounts[listed]
    stages = due.stages[listed]
    channel = contact.channel[listed]
    of = bucket.accounts.take(accounts)
    payers = bucket.payers.take(of["payer"])
    language = pc.fill_null(payers.text("language"), LANGUAGES[0])
    nothing = pa.scalar(None, pa.string())
    return build_table(
        "reminders",
        {
            **{
                name: column
                for name, column in demands.take(listed).columns.items()
                if name != "cuttable_cents"
            },
            "reference": refer(of, stages, channel, as_of),
            "premise_no": of.text("premise_no"),
            "payer_code": of.text("payer_code"),
            "stage": word_column(NOTICE_STAGES, stages),
            "channel": word_column(CHANNELS, channel),
            "address": contact.address.filter(pa.array(listed)),
            "language": pc.if_else(pc.equal(language, ""), LANGUAGES[0], language),
            "service": word_column(SERVICES, bucket.premises["service"][of["premise"]]),
            "name": pc.if_else(pa.array(channel == POST), payers.text("name"), nothing),
            "answer_until": answer_until(stages, channel, rules, as_of),
            "district": bucket.premises.text("district").take(pa.array(of["premise"])),
            "may_be_cut": _may_be_cut(
                bucket, of["premise"], demands["cuttable_cents"][listed], rules, as_of
            ),
        },
    )


def _may_be_cut(
    bucket: Bucket, premises: Places, cents: npt.NDArray[np.int64], rules: Rules, as_of: int
) -> Flags:
    """Return at which premises the supply can be cut for such a sum, as known on `as_of`."""
    today = range(as_of, as_of + 1)
    is_protected = find_protected(bucket, "life_support", today) | find_protected(
        bucket, "vulnerable", today
    )
    can_be = bucket.premises["is_disconnectable"] & ~is_protected
    return can_be[premises] & (cents >= rules.disconnections.amount_cents_min)


def refer(accounts: Frame, stages: Codes, channels: Codes, as_of: int) -> pa.Array:
    """Return the action's reference of each message, as `20261122-OS-0012345678-900000000001`.

    The day, O (reminder) or F (last warning), S, E or P (channel), premise and payer: unique for a
    night.
    """
    letters = [f"{stage[0]}{channel[0]}".upper() for stage in NOTICE_STAGES for channel in CHANNELS]
    pair = stages.astype(np.int64) * len(CHANNELS) + channels
    day = to_date(as_of)
    prefix = pa.array([f"{day:%Y%m%d}-{two}" for two in letters]).take(pa.array(pair))
    return join_account(prefix, accounts)


def answer_until(stages: Codes, channels: Codes, rules: Rules, as_of: int) -> Days:
    """Return the last day to answer each last warning; `NEVER` for reminders.

    The days after which a message counts as served on that channel, then the days that the court
    stage waits.
    """
    wait = np.array([rules.service.served_after_days[channel] for channel in CHANNELS], np.int32)
    until = as_of + wait[channels] + rules.stages.court_bound.served_days_min
    return np.where(stages == _LAST_WARNING, until, NEVER).astype(np.int32)
