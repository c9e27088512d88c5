"""What an extract without a day of its own says of days that cannot be meant, as Bulgarian
sentences.
"""

from datetime import date

from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.ledger.check.late_dates import DATED, rows_after

_ROWS = {
    "invoices": ("фактура", "фактури"),
    "payments": ("плащане", "плащания"),
    "notices": ("съобщение", "съобщения"),
    "court_cases": ("съдебно дело", "съдебни дела"),
    "holds": ("задържане", "задържания"),
    "agreements": ("споразумение", "споразумения"),
}


def warn_of_late_dates(snapshot: Snapshot, as_of: date) -> list[str]:
    """Return a warning that counts, by table, the rows dated so long after a day that the year must
    be mistyped.

    Where the extract names its day, such rows were refused when it was loaded.
    """
    groups = snapshot.info["behind_gaps"]
    counts = {name: rows_after(groups.get(name, ()), as_of, DATED[name][1]) for name in DATED}
    told = [f"{rows} {_ROWS[name][rows > 1]}" for name, rows in counts.items() if rows]
    if not told:
        return []
    return [
        f"Вероятно сгрешена година: {', '.join(told)} с дата дълго след {as_of:%d.%m.%Y} г. Нищо от това не се "
        "зачита преди датата си; проверете в изходната система."
    ]
