"""The history of each proposal of a night for an account: steps with day and author."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dunning.documents.pages.fate_text import Step
from dunning.gateways.postgres.database import Source
from dunning.gateways.store import holds, proposals, releases, runs
from dunning.gateways.store.actions import AccountAction, fetch_account_actions
from dunning.gateways.store.proposals import AccountProposal

# By channel; every other one carries messages.
_LIST_OF = {"field": "disconnections", "court": "court"}


class Fate(AccountProposal):
    """A proposal with its later history, step by step."""

    steps: list[Step]


@dataclass(frozen=True)
class _Known:
    """What the store has about a date's lists and a premise."""

    answers: Sequence[releases.Answer]
    released: dict[str, releases.Released]
    manual_holds: Sequence[holds.ManualHold]
    closed_on: date | None


def fetch_fates(
    source: Source, as_of: date, premise_no: str, payer_code: str | None = None
) -> list[Fate]:
    """Return the proposals of a night for a premise or one account, with their later history."""
    rows = proposals.fetch_account_proposals(source, as_of, premise_no)
    rows = [row for row in rows if payer_code in (None, row["payer_code"])]
    if not rows:
        return []
    known = _Known(
        releases.fetch_answers(source, as_of),
        releases.fetch_released(source, as_of),
        holds.fetch_holds(source, premise_no),
        runs.last_closed_on(source),
    )
    actions = {
        code: fetch_account_actions(source, premise_no, code)
        for code in {row["payer_code"] for row in rows}
    }
    return [
        {**row, "steps": _find_steps(row, as_of, known, actions[row["payer_code"]])} for row in rows
    ]


def _find_steps(
    row: AccountProposal, as_of: date, known: _Known, actions: Sequence[AccountAction]
) -> list[Step]:
    if row["state"] == "withheld":
        return [Step("withheld", on=as_of, note=row["reason"] or "")]
    steps = [Step("proposed", on=as_of), *_hold_steps(row, as_of, known)]
    if row["state"] == "proposed" and row["reason"]:
        return [*steps, Step("person", on=as_of, note=row["reason"])]
    steps += _answered(row, known)
    out = known.released.get(row["list"])
    if out is None or out.state != "done":
        return steps + _unanswered(row, as_of, known)
    action = _find_action(row, as_of, actions)
    if action is None:
        return [*steps, Step("stayed", at=out.recorded_at)]
    steps.append(Step("left", at=out.recorded_at))
    if action["recalled_at"] is not None:
        steps.append(
            Step(
                "recalled",
                action["recalled_at"],
                by=action["recalled_by"] or "",
                note=action["recall_reason"] or "",
            )
        )
    return steps


def _hold_steps(row: AccountProposal, as_of: date, known: _Known) -> list[Step]:
    """Return the manual holds set on this list, oldest first."""
    own = [
        hold
        # The store gives the newest hold first.
        for hold in reversed(known.manual_holds)
        if (hold.payer_code, hold.list_name, hold.struck_on)
        == (row["payer_code"], row["list"], as_of)
    ]
    return [Step("struck", hold.recorded_at, by=hold.author, note=hold.note) for hold in own]


def _answered(row: AccountProposal, known: _Known) -> list[Step]:
    own = [answer for answer in known.answers if answer.list_name == row["list"]]
    named = ("approved", "rejected")
    return [
        Step(
            answer.answer,
            answer.recorded_at,
            by=answer.by_user if answer.answer in named else "",
            note=answer.note,
        )
        for answer in own
    ]


def _unanswered(row: AccountProposal, as_of: date, known: _Known) -> list[Step]:
    """Return the state of a list that was not released.

    Waiting, unless it was answered or replaced by a newer night's list.
    """
    # Answers are in order of time; only the last one counts.
    last = [answer.answer for answer in known.answers if answer.list_name == row["list"]][-1:]
    if last and last[0] in ("rejected", "expired"):
        return []
    if known.closed_on is not None and known.closed_on > as_of:
        return [Step("replaced", on=known.closed_on)]
    return [] if last else [Step("waiting")]


def _find_action(
    row: AccountProposal, as_of: date, actions: Sequence[AccountAction]
) -> AccountAction | None:
    own = [
        action for action in actions if action["as_of"] == as_of and _list_of(action) == row["list"]
    ]
    if row["list"] == "reminders":
        # An account may get several messages on one date; the stage distinguishes them.
        own = [action for action in own if action["stage"] == row["stage"]]
    return own[0] if own else None


def _list_of(action: AccountAction) -> str:
    return _LIST_OF.get(action["channel"], "reminders")
