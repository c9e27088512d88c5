"""One account on one night as plain values for one screen: facts, rules and dates of its stage."""

import math
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa

from dunning.core.arrays import Places
from dunning.core.days import NEVER, to_date, to_day
from dunning.core.errors import NotThereError
from dunning.core.frames import Bucket, Frame
from dunning.core.ladder import RUNGS
from dunning.core.money import BGN_PER_EUR
from dunning.core.words import (
    CASE_OUTCOMES,
    CASE_STAGES,
    CHANNELS,
    HOLD_REASONS,
    ITEM_KINDS,
    NOTICE_STAGES,
    PROTECTIONS,
    RULES,
    SERVICES,
    STAGES,
)
from dunning.decisions.account.allocation import allocate
from dunning.decisions.account.assessment import Assessment
from dunning.decisions.account.interest import interest_segments
from dunning.decisions.frames import Decision
from dunning.policy.rules import Rules, StageRule

Row = dict[str, Any]


@dataclass(frozen=True)
class Condition:
    """What a rung requires of an account, and what it has on `as_of`.

    items, cents, days: number, sum and age of the items that count. rung: its name.
    """

    rung: str
    rule: StageRule
    items: int
    cents: int
    days: int
    is_reached: bool


@dataclass(frozen=True)
class Story:
    """Everything about one account on `as_of`.

    Rows are plain values: minor units, dates, the words of the contract.

    account: the columns of `Decision.accounts`. items, segments, pieces, payments, agreements,
    instalments, holds, cases, notices, tenancies: rows of this account only, oldest first.
    """

    as_of: date
    premise_no: str
    payer_code: str
    service: str
    version: str
    account: Row
    conditions: list[Condition]
    tables: dict[str, list[Row]] = field(default_factory=dict)


def find_accounts(
    bucket: Bucket, premise_no: str, payer_code: str | None, as_of: date
) -> list[int]:
    """Return the places of a premise's accounts that exist on a day.

    Only the payer's account where a payer is given.

    Raises:
        NotThereError: there is none.
    """
    accounts = bucket.accounts
    found = np.asarray(accounts.text("premise_no").to_numpy(zero_copy_only=False) == premise_no)
    found &= accounts["began_on"] <= to_day(as_of)
    if payer_code is not None:
        found &= np.asarray(
            accounts.text("payer_code").to_numpy(zero_copy_only=False) == payer_code
        )
    if not found.any():
        whom = f"premise {premise_no}" + (f", payer {payer_code}" if payer_code is not None else "")
        raise NotThereError(
            f"There is no account of {whom} on {as_of}. Check the numbers (leading zeros count) and the date."
        )
    return [int(place) for place in np.flatnonzero(found)]


def build_story(
    bucket: Bucket, decision: Decision, assessment: Assessment, rules: Rules, account: int
) -> Story:
    """Return the story of one account, given its place in the bucket."""
    # A decision has only accounts that exist on `as_of`: its rows are not the places of the bucket.
    row = int(np.flatnonzero(decision.accounts["account"] == account)[0])
    own_items = np.flatnonzero(decision.open_items["account"] == account)
    premise = bucket.accounts["premise"][account]
    return Story(
        as_of=to_date(decision.as_of),
        premise_no=bucket.accounts.text("premise_no")[account].as_py(),
        payer_code=bucket.accounts.text("payer_code")[account].as_py(),
        service=SERVICES[bucket.premises["service"][premise]],
        version=rules.version,
        account=_rows(
            decision.accounts.take(np.array([row])), words={"stage": STAGES, "next_stage": STAGES}
        )[0],
        conditions=_conditions(assessment, rules, account, own_items),
        tables={
            "items": _items(bucket, decision, own_items),
            "segments": _segments(bucket, assessment, rules, own_items),
            **_money(bucket, rules, decision.as_of, account),
            **_agreements(bucket, assessment, account),
            "holds": _own(
                bucket.holds,
                account,
                {"reason": HOLD_REASONS},
                item=bucket.items.text("invoice_no"),
            ),
            "cases": _cases(bucket, account),
            "notices": _own(assessment.history, account, {"stage": NOTICE_STAGES}),
            "tenancies": _own(bucket.tenancies, account, {}),
            "contacts": _contacts(bucket, account),
        },
    )


def _conditions(assessment: Assessment, rules: Rules, account: int, own: Places) -> list[Condition]:
    as_of = assessment.as_of
    conditions = []
    for rung in RUNGS:
        counting = own[assessment.ladder[rung.name].on(as_of, len(assessment.items.account))[own]]
        days = [as_of - int(day) for day in assessment.items.due_on[counting]]
        cents = int(assessment.items.open_cents[counting].sum())
        conditions.append(
            Condition(
                rung.name,
                rules.stages.of(rung.name),
                len(counting),
                cents,
                max(days, default=0),
                bool(assessment.reached[rung.name][account]),
            )
        )
    return conditions


def _items(bucket: Bucket, decision: Decision, own: Places) -> list[Row]:
    open_items = decision.open_items.take(own)
    items = bucket.items.take(open_items["item"])
    # Both have `account`; that of the item stays.
    joined = items.with_columns(
        **{name: open_items.columns[name] for name in open_items if name != "account"}
    )
    return _rows(joined, words={"kind": ITEM_KINDS, "shield": PROTECTIONS})


def _segments(bucket: Bucket, assessment: Assessment, rules: Rules, own: Places) -> list[Row]:
    segments = interest_segments(bucket, assessment.allocation, rules, own, assessment.equalised_on)
    named = segments.with_columns(
        invoice_no=bucket.items.text("invoice_no").take(_places(segments["item"]))
    )
    rows = _rows(named)
    exact = Fraction(0)
    shown_cents = 0
    # Each segment shows what it adds to the rounded running sum of its item, so that the shown
    # parts add up to the interest of the item.
    for before, row in zip([None, *rows], rows, strict=False):
        if before is None or before["item"] != row["item"]:
            exact, shown_cents = Fraction(0), 0
        exact += _accrue(row, rules.interest.day_count)
        row["interest_cents"] = math.floor(exact + Fraction(1, 2)) - shown_cents
        shown_cents += row["interest_cents"]
    return rows


def _accrue(row: Row, day_count: int) -> Fraction:
    """Return the exact interest of a segment in cents.

    Its item is rounded once; the shown parts must add up to that.
    """
    bears = (
        Fraction(row["rate_percent"].replace(",", "."))
        / 100
        * row["days"]
        / day_count
        * row["principal_minor"]
    )
    return bears / Fraction(BGN_PER_EUR) if row["is_bgn"] else bears


def _money(bucket: Bucket, rules: Rules, as_of: int, account: int) -> dict[str, list[Row]]:
    """Return the payments of an account and all its settlement pieces.

    Also for an account that owes nothing.
    """
    # A mask that asks for the pieces of this account alone.
    asked = np.arange(len(bucket.accounts)) == account
    # Allocated once more: a decision keeps no pieces of accounts that owe nothing.
    pieces = allocate(bucket, as_of, to_day(rules.changeover.euro_from), asked).pieces
    pieces = pieces.take(bucket.items["account"][pieces["item"]] == account)
    named = pieces.with_columns(
        invoice_no=bucket.items.text("invoice_no").take(_places(pieces["item"])),
        payment_no=bucket.payments.text("payment_no").take(_places(pieces["payment"])),
    )
    payments = _own(bucket.payments, account, {}, item=bucket.items.text("invoice_no"))
    return {
        "pieces": _rows(named, words={"rule": RULES}),
        "payments": [row for row in payments if row["paid_on"] <= to_date(as_of)],
    }


def _agreements(bucket: Bucket, assessment: Assessment, account: int) -> dict[str, list[Row]]:
    state = assessment.protections.agreements
    # State columns are aligned with all agreements of the bucket, so they are joined before `take`.
    places = np.flatnonzero(bucket.agreements["account"] == account)
    agreements = bucket.agreements.with_columns(
        is_kept=state.is_kept,
        is_broken=state.is_broken,
        breaks_on=state.breaks_on,
        settled_cents=state.settled_cents,
        due_cents=state.due_cents,
    ).take(places)
    numbers = bucket.agreements.text("agreement_no")
    instalments = bucket.instalments.take(np.isin(bucket.instalments["agreement"], places))
    agreed = bucket.agreement_items.take(np.isin(bucket.agreement_items["agreement"], places))
    return {
        "agreements": _rows(agreements, days=("breaks_on",)),
        "instalments": _rows(
            instalments.with_columns(agreement_no=numbers.take(_places(instalments["agreement"])))
        ),
        "agreement_items": _rows(
            agreed.with_columns(
                agreement_no=numbers.take(_places(agreed["agreement"])),
                invoice_no=bucket.items.text("invoice_no").take(_places(agreed["item"])),
            )
        ),
    }


def _cases(bucket: Bucket, account: int) -> list[Row]:
    return _own(bucket.cases, account, {"stage": CASE_STAGES, "outcome": CASE_OUTCOMES})


def _contacts(bucket: Bucket, account: int) -> list[Row]:
    payer = bucket.accounts["payer"][account]
    # Addresses are not shown here: the channel and whether it is revoked are enough.
    contacts = bucket.contacts.take(bucket.contacts["payer"] == payer)
    return [
        {
            "channel": CHANNELS[row["channel"]],
            "is_revoked": row["revoked_at"] < np.iinfo(np.int64).max,
        }
        for row in _rows(contacts)
    ]


def _own(table: Frame, account: int, words: dict[str, tuple[str, ...]], **names: Any) -> list[Row]:
    """Return an account's rows of a table; places given in `names` become numbers."""
    rows = _rows(table.take(table["account"] == account), words)
    for column, texts in names.items():
        for row in rows:
            row[column] = texts[row[column]].as_py() if row[column] >= 0 else None
    return rows


def _places(values: Places) -> Any:
    return pa.array(values)


def _rows(
    frame: Frame, words: dict[str, tuple[str, ...]] | None = None, days: tuple[str, ...] = ()
) -> list[Row]:
    """Return a small frame as plain rows.

    Days become dates (None for `NEVER`), codes become words (None for -1).
    """
    words = words or {}
    columns: dict[str, list[Any]] = {}
    for name in frame:
        column = frame.columns[name]
        values = column.tolist() if isinstance(column, np.ndarray) else column.to_pylist()
        if name in words:
            values = [words[name][value] or None if value >= 0 else None for value in values]
        elif name.endswith(("_on", "_from", "_until", "_to")) or name in days:
            values = [None if value == NEVER else to_date(value) for value in values]
        columns[name] = values
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
