"""The report of a date's releases, in a few lines."""

from typing import TypedDict

from dunning.jobs.release.publish import Outcome


class ReleaseReport(TypedDict):
    """The outcomes of a date's lists.

    folder, as_of: of the first outcome that has one; else empty.
    """

    lists: list[Outcome]
    text: str
    folder: str
    as_of: str


def run(released: list[Outcome | None]) -> ReleaseReport:
    """Return the outcomes of a date's lists with one text for all.

    A release that failed gives None here; its error is in its own task.
    """
    there = [receipt for receipt in released if receipt]
    lines = [receipt["text"] for receipt in there if receipt["text"]]
    failed = len(released) - len(there)
    if failed:
        lines.append(f"{failed} от списъците не можаха да излязат: вижте задачите.")
    folders = [receipt["folder"] for receipt in there if receipt.get("folder")]
    days = [receipt["as_of"] for receipt in there if receipt.get("as_of")]
    return {
        "lists": there,
        "text": "\n".join(lines or ["Няма списък, който да чака."]),
        "folder": folders[0] if folders else "",
        "as_of": days[0] if days else "",
    }
