"""The store in PostgreSQL: runs, decisions, proposals, actions, policies, monthly notices.

It also keeps the sizes of ledger tables. Every function takes an engine, or a connection; with a
connection inside a transaction it joins that.
"""

from sqlalchemy import Engine

from dunning.gateways.postgres.database import RUNNER, connect, connect_as
from dunning.gateways.postgres.migrations import migrate
from dunning.gateways.settings.environment import Settings


def open_store(settings: Settings, purpose: str = "command", role: str = RUNNER) -> Engine:
    """Return an engine of our database, schema up to date, as a role that owns nothing.

    The embedded server is started if it is down.

    Raises:
        DunningError: the database cannot be reached, is too old, or newer than this program.
    """
    # only the owner may change the schema; the engine that is returned may not
    owner = connect(settings, purpose)
    try:
        migrate(owner)
    finally:
        owner.dispose()
    return connect_as(role, settings, purpose)
