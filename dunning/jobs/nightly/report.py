"""The morning report of a run: counts, sums, warnings and the folder of the lists.

Its work folder is removed then.
"""

import json
from pathlib import Path

from dunning.core.money import format_minor
from dunning.core.words import CHANNELS, STAGES
from dunning.documents.words import counted, word_of
from dunning.gateways.files.publishing import MANIFEST, remove_folders
from dunning.jobs.nightly.runs import NightlyRun
from dunning.jobs.receipts import NightReport, PublishedFiles, RunManifest
from dunning.jobs.run_context import RunReceipt

_LISTS = (
    *(f"reminders/{channel}" for channel in CHANNELS),
    "disconnections",
    "court",
    "withheld",
    "quarantine",
)


def run(run: RunReceipt, published: PublishedFiles) -> NightReport:
    """Return the report of a published run as Bulgarian text with its figures.

    The run's work folder is removed.

    Args:
        published: `folder`: of its files; `notice`: a sentence about that folder, or nothing.
    """
    this = NightlyRun.of(run)
    manifest: RunManifest = json.loads((this.prepared / MANIFEST).read_text(encoding="utf-8"))
    receipt: NightReport = {
        "as_of": this.as_of.isoformat(),
        "folder": published["folder"],
        "is_recording": this.is_recording,
        "stages": manifest["stages"],
        "lists": manifest["lists"],
        "warnings": this.warnings,
        "text": write_report(this, manifest, published),
    }
    remove_folders([Path(this.work)])
    return receipt


def write_report(this: NightlyRun, manifest: RunManifest, published: PublishedFiles) -> str:
    """Return the report that a clerk reads in the log or on the terminal."""
    lines = [
        f"Състояние към {this.as_of:%d.%m.%Y} г. (правила {manifest['policy']['version']})",
        "",
        "Етапи:",
    ]
    for stage in STAGES:
        sums = manifest["stages"][stage]
        accounts = counted("bg", sums["accounts"], "account")
        cents = format_minor(sums["open_cents"])
        lines.append(f"  {word_of('bg', stage)}: {accounts}, {cents} € неплатени")
    lines += ["", "Списъци:"]
    for name in _LISTS:
        figures = manifest["lists"][name]
        cents = f", {format_minor(figures['cents'])} €" if "cents" in figures else ""
        rows = figures["rows"]
        lines.append(f"  {word_of('bg', name, 'list_rows')}: {rows}{cents}")
    lines += ["", f"Папка: {published['folder']}", *filter(None, [published["notice"]])]
    if not this.is_recording:
        lines.append(
            "Файловете са само написани: датата не е приключена с тях и нищо не е отбелязано като изпратено."
        )
    lines += [f"Необичайно: {sentence}" for sentence in manifest["unusual"]]
    if manifest["unusual"]:
        lines.append("Нищо не излиза, преди човек да го одобри (DAG release).")
    return "\n".join(lines + [f"Внимание: {warning}" for warning in this.warnings])
