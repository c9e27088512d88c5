"""Which groups get their monthly notices on a night, and on which."""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from dunning.core.words import SERVICES
from dunning.decisions.monthly.billing_groups import due_groups
from dunning.gateways.postgres.database import Engine
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import notices, runs
from dunning.jobs.monthly.begin import Order
from dunning.jobs.nightly.load import load_checked_policy
from dunning.jobs.queries.past_night import find_night, kept_policy, open_nights
from dunning.jobs.run_context import Receipt

ALL = "all"


def run(
    as_of: str | None, out: str, service: str = "", dry_run: bool = False, policy: str | None = None
) -> list[Receipt]:
    """Return what `begin` takes for each group whose notices are to be made; none where nobody is
    due.

    Args:
        as_of: ISO date of a night that was run; None: the last one whose books are closed.
        service: whose notices, whether due or not; `all`: of every service that the ledger has;
            empty: of those due.
    """
    with open_nights("notices due") as (settings, engine):
        day = date.fromisoformat(as_of) if as_of else runs.last_closed_on(engine)
        chosen = _choose(settings, engine, day, service, policy) if day else []
    given: Receipt = {
        "as_of": day.isoformat() if day else "",
        "out": out,
        "dry_run": dry_run,
        "policy": policy,
    }
    orders = [{**given, "service": group} for group in chosen]
    for order in orders:
        Order.of(**order)
    return orders


def find_services(as_of: date) -> tuple[list[str], list[str]]:
    """Return the services that any premise of a night's ledger has, and those that none has.

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
    last = notices.last_notices(engine, before=day + timedelta(days=1))
    return [group for group in due_groups(day, own.at(day).notices, last) if group in there]
