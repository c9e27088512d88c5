"""An account's story as a page of Bulgarian text, for the screen or a complaint file."""

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from dunning.decisions.account.story import Condition, Story
from dunning.documents.pages.fate_text import describe_step
from dunning.documents.pages.html import phrase
from dunning.documents.pages.story_tables import format_date, format_euro, story_tables
from dunning.documents.pages.why_text import describe_stage, explain_stage
from dunning.documents.words import form, word_of

Row = dict[str, Any]

# Columns that may not be wrapped: days, sums, numbers of documents.
_FIXED = frozenset(
    "invoice number due_on amount open interest days limitation from to on principal period".split()
)
_NUMBERS = frozenset("amount amount_min open interest days days_min principal rate settled".split())
_CONDITION = ("stage looks_at amount amount_min days days_min after_notice is_reached").split()


def render_story(story: Story, proposals: Sequence[Mapping[str, Any]], width: int = 200) -> str:
    """Return a story as text.

    Args:
        proposals: what the night's run put on its lists about this account, or withheld, and what
            became of it.
        width: characters a line.
    """
    page = Console(
        file=io.StringIO(), width=width, no_color=True, highlight=False, emoji=False, markup=False
    )
    _head(page, story)
    _stage(page, story)
    _proposals(page, proposals)
    for table in story_tables("bg", story):
        if table.rows:
            page.print(_grid(table.title("bg"), table.columns, table.rows))
    assert isinstance(page.file, io.StringIO)
    # rich pads every line with spaces, and prints several empty lines between tables.
    lines = [line.rstrip() for line in page.file.getvalue().splitlines()]
    return "\n".join(line for n, line in enumerate(lines) if line or lines[n - 1]).rstrip() + "\n"


def _head(page: Console, story: Story) -> None:
    account = story.account
    service = word_of("bg", story.service)
    page.print(f"Абонатен № {story.premise_no}, код на платец {story.payer_code} ({service})")
    page.print(f"Състояние към края на {format_date(story.as_of)}; правила {story.version}")
    page.print(
        f"Неплатено {format_euro(account['open_cents'])}, "
        f"от него просрочено {format_euro(account['overdue_cents'])} "
        f"({_count(account['overdue_items'], 'invoice')}), "
        f"задържано {format_euro(account['shielded_cents'])}; "
        f"лихва {format_euro(account['interest_cents'])}; "
        f"надплатено {format_euro(account['credit_cents'])}"
    )
    if account["oldest_due_on"]:
        page.print(
            f"Най-стар изтекъл срок {format_date(account['oldest_due_on'])} "
            f"({_count(account['days_overdue'], 'day')}); "
            f"първа давност {format_date(account['limitation_on'])}"
        )


def _stage(page: Console, story: Story) -> None:
    stage = word_of("bg", story.account["stage"])
    page.print(f"\nЕтап: {stage.upper()} (правило: {explain_stage('bg', story).rule})")
    for line in describe_stage(story):
        page.print(line)
    title = word_of("bg", "conditions", "story_table")
    page.print(_grid(title, _CONDITION, map(_condition, story.conditions)))


def _condition(condition: Condition) -> tuple[str, ...]:
    """Return a stage rule's thresholds and the account's values, as a row of text."""
    rule = condition.rule
    notice = ""
    if rule.after_notice:
        notice = f"{word_of('bg', rule.after_notice, 'message')}, {rule.served_days_min} дни"
    return (
        word_of("bg", condition.rung, "stage_rule"),
        _count(condition.items, "invoice"),
        format_euro(condition.cents),
        format_euro(rule.amount_cents_min),
        str(condition.days),
        str(rule.days_overdue_min),
        notice,
        phrase("bg", "story.yes" if condition.is_reached else "story.no"),
    )


def _proposals(page: Console, proposals: Sequence[Mapping[str, Any]]) -> None:
    for row in proposals:
        is_message = row["list"] == "reminders"
        what = word_of("bg", row["stage"], "message") if is_message else word_of("bg", row["list"])
        steps = "; ".join(describe_step(step) for step in row["steps"])
        page.print(f"Тази нощ – {what}, {format_euro(row['total_cents'])}: {steps}")


def _grid(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table; its columns are codes of `story_column`."""
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, title_style=""
    )
    for column in columns:
        table.add_column(
            word_of("bg", column, "story_column"),
            justify="right" if column in _NUMBERS else "left",
            overflow="fold",
            no_wrap=column in _FIXED,
        )
    for row in rows:
        table.add_row(*row)
    return table


def _count(number: int, what: str) -> str:
    """Return a number with its noun; thousands are not separated."""
    return f"{number} {form('bg', number, what)}"
