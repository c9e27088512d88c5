"""What all pages share: settings and store, opened once per process, and refusals."""

from dataclasses import dataclass
from functools import cache

from dunning.core.errors import DunningError
from dunning.gateways.postgres.database import WEB, Engine
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import open_store


class RefusedError(DunningError):
    """A refusal of a page's request, with a key for its text in the reader's language.

    The message itself is for operators.

    reason: key of a text of the page. values: what the text fills in; plain values and days,
    nothing about people.
    """

    def __init__(self, message: str, reason: str, **values: object) -> None:
        super().__init__(message)
        self.reason, self.values = reason, values


@dataclass(frozen=True)
class DeskSession:
    """Settings and store for the pages."""

    settings: Settings
    engine: Engine


@cache
def open_session() -> DeskSession:
    """Return the session of this process; its database schema is up to date."""
    settings = Settings.from_environment()
    return DeskSession(settings, open_store(settings, "pages", WEB))
