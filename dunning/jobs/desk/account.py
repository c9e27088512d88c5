"""One account's whole story for a page: amount due, stage with reasons, next steps, history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import pyarrow as pa

from dunning.core.days import to_day
from dunning.core.errors import NotThereError
from dunning.core.ladder import LAST_WARNING, RUNGS
from dunning.decisions.account.story import Story, build_story, find_accounts
from dunning.decisions.lists.payment_cases import (
    AssessedAccount,
    stop_disconnection,
    stop_last_warning,
    stop_stage,
)
from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.gateways.store import holds, runs
from dunning.gateways.store.actions import AccountAction, fetch_account_actions
from dunning.gateways.store.decisions import AccountDecision, fetch_account_decisions
from dunning.jobs.desk.session import DeskSession
from dunning.jobs.queries.fate import Fate, fetch_fates
from dunning.jobs.queries.past_night import find_night, kept_policy
from dunning.jobs.records.history import History, gather_history
from dunning.ledger.buckets import buckets_of
from dunning.policy.rules import Rules

_NIGHTS = 60


@dataclass(frozen=True)
class Coming:
    """The next step if nothing is paid, and the smallest payment that prevents it.

    what: `disconnections`, `court`, or a stage. on: the day; None: the night's list. pay_cents:
    naming no invoice.
    """

    what: str
    on: date | None
    threshold_cents: int
    pay_cents: int


@dataclass(frozen=True)
class Payer:
    """The payer as in the ledger. national_id: unmasked; pages mask it."""

    name: str
    kind: str
    national_id: str
    address: str
    postal_address: str


@dataclass(frozen=True)
class AccountPage:
    """Everything that an account's page shows.

    due_cents: what is due and not expired, protected sums included. proposals: as `fetch_fates`
    gives them.
    """

    story: Story
    payer: Payer
    others: Sequence[str]
    due_cents: int
    later_cents: int
    coming: Sequence[Coming]
    proposals: Sequence[Fate]
    nights: Sequence[AccountDecision]
    actions: Sequence[AccountAction]
    own_holds: Sequence[holds.ManualHold]
    dates: Sequence[date]


@dataclass(frozen=True)
class _Open:
    snapshot: Snapshot
    rules: Rules
    history: History


def read_page(
    session: DeskSession, premise_no: str, payer_code: str, as_of: date | None = None
) -> AccountPage:
    """Return an account on a closed or written night; by default on the last closed one.

    Raises:
        NotThereError: no night is known, or no such account existed then. DunningError: its
            snapshot is not kept.
    """
    dates = runs.fetch_closed_dates(session.engine, 400)
    day = as_of or (dates[0] if dates else None)
    if day is None:
        raise NotThereError("No night is closed yet, so no account can be shown.")
    night = _open_night(session, day)
    # One bucket has everything about the premise: only this one is read and decided.
    bucket = night.snapshot.read_bucket(int(buckets_of(pa.array([premise_no]))[0]))
    accounts = bucket.accounts
    (place,) = find_accounts(bucket, premise_no, payer_code, day)
    bucket, decision, found = night.history.decide(bucket, day, night.rules)
    story = build_story(bucket, decision, found, night.rules, place)
    own = fetch_fates(session.engine, day, premise_no, payer_code)
    items = story.tables["items"]
    unexpired = [row for row in items if not row["is_expired"]]
    return AccountPage(
        story=story,
        payer=_payer(bucket, place),
        others=[code for code in _codes(accounts, premise_no) if code != payer_code],
        due_cents=sum(row["open_cents"] for row in unexpired if row["due_on"] <= day),
        later_cents=sum(row["open_cents"] for row in unexpired if row["due_on"] > day),
        coming=_find_coming(
            story, own, AssessedAccount(bucket, decision, found, night.rules, place)
        ),
        proposals=own,
        nights=fetch_account_decisions(session.engine, premise_no, payer_code, _NIGHTS),
        actions=fetch_account_actions(session.engine, premise_no, payer_code),
        own_holds=[
            hold
            for hold in holds.fetch_holds(session.engine, premise_no)
            if hold.payer_code == payer_code
        ],
        dates=dates,
    )


def require_account(session: DeskSession, premise_no: str, payer_code: str) -> date:
    """Return the date of the last closed night, if the account exists in it.

    Raises:
        NotThereError: no night is closed, or there is no such account.
    """
    day = runs.last_closed_on(session.engine)
    if day is None:
        raise NotThereError("No night is closed yet, so no account is known.")
    bucket = _open_night(session, day).snapshot.read_bucket(
        int(buckets_of(pa.array([premise_no]))[0])
    )
    find_accounts(bucket, premise_no, payer_code, day)
    return day


def mask(national_id: str) -> str:
    """Return an identifier with only its last four characters readable.

    >>> mask("7501011234"), mask("")
    ('••••••1234', '')
    """
    return "•" * max(len(national_id) - 4, 0) + national_id[-4:]


def _open_night(session: DeskSession, day: date) -> _Open:
    known = runs.fetch_run(session.engine, day)
    if known is None:
        raise NotThereError(
            f"No night of {day} is known, so the account cannot be shown on it. Choose another day."
        )
    return _open(session, day, known.run_id)


@lru_cache(maxsize=4)
def _open(session: DeskSession, day: date, run_id: int) -> _Open:
    known, snapshot = find_night(session.settings, session.engine, day)
    rules = kept_policy(session.engine, known).at(day)
    history = gather_history(session.engine, snapshot, day, rules, known.events_seen)
    return _Open(snapshot, rules, history)


def _codes(accounts: Any, premise_no: str) -> list[str]:
    pairs = zip(
        accounts.text("premise_no").to_pylist(),
        accounts.text("payer_code").to_pylist(),
        strict=True,
    )
    return [payer_code for premise, payer_code in pairs if premise == premise_no]


def _payer(bucket: Any, account: int) -> Payer:
    payer = int(bucket.accounts["payer"][account])
    premise = int(bucket.accounts["premise"][account])

    def text_of(frame: Any, place: int, *names: str) -> str:
        return ", ".join(filter(None, (frame.text(name)[place].as_py() for name in names)))

    return Payer(
        name=text_of(bucket.payers, payer, "name"),
        kind="person" if bucket.payers["is_person"][payer] else "company",
        national_id=text_of(bucket.payers, payer, "national_id"),
        address=text_of(bucket.premises, premise, "settlement", "postcode", "address"),
        postal_address=text_of(
            bucket.payers, payer, "postal_settlement", "postal_postcode", "postal_address"
        ),
    )


def _find_coming(story: Story, own: Sequence[Fate], asked: AssessedAccount) -> list[Coming]:
    """Return the next steps of an account, each with the smallest payment that prevents it.

    They are the proposals of the night and the next stage; the payment is one of the same night.
    """
    rules = asked.rules
    # The night's proposals come before the next stage: the page shows this order.
    on_lists = {row["list"] for row in own if row["state"] != "withheld"}
    messages = {
        row["stage"] for row in own if row["list"] == "reminders" and row["state"] == "proposed"
    }
    found = []
    if "disconnections" in on_lists:
        least = rules.disconnections.amount_cents_min
        found.append(Coming("disconnections", None, least, stop_disconnection(asked)))
    if "court" in on_lists:
        least = rules.stages.court_bound.amount_cents_min
        found.append(
            Coming("court", None, least, stop_stage(asked, "court_bound", asked.decision.as_of))
        )
    if LAST_WARNING in messages:
        found.append(
            Coming(
                LAST_WARNING,
                None,
                rules.stages.court_bound.amount_cents_min,
                stop_last_warning(asked),
            )
        )
    next_stage, next_on = story.account["next_stage"], story.account["next_on"]
    if next_stage and next_on:
        least = min(
            rules.stages.of(rung.name).amount_cents_min
            for rung in RUNGS
            if rung.stage == next_stage
        )
        found.append(
            Coming(next_stage, next_on, least, stop_stage(asked, next_stage, to_day(next_on)))
        )
    return found
