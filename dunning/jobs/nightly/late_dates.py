"""Warnings about dates far in the future, for extracts that name no day of their own."""

from datetime import date

from dunning.documents.words import form
from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.ledger.check.late_dates import DATED, rows_after


def warn_of_late_dates(snapshot: Snapshot, as_of: date) -> list[str]:
    """Return a warning with counts, by table, of rows dated long after a day, if there are any.

    So late a date is probably a mistyped year. Where the extract names its day, such rows were
    refused when it was loaded.
    """
    groups = snapshot.info["behind_gaps"]
    counts = {name: rows_after(groups.get(name, ()), as_of, DATED[name][1]) for name in DATED}
    told = [
        f"{rows} {form('bg', rows, name, 'counted_rows')}" for name, rows in counts.items() if rows
    ]
    if not told:
        return []
    return [
        f"Вероятно сгрешена година: {', '.join(told)} с дата дълго след {as_of:%d.%m.%Y} г. Нищо от това не се "
        "зачита преди датата си; проверете в изходната система."
    ]
