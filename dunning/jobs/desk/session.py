"""The session that all pages share: settings and store, opened once per process."""

from dataclasses import dataclass
from functools import cache

from dunning.gateways.postgres.database import WEB, Engine
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import open_store


@dataclass(frozen=True)
class Office:
    """Settings and store for the pages."""

    settings: Settings
    engine: Engine


@cache
def open_office() -> Office:
    """Return the session of this process; its database schema is up to date."""
    settings = Settings.from_environment()
    return Office(settings, open_store(settings, "pages", WEB))
