"""The baseline that a run is compared with: figures of closed dates, counts of payments."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from dunning.decisions.lists.circuit_breaker import MEMORY_DAYS, Unusual, find_unusual
from dunning.gateways.postgres.database import Source
from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.gateways.store.figures import Figure, fetch_figures
from dunning.jobs.receipts import RunManifest
from dunning.policy.rules import Release
from dunning.policy.schema import MEASURES

_MONTHS = 6
_FILE = "past.json"


@dataclass(frozen=True)
class Baseline:
    """The baseline that a run is compared with.

    figures: rows and cents by measure, of closed dates. payments: number of payments in the ledger
    in the last days, then in the same days of each of the last months.
    """

    figures: dict[date, dict[str, tuple[int, int]]]
    payments: list[int]

    def write(self, work: Path) -> Path:
        """Write the baseline into a run's work folder; return the file, to be sealed."""
        path = work / _FILE
        nights = {day.isoformat(): figures for day, figures in self.figures.items()}
        path.write_text(
            json.dumps({"figures": nights, "payments": self.payments}), encoding="utf-8"
        )
        return path

    @classmethod
    def read(cls, work: Path) -> "Baseline":
        """Return the baseline that `write` wrote."""
        entry = json.loads((work / _FILE).read_text(encoding="utf-8"))
        nights = {
            date.fromisoformat(day): {
                name: (rows, cents) for name, (rows, cents) in figures.items()
            }
            for day, figures in entry["figures"].items()
        }
        return cls(nights, entry["payments"])

    def judge(self, as_of: date, manifest: RunManifest, rule: Release) -> list[Unusual]:
        """Return the unusual figures of the run that a manifest describes."""
        tonight = {
            _measure(f.kind, f.name): (f.row_count, f.cents) for f in figures_of(as_of, manifest)
        }
        return find_unusual(as_of, tonight, self.figures, self.payments, rule)


def gather_baseline(source: Source, snapshot: Snapshot, as_of: date, rule: Release) -> Baseline:
    """Return the baseline for a date; of the store only what is earlier than the date."""
    figures: dict[date, dict[str, tuple[int, int]]] = {}
    for figure in fetch_figures(source, since=as_of - timedelta(days=MEMORY_DAYS), before=as_of):
        measure = _measure(figure.kind, figure.name)
        # other lists have figures, too, but no limit is set for them
        if measure in MEASURES:
            figures.setdefault(figure.as_of, {})[measure] = (figure.row_count, figure.cents)
    windows = [_window(day, rule.payments_days) for day in _same_days(as_of)]
    return Baseline(figures, snapshot.count_payments(windows))


def figures_of(as_of: date, manifest: RunManifest) -> list[Figure]:
    """Return a run's figures from its manifest.

    Accounts and open cents by stage, rows and cents by list.
    """
    stages = [
        Figure(as_of, "stage", name, entry["accounts"], entry["open_cents"])
        for name, entry in manifest["stages"].items()
    ]
    lists = [
        Figure(as_of, "list", name, entry["rows"], entry.get("cents", 0))
        for name, entry in manifest["lists"].items()
    ]
    return stages + lists


def _measure(kind: str, name: str) -> str:
    """Return the measure that a figure belongs to.

    A figure of no measure gets a name that no measure has.
    """
    if kind == "stage":
        return name
    return (
        name.removeprefix("reminders/")
        if name.startswith("reminders/") or name in MEASURES
        else f"list {name}"
    )


def _same_days(as_of: date) -> list[date]:
    """Return a day and the same one of the months before, the last day of a shorter month.

    >>> [day.isoformat() for day in _same_days(date(2026, 3, 31))][:3]
    ['2026-03-31', '2026-02-28', '2026-01-31']
    """
    # months counted from year 0, so that January minus one is December of the year before
    months = [divmod(12 * as_of.year + as_of.month - 1 - n, 12) for n in range(_MONTHS + 1)]
    return [_day_of(year, month + 1, as_of.day) for year, month in months]


def _day_of(year: int, month: int, day: int) -> date:
    # day 0 of the next month: the last day of this one
    end = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return end.replace(day=min(day, end.day))


def _window(day: date, days: int) -> tuple[date, date]:
    # both ends are inclusive
    return day - timedelta(days=days - 1), day
