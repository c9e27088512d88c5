"""What an extract without a day of its own says of days that cannot be meant, as Bulgarian
sentences.
"""

from datetime import date

from dunning.documents.words import form
from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.ledger.check.late_dates import DATED, rows_after


def warn_of_late_dates(snapshot: Snapshot, as_of: date) -> list[str]:
    """Return a warning that counts, by table, the rows dated so long after a day that the year must
    be mistyped.

    Where the extract names its day, such rows were refused when it was loaded.
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
