"""The age of an extract, and what the morning report warns of in it."""

from datetime import date

from dunning.core.words import PROTECTING_TABLES
from dunning.documents.words import form
from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.jobs.records.protections import Protections, name_table
from dunning.ledger.check.late_dates import DATED, rows_after
from dunning.policy.rules import Loading


def is_stale(newest_paid_on: date | None, as_of: date, rule: Loading) -> bool:
    """Return whether the newest payment of a ledger is too old for actions.

    True if there is no payment.

    Args:
        newest_paid_on: of all payments dated up to `as_of`.

    Source: `policy/files/loading.toml`.
    """
    return newest_paid_on is None or (as_of - newest_paid_on).days > rule.payments_stale_days


def newest_invoice_on(snapshot: Snapshot) -> date | None:
    """Return the day of the newest invoice of a ledger; None where it has none."""
    newest = snapshot.info["newest_invoice_on"]
    return date.fromisoformat(newest) if newest else None


def find_warnings(
    snapshot: Snapshot,
    as_of: date,
    newest_paid_on: date | None,
    too_old: bool,
    protections: Protections,
) -> list[str]:
    """Return the warnings about a ledger for the morning report, as Bulgarian sentences."""
    warnings = [*snapshot.info["warnings"], *warn_of_late_dates(snapshot, as_of)]
    if not snapshot.info["as_of"]:
        invoiced, paid = _show_day(newest_invoice_on(snapshot)), _show_day(newest_paid_on)
        warnings.append(
            f"Извлечението няма manifest.json. Най-новата фактура в него: {invoiced} Най-новото плащане в него: {paid}"
        )
    if too_old:
        warnings.append(
            "Плащанията са твърде стари: списъците са написани, но нищо не се отбелязва като изпратено."
        )
    return warnings + _describe_without_effect(snapshot) + protections.sentences()


def warn_of_late_dates(snapshot: Snapshot, as_of: date) -> list[str]:
    """Return a warning with counts, by table, of rows dated long after a day, if there are any.

    So late a date is probably a mistyped year. Where the extract names its day, such rows were
    refused when it was loaded.
    """
    groups = snapshot.info["behind_gaps"]
    counts = {name: rows_after(groups.get(name, ()), as_of, DATED[name][1]) for name in DATED}
    texts = [
        f"{rows} {form('bg', rows, name, 'counted_rows')}" for name, rows in counts.items() if rows
    ]
    if not texts:
        return []
    return [
        f"Вероятно сгрешена година: {', '.join(texts)} с дата дълго след {as_of:%d.%m.%Y} г. Нищо от това не се "
        "зачита преди датата си; проверете в изходната система."
    ]


def _describe_without_effect(snapshot: Snapshot) -> list[str]:
    """Return warnings about accepted protection rows that match no account or invoice."""
    counts = {**snapshot.info["without_effect"], "holds": snapshot.info["holds_without_effect"]}
    return [
        f"{name_table(name)}: {counts[name]} от приетите редове не стигат до никоя партида или фактура (сочат например "
        "кредитно известие) и не пазят никого. Проверете ги при източника."
        for name in PROTECTING_TABLES
        if counts.get(name)
    ]


def _show_day(day: date | None) -> str:
    return f"{day:%d.%m.%Y} г." if day else "няма."
