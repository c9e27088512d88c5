"""The services with monthly notices due on a date."""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from dunning.core.words import SERVICES
from dunning.decisions.monthly.billing_groups import due_groups
from dunning.gateways.postgres.database import Engine
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import notices, runs
from dunning.jobs.monthly.begin import MonthlyRequest
from dunning.jobs.nightly.load import load_checked_policy
from dunning.jobs.queries.past_night import find_night, kept_policy, open_nights
from dunning.jobs.run_context import RunReceipt

ALL = "all"


def run(
    as_of: str | None, out: str, service: str = "", dry_run: bool = False, policy: str | None = None
) -> list[RunReceipt]:
    """Return the arguments of `begin` for each service with notices to make; may be empty.

    Args:
        as_of: ISO date of a stored run; None: the last closed date.
        service: the one service to make, whether due or not; `all`: every service that the ledger
            has; empty: those that are due.
    """
    with open_nights("notices due") as (settings, engine):
        day = date.fromisoformat(as_of) if as_of else runs.last_closed_on(engine)
        chosen = _choose(settings, engine, day, service, policy) if day else []
    given: RunReceipt = {
        "as_of": day.isoformat() if day else "",
        "out": out,
        "dry_run": dry_run,
        "policy": policy,
    }
    orders = [{**given, "service": group} for group in chosen]
    # checked here, so that a wrong option stops all services and not only one
    for order in orders:
        MonthlyRequest.of(**(order | {"as_of": day}))
    return orders


def find_services(as_of: date) -> tuple[list[str], list[str]]:
    """Return the services that any premise of a date's ledger has, and those that none has.

    Raises:
        DunningError: no run of that date is known, or its snapshot is not kept any more.
    """
    with open_nights("notices services") as (settings, engine):
        there = find_night(settings, engine, as_of)[1].services()
    return there, [service for service in SERVICES if service not in there]


def _choose(
    settings: Settings, engine: Engine, day: date, service: str, policy: str | None
) -> Iterable[str]:
    if service and service != ALL:
        return [service]
    known, snapshot = find_night(settings, engine, day)
    there = snapshot.services()
    if service == ALL:
        return there
    own = load_checked_policy(Path(policy).absolute()) if policy else kept_policy(engine, known)
    # `before` is exclusive: notices of the day itself count, too
    last = notices.last_notices(engine, before=day + timedelta(days=1))
    return [group for group in due_groups(day, own.at(day).notices, last) if group in there]
