"""Compare the ledger's protection tables with the last closed date; accept named losses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from dunning.core.errors import UsageError
from dunning.core.words import PROTECTING_COLUMNS, PROTECTING_TABLES
from dunning.decisions.lists.missing_protections import find_shrunk
from dunning.documents.words import word_of
from dunning.gateways.postgres.database import Source
from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.gateways.store import inputs, runs
from dunning.policy.rules import Loading

# What may be accepted: a table with its columns, or one column.
ACCEPTABLE = (
    *PROTECTING_TABLES,
    *(name for name in PROTECTING_COLUMNS if name not in PROTECTING_TABLES),
    *(f"{name}.{column}" for name, columns in PROTECTING_COLUMNS.items() for column in columns),
)


@dataclass(frozen=True)
class Protections:
    """The result of comparing protection tables with those of the last closed date.

    Attributes:
        stops: reason by table or column for which no list may leave.
        accepted: reason, by table or column, for which a person accepts that there is less on this
            date.
        before, now: sizes at the last closed date and of this ledger, as `Snapshot.table_sizes`
            names them.
    """

    stops: dict[str, str]
    accepted: dict[str, str]
    before: Mapping[str, int]
    now: Mapping[str, int]

    def sentences(self) -> list[str]:
        """Return the warnings for the morning report, as Bulgarian sentences."""
        return list(self._sentences())

    def _sentences(self) -> Iterator[str]:
        if self.stops:
            yield (
                "Липсват или са намалели данни, които пазят хората: всички списъци са задържани и датата остава "
                "отворена. Поискайте пълно извлечение. Ако промяната е вярна, пуснете датата с --accept-shrunk и "
                "--reason, или я запишете с причината в settings.toml (accept_shrunk)."
            )
        for name in sorted(self.stops):
            yield f"Изгубена защита на хора: {name_table(name)}, {self._change(name)}."
        for name, reason in sorted(self.accepted.items()):
            yield f"Прието за тази дата: {name_table(name)}, {self._change(name)}. Причина: {reason}"

    def _change(self, name: str) -> str:
        # a size that is missing is shown by a word, not as 0: absent is not empty
        had, has = self.before.get(name), self.now.get(name)
        return f"{'няма' if had is None else had} → {'липсва' if has is None else has}"


def describe_accepted(accepted: Mapping[str, str]) -> list[str]:
    """Return the accepted losses of a date, as Bulgarian sentences."""
    return [
        f"Датата е приключена с по-малко данни, които пазят хората: {name_table(name)}. Причина: {reason}"
        for name, reason in sorted(accepted.items())
    ]


def judge_protections(
    source: Source, snapshot: Snapshot, as_of: date, rule: Loading, accepted: Mapping[str, str]
) -> Protections:
    """Return how a ledger compares with the last date that was closed before a day."""
    before, now = inputs.fetch_table_sizes(source, before=as_of), snapshot.table_sizes()
    return Protections(find_shrunk(now, before, rule, accepted), dict(accepted), before, now)


def choose_accepted(source: Source, as_of: date, given: Mapping[str, str]) -> Mapping[str, str]:
    """Return the losses that a person accepts for a date, else those of its closed run.

    So a closed date that is run again gives the same result.
    """
    closed = runs.fetch_run(source, as_of)
    # what is accepted now replaces what the closed run was given
    if given or closed is None or closed.state != "closed":
        return given
    return inputs.fetch_accepted(source, closed.run_id)


def refuse_accepted(accepted: Mapping[str, str]) -> None:
    """Refuse an accepted name that is no protection table or column, or has no reason.

    Raises:
        UsageError: one of the two.
    """
    for name, reason in accepted.items():
        if name not in ACCEPTABLE:
            raise UsageError(
                f"--accept-shrunk is {name}, which guards nobody. Give one of: {', '.join(ACCEPTABLE)}."
            )
        if not reason.strip():
            raise UsageError(
                f"--accept-shrunk {name} has no reason. Say with --reason why less of it is right: it stays recorded "
                "with this date."
            )


def name_table(name: str) -> str:
    """Return the Bulgarian name of a table or column, with its name in the contract."""
    # a column such as payers.vulnerable is named by its table's word
    table = name.partition(".")[0]
    return f"{word_of('bg', table, 'table')} ({name})"
