"""Why an account stands in its stage and in no higher one, in sentences with the numbers that decided."""

from dataclasses import dataclass
from typing import Any

from dunning.documents.pages import say, write_counted, write_day, write_money, write_word

Row = dict[str, Any]
_WAYS = ("overdue", "final_warning", "court_bound", "limitation_near")
_NOTICE_OF = {"final_warning": "overdue", "court_bound": "final_warning"}


@dataclass(frozen=True)
class Why:
    """decided: the rule with its numbers. items: rows of the story that it counted. not_higher: empty at the top."""

    decided: str
    items: list[Row]
    not_higher: str


def explain_stage(language: str, story: Any) -> Why:
    """Return why a story's account stands where it stands.

    Args:
        story: a `decisions.story.Story`.
    """
    way = story.account["rule"].partition(".")[2]
    conditions = {condition.way: condition for condition in story.conditions}
    if not way:
        return Why(say(language, "why.none"), [], _say_missing(language, story, conditions["overdue"]))
    items = [row for row in story.tables["items"] if row["is_in_stage"]]
    decided = _say_reached(language, story, conditions[way])
    stage = story.account["stage"]
    if stage == "court_bound":
        return Why(decided, items, "")
    return Why(decided, items, _say_missing(language, story, conditions[_WAYS[_WAYS.index(stage) + 1]]))


def _say_reached(language: str, story: Any, condition: Any) -> str:
    rule = condition.rule
    told = {
        "items": write_counted(language, condition.items, "invoice"), "sum": write_money(condition.cents),
        "least": write_money(rule.amount_cents_min), "days": write_counted(language, condition.days, "day"),
        "least_days": write_counted(language, rule.days_overdue_min, "day"), "notice": "", "limitation": "",
    }  # fmt: skip
    if condition.way == "limitation_near":
        told["limitation"] = write_day(min(_limitations(story), default=None))
        return say(language, "why.near", **told)
    if rule.after_notice:
        told["notice"] = say(
            language, "why.served", notice=write_word(language, rule.after_notice, "message"),
            days=write_counted(language, rule.served_days_min, "day"), day=write_day(_served(story, rule.after_notice)),
        )  # fmt: skip
    return say(language, "why.reached", **told)


def _say_missing(language: str, story: Any, condition: Any) -> str:
    """Return what keeps an account from the next stage, in words of a customer."""
    codes, rule = story.account["why_not"].split(), condition.rule
    if not codes:
        return ""
    told = {
        "sum": write_money(condition.cents), "least": write_money(rule.amount_cents_min),
        "days": write_counted(language, condition.days, "day"),
        "least_days": write_counted(language, rule.days_overdue_min, "day"),
        "notice": write_word(language, rule.after_notice, "message") if rule.after_notice else "",
        "served_days": write_counted(language, rule.served_days_min, "day"),
    }  # fmt: skip
    parts = [say(language, f"why.not_{code}", **told) for code in codes]
    return say(language, "why.not", stage=write_word(language, condition.way), parts="; ".join(parts))


def _limitations(story: Any) -> list[Any]:
    rows = story.tables["items"]
    return [row["limitation_on"] for row in rows if row["is_in_stage"] and row["limitation_on"]]


def _served(story: Any, stage: str) -> Any:
    """Return when the newest notice of a stage was served that the ledger or the policy says so of."""
    days = [row["served_on"] for row in story.tables["notices"] if row["stage"] == stage and row["served_on"]]
    return max((day for day in days if day <= story.as_of), default=None)
