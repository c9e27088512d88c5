"""A request for a nightly run, checked before anything is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from dunning.core.errors import UsageError
from dunning.gateways.extracts import find_ledger, is_database, settle_place
from dunning.gateways.s3.object_store import SCHEME
from dunning.gateways.settings.environment import refuse_url
from dunning.jobs.nightly.limits import read_limits
from dunning.jobs.records.protections import refuse_accepted

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True)
class NightlyRequest:
    """A request for a run: its date, ledger and output folder, and the options that differ.

    ledger: a folder, an s3:// address, or the URL of a database (which may hold a password). out: a
    folder, or an s3:// address. quarantine_limits: shares of refused rows as typed, for this run
    alone (see `limits`). dry_run: write files, close and record nothing. billing_sql: own queries
    for a database. accept_shrunk: the reason, by name, why a table that protects people may be
    missing or smaller for this date (`payers`, or one column of it, `payers.vulnerable`).

    Raises:
        UsageError: a share that is none, a day outside of the contract's calendar, a mapping for a
            database, a table that protects no one, or no reason for one.
    """

    as_of: date
    # the URL may hold a password: it must not appear in the repr
    ledger: str = field(repr=False)
    out: str
    mapping: Path | None = None
    quarantine_limits: tuple[str, ...] = ()
    policy: Path | None = None
    dry_run: bool = False
    billing_sql: Path | None = None
    accept_shrunk: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        refuse_accepted(self.accept_shrunk)
        read_limits(self.quarantine_limits)
        if not FIRST_DAY <= self.as_of <= LAST_DAY:
            raise UsageError(f"--as-of is {self.as_of}; give a day from {FIRST_DAY} to {LAST_DAY}.")
        if self.mapping and is_database(self.ledger):
            raise UsageError(
                "--mapping is for files, but --ledger is a database; write queries, --billing-sql DIR."
            )

    @classmethod
    def of(
        cls,
        as_of: date,
        ledger: str,
        out: str,
        mapping: str | None,
        policy: str | None,
        billing_sql: str | None = None,
        **others: Any,
    ) -> "NightlyRequest":
        """Return a request for texts as typed; refuse an address where none can be used."""
        refuse_url(out, "--out", (SCHEME,))
        given = {"--mapping": mapping, "--policy": policy, "--billing-sql": billing_sql}
        for option, value in given.items():
            refuse_url(value or "", option)
        return cls(
            as_of,
            find_ledger(ledger),
            settle_place(out),
            Path(mapping).absolute() if mapping else None,
            policy=Path(policy).absolute() if policy else None,
            billing_sql=Path(billing_sql).absolute() if billing_sql else None,
            **others,
        )
