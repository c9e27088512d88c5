"""Holds, notices and court cases as rows of the extract."""

import numpy as np
import pyarrow as pa

from dunning.core.arrays import Flags, Ints
from dunning.core.days import NEVER
from dunning.core.words import CASE_OUTCOMES, CASE_STAGES, HOLD_REASONS, NOTICE_STAGES
from dunning.sample.accounts import CONTACTS, SampleAccounts
from dunning.sample.behaviours import BEHAVIOURS
from dunning.sample.billing import invoice_numbers
from dunning.sample.bills import KINDS, Bills
from dunning.sample.columns import days, pick, words
from dunning.sample.dice import Dice
from dunning.sample.numbers import digits
from dunning.sample.payments import is_left_unpaid

_NEVER_DUE = 1_000_000
_AUTHORS = ("Каса 2", "Отдел рекламации", "Отдел събиране", "Правен отдел")


def holds(dice: Dice, accounts: SampleAccounts, bills: Bills) -> pa.Table:
    """Grain: one hold.

    On a disputed bill or account, on a payer who is deceased or insolvent, or on a premise; some
    have ended.
    """
    parts = [_disputes(dice, accounts, bills)]
    for behaviour, reason, names in (
        ("deceased", "deceased", "payer"),
        ("insolvent", "insolvency", "payer"),
        ("vulnerable", "vulnerable", "premise"),
    ):
        rows = np.flatnonzero(accounts.does(behaviour))
        if behaviour == "vulnerable":
            rows = rows[accounts.number[rows] % 4 == 2]
        parts.append(
            _hold_rows(
                dice, accounts, rows, np.full(len(rows), HOLD_REASONS.index(reason)), names, None
            )
        )
    ended = np.flatnonzero(accounts.is_ordinary() & dice.chance(4, "old hold", accounts.number))
    parts.append(
        _hold_rows(
            dice, accounts, ended, np.full(len(ended), HOLD_REASONS.index("manual")), "account", 60
        )
    )
    return pa.concat_tables(parts)


def _disputes(dice: Dice, accounts: SampleAccounts, bills: Bills) -> pa.Table:
    overdue = is_left_unpaid(accounts, bills) & (bills.due_on < accounts.as_of)
    last = bills.last_of_each(overdue & accounts.does("disputes")[bills.account])
    rows = bills.account[last]
    is_bill = dice.chance(600, "disputes a bill", accounts.number[rows])
    reason = np.where(is_bill, HOLD_REASONS.index("dispute"), HOLD_REASONS.index("complaint"))
    whole = _hold_rows(dice, accounts, rows, reason, "account", None)
    named = invoice_numbers(dice, np.where(is_bill, bills.key[last], -1))
    return whole.set_column(whole.column_names.index("invoice_no"), "invoice_no", named)


def _hold_rows(
    dice: Dice,
    accounts: SampleAccounts,
    rows: Ints,
    reason: Ints,
    names: str,
    ended_days_ago: int | None,
) -> pa.Table:
    """Return holds that name the account, its payer, or its premise."""
    keys = accounts.number[rows]
    starts = accounts.as_of - dice.between(3, 50, "held", keys)
    ends = np.full(len(rows), NEVER)
    if ended_days_ago is not None:
        starts, ends = starts - 200, np.full(len(rows), accounts.as_of - ended_days_ago)
    return pa.table(
        {
            "hold_no": digits(keys, 8, "H"),
            "premise_no": pick(
                accounts.premise_no, rows if names != "payer" else np.full(len(rows), -1)
            ),
            "payer_code": pick(
                accounts.payer_code, rows if names != "premise" else np.full(len(rows), -1)
            ),
            "invoice_no": pa.nulls(len(rows), pa.string()),
            "reason": words(HOLD_REASONS, reason),
            "valid_from": days(starts),
            "valid_until": days(ends),
            "author": words(_AUTHORS, dice.below(len(_AUTHORS), "author", keys)),
            "note": pa.nulls(len(rows), pa.string()),
        }
    )


def notices(dice: Dice, accounts: SampleAccounts, bills: Bills) -> pa.Table:
    """Grain: one notice sent.

    By post it is served in 3 to 7 days, otherwise in one; for unreached payers it fails.

    A payer who has stopped paying gets notices after the due day of his first unpaid bill.
    """
    parts, first_due = [], _first_unpaid(accounts, bills)
    for stage, word in enumerate(NOTICE_STAGES):
        low = np.array([b.notices.get(word, (-1, -1))[0] for b in BEHAVIOURS])[accounts.behaviour]
        high = np.array([b.notices.get(word, (-1, -1))[1] for b in BEHAVIOURS])[accounts.behaviour]
        share = np.array([b.notice_share for b in BEHAVIOURS])[accounts.behaviour]
        electric = (accounts.service == 1) | (word != "disconnection")
        rows = np.flatnonzero(
            (low >= 0) & electric & dice.chance(share, f"is sent {word}", accounts.number)
        )
        sent_on = accounts.as_of - dice.between(
            low[rows], high[rows], f"sent {word}", accounts.number[rows]
        )
        # A notice cannot be older than the debt that it names.
        sent_on = np.where(sent_on <= first_due[rows], first_due[rows] + 5, sent_on)
        parts.append(_notice_rows(dice, accounts, rows, stage, sent_on))
    return pa.concat_tables(parts)


def _first_unpaid(accounts: SampleAccounts, bills: Bills) -> Ints:
    """Return the due day of each account's first unpaid bill, or else of its first bill."""
    is_due = bills.due_on < accounts.as_of - 15
    first = np.full(len(accounts), _NEVER_DUE)
    # First the unpaid bills; then, for accounts without any, all bills.
    for candidates in (is_left_unpaid(accounts, bills) & is_due, is_due):
        due = np.full(len(accounts), _NEVER_DUE)
        np.minimum.at(due, bills.account[candidates], bills.due_on[candidates].astype(np.int64))
        first = np.where(first == _NEVER_DUE, due, first)
    return np.where(first == _NEVER_DUE, -_NEVER_DUE, first)


def _notice_rows(
    dice: Dice, accounts: SampleAccounts, rows: Ints, stage: int, sent_on: Ints
) -> pa.Table:
    keys = accounts.number[rows]
    by_post = (accounts.contact[rows] >= 2) | (stage > 0)
    channel = np.where(by_post, CONTACTS.index("post"), accounts.contact[rows])
    takes = np.where(by_post, dice.between(3, 7, f"letter {stage}", keys), 1)
    fails = accounts.does("unreached")[rows]
    return pa.table(
        {
            "notice_no": digits(keys * 10 + stage, 10, "N"),
            "premise_no": pick(accounts.premise_no, rows),
            "payer_code": pick(accounts.payer_code, rows),
            "stage": words(NOTICE_STAGES, np.full(len(rows), stage)),
            "channel": words(CONTACTS[:3], channel),
            "sent_on": days(sent_on),
            "served_on": days(np.where(fails, NEVER, sent_on + takes)),
            "failed_on": days(np.where(fails, sent_on + takes, NEVER)),
        }
    )


def court_cases(dice: Dice, accounts: SampleAccounts, bills: Bills) -> tuple[pa.Table, pa.Table]:
    """Return court cases and their items.

    Running cases are about what was owed a month before; closed ones awarded something.

    One awarded case in three has gone to enforcement, with the awarded sums as its items.
    """
    sued, won = np.flatnonzero(accounts.does("sued")), np.flatnonzero(accounts.does("adjudged"))
    filed_on = np.full(len(accounts), NEVER)
    filed_on[sued] = accounts.as_of - dice.between(60, 150, "filed", accounts.number[sued])
    filed_on[won] = accounts.as_of - dice.between(850, 1000, "filed", accounts.number[won])
    enforced = accounts.number[won] % 3 == 0
    return (
        _cases(accounts, sued, won, filed_on, enforced),
        _case_items(dice, accounts, bills, filed_on, won[enforced]),
    )


def _cases(
    accounts: SampleAccounts, sued: Ints, won: Ints, filed_on: Ints, enforced: Flags
) -> pa.Table:
    """Return running cases, then awarded ones."""
    ordered = accounts.number[sued] % 2 == 0
    # Places in CASE_STAGES: filed, order issued; enforcement, closed.
    stage = np.concatenate([np.where(ordered, 1, 0), np.where(enforced, 2, 3)])
    moved_on = np.concatenate(
        [np.where(ordered, filed_on[sued] + 40, filed_on[sued]), filed_on[won] + 45]
    )
    outcome = np.concatenate(
        [np.full(len(sued), -1), np.where(enforced, -1, CASE_OUTCOMES.index("granted"))]
    )
    rows = np.concatenate([sued, won])
    return pa.table(
        {
            "case_no": digits(accounts.number[rows], 8, "D"),
            "premise_no": pick(accounts.premise_no, rows),
            "payer_code": pick(accounts.payer_code, rows),
            "filed_on": days(filed_on[rows]),
            "stage": words(CASE_STAGES, stage),
            "stage_on": days(moved_on),
            "outcome": words(CASE_OUTCOMES, outcome),
        }
    )


def _case_items(
    dice: Dice, accounts: SampleAccounts, bills: Bills, filed_on: Ints, enforced: Ints
) -> pa.Table:
    """Return the bills of running cases, and the awarded sums of these accounts in enforcement."""
    is_enforced = np.isin(bills.account, enforced)
    claimed = accounts.does("sued")[bills.account] & (bills.due_on < filed_on[bills.account] - 30)
    awarded = is_enforced & (bills.kind >= KINDS.index("adjudged"))
    item = np.flatnonzero(is_left_unpaid(accounts, bills) & (claimed | awarded))
    return pa.table(
        {
            "case_no": digits(accounts.number[bills.account[item]], 8, "D"),
            "invoice_no": invoice_numbers(dice, bills.key[item]),
        }
    )
