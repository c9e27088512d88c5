"""What the morning reads of a run: counts and sums, warnings, where the lists lie. And the end of
its work folder.
"""

import json
from pathlib import Path
from typing import Any

from dunning.core.money import format_minor
from dunning.documents.bulgarian import count
from dunning.gateways.files.publishing import MANIFEST, remove_folders
from dunning.jobs.nightly.runs import Run
from dunning.jobs.run_context import Receipt

_STAGES = {
    "current": "без просрочие",
    "overdue": "просрочено",
    "final_warning": "последно предупреждение",
    "court_bound": "за съд",
}
_LISTS = {
    "reminders/sms": "SMS",
    "reminders/email": "имейли",
    "reminders/post": "писма",
    "disconnections": "прекъсвания",
    "court": "съдебни дела",
    "withheld": "задържани редове",
    "quarantine": "отказани редове",
}


def run(run: Receipt, published: Receipt) -> Receipt:
    """Return the report of a published run as Bulgarian text with its figures; remove the run's
    work folder.

    Args:
        published: `folder`: where its files are; `notice`: what is to be said of that place, or
            nothing.
    """
    this = Run.of(run)
    manifest = json.loads((this.prepared / MANIFEST).read_text(encoding="utf-8"))
    receipt = {
        "as_of": this.as_of,
        "folder": published["folder"],
        "is_recording": this.is_recording,
        "stages": manifest["stages"],
        "lists": manifest["lists"],
        "warnings": this.warnings,
        "text": write_report(this, manifest, published),
    }
    remove_folders([Path(this.work)])
    return receipt


def write_report(this: Run, manifest: dict[str, Any], published: Receipt) -> str:
    """Return the report that a clerk reads in the log or on the terminal."""
    lines = [
        f"Състояние към {this.day:%d.%m.%Y} г. (правила {manifest['policy']['version']})",
        "",
        "Етапи:",
    ]
    for stage, name in _STAGES.items():
        figures = manifest["stages"][stage]
        accounts, cents = count(figures["accounts"], "account"), format_minor(figures["open_cents"])
        lines.append(f"  {name}: {accounts}, {cents} € неплатени")
    lines += ["", "Списъци:"]
    for name, label in _LISTS.items():
        figures = manifest["lists"][name]
        cents = f", {format_minor(figures['cents'])} €" if "cents" in figures else ""
        lines.append(f"  {label}: {figures['rows']}{cents}")
    lines += ["", f"Папка: {published['folder']}", *filter(None, [published["notice"]])]
    if not this.is_recording:
        lines.append(
            "Файловете са само написани: датата не е приключена с тях и нищо не е отбелязано като изпратено."
        )
    lines += [f"Необичайно: {sentence}" for sentence in manifest["unusual"]]
    if manifest["unusual"]:
        lines.append("Нищо не излиза, преди човек да го одобри (DAG release).")
    return "\n".join(lines + [f"Внимание: {warning}" for warning in this.warnings])
