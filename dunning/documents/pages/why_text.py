"""Why an account has its stage and no higher one, as sentences with the deciding numbers.

The account's page, `explain` and the story on paper all use them.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from dunning.core.ladder import STEPS
from dunning.core.words import STAGES
from dunning.decisions.account.story import Condition, Story
from dunning.documents.pages.html import phrase, write_counted, write_day, write_money
from dunning.documents.words import word_of, words_of

Row = dict[str, Any]


@dataclass(frozen=True)
class Why:
    """Why an account has its stage, and why no higher one.

    rule: what it is called. decided: what it asked for and found. items: rows of the story that it
    counted.
    not_higher: empty at the top.
    """

    rule: str
    decided: str
    items: list[Row]
    not_higher: str


def explain_stage(language: str, story: Story) -> Why:
    """Return the explanation of a story's stage."""
    rung = story.account["rule"].partition(".")[2]
    conditions = {condition.rung: condition for condition in story.conditions}
    # No rule was reached: the first step of the ladder names what is missing.
    if not rung:
        missing = _describe_missing(language, story, conditions[STEPS[0].name])
        return Why(phrase(language, "why.no_rule"), phrase(language, "why.none"), [], missing)
    rule = word_of(language, rung, "stage_rule")
    items = [row for row in story.tables["items"] if row["is_in_stage"]]
    decided = _describe_reached(language, story, conditions[rung])
    stage = story.account["stage"]
    if stage == STAGES[-1]:
        return Why(rule, decided, items, "")
    # STEPS has no step for `current`, so the same index is the next higher stage.
    above = STEPS[STAGES.index(stage)]
    return Why(rule, decided, items, _describe_missing(language, story, conditions[above.name]))


def describe_stage(story: Story) -> list[str]:
    """Return the Bulgarian lines about a stage for text and paper: reason, items, next stage."""
    why, account = explain_stage("bg", story), story.account
    lines = [why.decided]
    if why.items:
        lines.append(
            f"{phrase('bg', 'why.counted')}: {'; '.join(_describe_item(row) for row in why.items)}."
        )
    if why.not_higher:
        lines.append(f"{phrase('bg', 'account.why_not')}? {why.not_higher}")
    if account["next_on"]:
        day, stage = write_day(account["next_on"]), word_of("bg", account["next_stage"])
        lines.append(phrase("bg", "account.next", day=day, stage=stage))
    else:
        lines.append(phrase("bg", "account.no_next"))
    noted = words_of("bg", account["reasons"], "account_reason")
    return [*lines, f"{phrase('bg', 'account.reasons')}: {noted}."] if noted else lines


def _describe_item(row: Row) -> str:
    """Return an invoice with its due day and its open sum."""
    due = phrase("bg", "why.due", day=write_day(row["due_on"]))
    return f"{row['invoice_no']} – {write_money(row['open_cents'])}, {due}"


def _describe_reached(language: str, story: Story, condition: Condition) -> str:
    rule = condition.rule
    values = {
        "items": write_counted(language, condition.items, "invoice"),
        "sum": write_money(condition.cents),
        "least": write_money(rule.amount_cents_min),
        "days": write_counted(language, condition.days, "day"),
        "least_days": write_counted(language, rule.days_overdue_min, "day"),
        "notice": "",
        "limitation": "",
    }
    if condition.rung == "limitation_near":
        values["limitation"] = write_day(min(_limitations(story), default=None))
        return phrase(language, "why.near", **values)
    if rule.after_notice:
        values["notice"] = phrase(
            language,
            "why.served",
            notice=word_of(language, rule.after_notice, "message"),
            days=write_counted(language, rule.served_days_min, "day"),
            day=write_day(_served(story, rule.after_notice)),
        )
    return phrase(language, "why.reached", **values)


def _describe_missing(language: str, story: Story, condition: Condition) -> str:
    """Return the conditions missing for the next stage, in plain words."""
    codes, rule = story.account["why_not"].split(), condition.rule
    if not codes:
        return ""
    values = {
        "sum": write_money(condition.cents),
        "least": write_money(rule.amount_cents_min),
        "days": write_counted(language, condition.days, "day"),
        "least_days": write_counted(language, rule.days_overdue_min, "day"),
        "notice": word_of(language, rule.after_notice, "message") if rule.after_notice else "",
        "served_days": write_counted(language, rule.served_days_min, "day"),
    }
    parts = [phrase(language, f"why.not_{code}", **values) for code in codes]
    return phrase(
        language, "why.not", stage=word_of(language, condition.rung), parts="; ".join(parts)
    )


def _limitations(story: Story) -> list[date]:
    rows = story.tables["items"]
    return [row["limitation_on"] for row in rows if row["is_in_stage"] and row["limitation_on"]]


def _served(story: Story, stage: str) -> date | None:
    """Return the day on which the newest notice of a stage was served; None where there is none.

    The day is known from the ledger or follows from the policy.
    """
    days = [
        row["served_on"]
        for row in story.tables["notices"]
        if row["stage"] == stage and row["served_on"]
    ]
    return max((day for day in days if day <= story.as_of), default=None)
