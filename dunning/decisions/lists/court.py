"""Court cases: one case per account, its items, and the reasons why a person must check it."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Days, Flags, Places
from dunning.core.days import to_date
from dunning.core.frames import Bucket, Frame
from dunning.core.ladder import LAST_WARNING
from dunning.core.words import (
    HOLD_REASONS,
    IDENTIFIERS,
    NOTICE_STAGES,
    PAYER_KINDS,
    SERVICES,
    STAGES,
    code,
)
from dunning.decisions.frames import Decision
from dunning.decisions.lists.court_items import list_items
from dunning.decisions.lists.disconnections import counting_notices, newest_notices
from dunning.decisions.lists.letters import postal_addresses, premise_addresses
from dunning.decisions.lists.proposals import Proposed, build_table, join_account
from dunning.decisions.lists.withheld import withhold_accounts
from dunning.decisions.segments import any_by, earliest_by, index_rows, latest_by, or_never, sum_by
from dunning.decisions.tables import word_column
from dunning.policy.rules import Court, Rules

_COURT_BOUND = code(STAGES, "court_bound")


def propose_court(
    bucket: Bucket,
    decision: Decision,
    rules: Rules,
    history: Frame,
    segments_of: Callable[[Places], Frame],
) -> Proposed:
    """Return the tables `court`, `court_items` and `withheld` of one bucket.

    One case per account at stage `court_bound`, of the items that count for its stage. A case is
    `ready`, or in the part that needs a `person`, with every reason that applies: see
    `person_reasons`. Only refused evidence withholds it.

    Args:
        history: notices of the bucket: account, stage, channel, sent_on, served_on, failed_on.
        segments_of: gives the interest segments of items (places): item, from_on, to_on
            (inclusive), days, rate_percent (text), principal_minor, is_bgn; by item and day.

    Source: ГПК art. 410; ЗЕ art. 154; `policy/files/court.toml`.
    """
    accounts = decision.accounts["account"][decision.accounts["stage"] == _COURT_BOUND].astype(
        np.int64
    )
    in_stage = decision.open_items.take(decision.open_items["is_in_stage"])
    # Refused evidence withholds the whole case before anything is computed for it.
    is_refused = bucket.accounts["has_refused_evidence"][accounts]
    held = _withhold_refused(bucket, accounts[is_refused], in_stage)
    sued = accounts[~is_refused]
    is_sued = np.zeros(len(bucket.accounts), np.bool_)
    is_sued[sued] = True
    items = in_stage.take(is_sued[in_stage["account"]])
    segments = segments_of(items["item"])
    refs = refer_cases(bucket, sued, decision.as_of)
    refs_of_items = refs.take(pa.array(index_rows(sued, len(bucket.accounts))[items["account"]]))
    return {
        "court": _list_cases(bucket, decision, rules, history, sued, items, segments, refs),
        "court_items": list_items(bucket, items, segments, rules, refs_of_items, decision.as_of),
        "withheld": held,
    }


def _withhold_refused(bucket: Bucket, refused: Places, items: Frame) -> pa.Table:
    """Return the rows withheld because a refused row of the ledger could concern the account."""
    principal = sum_by(items["account"], items["open_cents"], len(bucket.accounts))
    return withhold_accounts(
        bucket,
        "court",
        refused,
        pa.repeat(pa.scalar("court_bound"), len(refused)),
        principal[refused],
        pa.repeat(pa.scalar("refused_evidence"), len(refused)),
    )


def refer_cases(bucket: Bucket, accounts: Places, as_of: int) -> pa.Array:
    """Return the reference of the case of each account: `C-20261122-<premise>-<payer>`."""
    return join_account(pa.scalar(f"C-{to_date(as_of):%Y%m%d}"), bucket.accounts.take(accounts))


def state_fee(claim_cents: npt.NDArray[np.int64], rule: Court) -> npt.NDArray[np.int64]:
    """Return the state fee of each claim in cents.

    The policy's percent, half-up, and never less than its minimum.

    Source: tariff ПМС 38/2008, point 12.
    """
    # Exact: percent / 100 as a fraction; (2ab + c) // 2c rounds half up.
    above, below = (rule.state_fee_percent / 100).as_integer_ratio()
    return np.maximum((2 * claim_cents * above + below) // (2 * below), rule.state_fee_cents_min)


def shares(bucket: Bucket, as_of: int) -> pa.Array:
    """Return per account the share of its latest tenancy begun up to `as_of`; null if none."""
    tenancies = bucket.tenancies
    begun = np.flatnonzero(tenancies["valid_from"] <= as_of)  # rows: by account, valid_from
    row = np.full(len(bucket.accounts), -1, np.int64)
    # The last write per account wins: its latest tenancy.
    row[tenancies["account"][begun]] = begun
    # A tenancy without a share has 1; null is left only where there is no tenancy (row -1).
    share = pc.fill_null(tenancies.text("share"), "1").take(pa.array(row, mask=row < 0))
    return share


def _list_cases(
    bucket: Bucket,
    decision: Decision,
    rules: Rules,
    history: Frame,
    accounts: Places,
    items: Frame,
    segments: Frame,
    refs: pa.Array,
) -> pa.Table:
    size, as_of = len(bucket.accounts), decision.as_of
    principal = sum_by(items["account"], items["open_cents"], size)[accounts]
    interest = sum_by(items["account"], items["interest_cents"], size)[accounts]
    fee = state_fee(principal + interest, rules.court)
    warned_on, warned_by = _last_warnings(history, rules, size, as_of)
    postal = postal_addresses(bucket, accounts, as_of)
    share = shares(bucket, as_of).take(pa.array(accounts))
    reasons = person_reasons(
        bucket, rules, as_of, accounts, items, principal + interest, postal, share
    )
    return build_table(
        "court",
        {
            "case_ref": refs,
            "part": pc.if_else(pc.equal(reasons, ""), "ready", "person"),
            "person_reasons": reasons,
            **_describe_debtors(bucket, accounts),
            "share": share,
            "postal_address": postal,
            "principal_cents": principal,
            "interest_cents": interest,
            "state_fee_cents": fee,
            "total_cents": principal + interest + fee,
            **_interest_days(bucket, segments, accounts),
            **_item_facts(bucket, items, accounts),
            "warned_on": warned_on[accounts],
            "warned_by": warned_by.take(pa.array(accounts)),
        },
    )


def _describe_debtors(bucket: Bucket, accounts: Places) -> dict[str, pa.Array]:
    """Return who owes in each case, and for which premise."""
    of = bucket.accounts.take(accounts)
    payers = bucket.payers.take(of["payer"])
    premises = bucket.premises.take(of["premise"])
    return {
        "premise_no": of.text("premise_no"),
        "payer_code": of.text("payer_code"),
        "kind": word_column(PAYER_KINDS, np.where(payers["is_person"], 0, 1)),
        "name": payers.text("name"),
        "national_id": payers.text("national_id"),
        "premise_address": premise_addresses(bucket, accounts),
        "service": word_column(SERVICES, premises["service"]),
    }


def _interest_days(bucket: Bucket, segments: Frame, accounts: Places) -> dict[str, Days]:
    """Return the first and the last day of each case's interest; `NEVER` where it bears none."""
    size, case = len(bucket.accounts), bucket.items["account"][segments["item"]]
    return {
        "interest_from": earliest_by(case, segments["from_on"], size)[accounts],
        "interest_to": or_never(latest_by(case, segments["to_on"], size))[accounts],
    }


def _item_facts(bucket: Bucket, items: Frame, accounts: Places) -> dict[str, Days]:
    """Return the number of each case's items, their oldest due day and their first limitation."""
    size, case = len(bucket.accounts), items["account"]
    due_on = bucket.items["due_on"][items["item"]]
    return {
        "items": np.bincount(case, minlength=size)[accounts].astype(np.int32),
        "oldest_due_on": earliest_by(case, due_on, size)[accounts],
        "limitation_on": earliest_by(case, items["limitation_on"], size)[accounts],
    }


def person_reasons(
    bucket: Bucket,
    rules: Rules,
    as_of: int,
    accounts: Places,
    items: Frame,
    claim_cents: npt.NDArray[np.int64],
    postal: pa.Array,
    share: pa.Array,
) -> pa.Array:
    """Return why a person must check each case; empty where it is ready.

    The reasons are sorted and separated by a space.

    above_order_ceiling (no heat debt, and more than an order may be issued for), bad_identifier,
    deceased, insolvency (a hold on `as_of`, if only on another item), limitation_near_unwarned (an
    item that no served last warning names), missing_identifier, no_address, no_tenancy (none in the
    ledger, so the ground of the debt is unknown).

    Args:
        accounts: places of the cases.
        items: all items of the cases.
        claim_cents, postal, share: aligned with `accounts`.
    """
    of = bucket.accounts.take(accounts)
    identifier = bucket.payers["identifier"][of["payer"]]
    is_heat = bucket.premises["service"][of["premise"]] == code(SERVICES, "heat")
    # Only an item near its limitation gets here without a last warning.
    unwarned = any_by(items["account"], ~items[f"is_named_by_{LAST_WARNING}"], len(bucket.accounts))
    flags = {
        "above_order_ceiling": ~is_heat & (claim_cents > rules.court.order_ceiling_cents),
        "bad_identifier": identifier == code(IDENTIFIERS, "wrong"),
        "deceased": _held_for(bucket, "deceased", as_of)[accounts],
        "insolvency": _held_for(bucket, "insolvency", as_of)[accounts],
        "limitation_near_unwarned": unwarned[accounts],
        "missing_identifier": identifier == code(IDENTIFIERS, "missing"),
        "no_address": pc.is_null(postal).to_numpy(zero_copy_only=False),
        "no_tenancy": pc.is_null(share).to_numpy(zero_copy_only=False),
    }
    # The flags above are in alphabetical order, so the joined reasons are sorted.
    columns = [pc.if_else(pa.array(on), f" {word}", "") for word, on in flags.items()]
    return pc.utf8_ltrim_whitespace(pc.binary_join_element_wise(*columns, ""))


def _held_for(bucket: Bucket, reason: str, as_of: int) -> Flags:
    """Return per account whether a hold of that reason is on any part of it on `as_of`."""
    holds = bucket.holds
    applies = (holds["reason"] == code(HOLD_REASONS, reason)) & (holds["valid_from"] <= as_of)
    applies &= holds["valid_until"] > as_of
    return any_by(holds["account"], applies, len(bucket.accounts))


def _last_warnings(
    history: Frame, rules: Rules, size: int, as_of: int
) -> tuple[npt.NDArray[np.int32], pa.Array]:
    """Return per account day and channel of its newest counting last warning.

    The day on which it was served.
    """
    rule = rules.stages
    warnings = counting_notices(
        history,
        code(NOTICE_STAGES, LAST_WARNING),
        as_of,
        rule.court_bound.served_days_min,
        rule.notice_valid_days,
    )
    _, served_on, row = newest_notices(warnings, size)
    return served_on, warnings.text("channel").take(pa.array(row, mask=row < 0))
