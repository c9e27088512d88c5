"""Limits of refused rows for a run: the policy's shares, and those given for this run only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from dunning.core.errors import UsageError
from dunning.core.ledger_tables import TABLES
from dunning.policy.rules import Loading


@dataclass(frozen=True)
class GivenLimits:
    """Limits given for one run.

    Attributes:
        share: of every table but the strict ones, which protect people; None leaves the
            policy's.
        by_table: of single tables, the strict ones too.
    """

    share: Decimal | None = None
    by_table: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class RunLimits:
    """The limits of one run: the policy's, with those given for the run."""

    rule: Loading
    given: GivenLimits

    def share_max_of(self, table: str) -> Decimal:
        """Return the largest share of refused rows that a table may have."""
        own = self.given.by_table.get(table)
        # a general share never loosens a strict table: that must be named itself
        if own is None and table not in self.rule.tables_strict:
            own = self.given.share
        return self.rule.share_max_of(table) if own is None else own


def read_limits(texts: Iterable[str]) -> GivenLimits:
    """Return the limits that texts like `0.05` and `holds=0.05` give.

    Raises:
        UsageError: no share, no table, or one of them twice.

    >>> read_limits(["0.05", "holds=0.5"]).by_table
    {'holds': Decimal('0.5')}
    """
    given: dict[str, Decimal] = {}
    for text in texts:
        table, _, share = text.rpartition("=")
        if table.strip() in given:
            raise UsageError(
                f"--quarantine-limit is given twice for {table or 'all tables'}. Give one of them."
            )
        if table and table.strip() not in TABLES:
            raise UsageError(
                f"--quarantine-limit {text} names no table. Known are: {', '.join(TABLES)}."
            )
        given[table.strip()] = _read_share(share)
    return GivenLimits(given.pop("", None), given)


def list_limits(given: float | str | Iterable[str] | None) -> tuple[str, ...]:
    """Return limits as a tuple of texts.

    Given as a number, a text of one or several (separated by spaces), or a list of texts.

    >>> list_limits(0.05), list_limits("0.05 holds=0.1"), list_limits(None)
    (('0.05',), ('0.05', 'holds=0.1'), ())
    """
    if given is None:
        return ()
    return tuple(str(given).split()) if isinstance(given, float | int | str) else tuple(given)


def _read_share(text: str) -> Decimal:
    try:
        share = Decimal(text.strip())
    except InvalidOperation:
        share = Decimal("NaN")
    # NaN first: comparing it with a number is an error
    if share.is_nan() or not 0 <= share <= 1:
        raise UsageError(
            f"--quarantine-limit is {text}; it is a share of rows, from 0 to 1 (0.05 is 5 %), for one table "
            "(holds=0.05) or for all that protect nobody."
        )
    return share
