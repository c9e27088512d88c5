"""The morning report of a notices run: counts, sums and the folder of the files.

Its work folder is removed then.
"""

from datetime import timedelta
from pathlib import Path

import numpy as np

from dunning.core.formats import NBSP, format_minor_column
from dunning.documents.words import word_of
from dunning.gateways.files.publishing import remove_folders
from dunning.jobs.monthly.publish import PublishedNotices
from dunning.jobs.monthly.runs import NoticesRun
from dunning.jobs.run_context import RunReceipt


class NoticesReport(PublishedNotices):
    """Published notices with the report that a clerk reads."""

    warnings: list[str]
    text: str


def run(run: RunReceipt, published: PublishedNotices) -> NoticesReport:
    """Return the report of published notices as Bulgarian text with its figures.

    The run's work folder is removed.
    """
    this = NoticesRun.of(run)
    text = write_report(this, published)
    remove_folders([Path(this.work)])
    return {**published, "warnings": this.warnings, "text": text}


def write_report(this: NoticesRun, published: PublishedNotices) -> str:
    """Return the report that a clerk reads in the log or on the terminal."""
    sent, withheld = published["notices"], published["withheld"]
    signed = "подписани" if this.is_signed else "без електронен подпис"
    reasons = "; ".join(
        f"{word_of('bg', reason)}: {count}" for reason, count in withheld["reasons"].items()
    )
    lines = [
        f"Месечни съобщения към {this.as_of:%d.%m.%Y} г.: {word_of('bg', this.service)} "
        f"(правила {this.policy_version})",
        "",
        f"Нови документи: непоказани досега, издадени след {this.memory.until:%d.%m.%Y} г.",
        f"  по имейл: {sent['email']} ({signed}), да тръгнат до {this.as_of + timedelta(days=1):%d.%m.%Y} г.",
        f"  по пощата: {sent['post']}, {published['pages']} страници, {published['print_files']} файла за печат",
        f"  задържани: {withheld['rows']}{f' ({reasons})' if reasons else ''}",
        f"  за плащане: {_euro(published['total_cents'])}, от тях просрочени: {_euro(published['overdue_cents'])}",
    ]
    if published["plain"]:
        lines.append(f"  по бавния начин, заради необичайно съдържание: {published['plain']}")
    lines += [
        "",
        f"Папка: {published['folder']}",
        *filter(None, [word_of("bg", published["state"], "notices_state")]),
    ]
    return "\n".join(lines + [f"Внимание: {warning}" for warning in this.warnings])


def _euro(cents: int) -> str:
    return f"{format_minor_column(np.array([cents]), NBSP)[0].as_py()}{NBSP}€"
