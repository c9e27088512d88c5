"""The store in PostgreSQL; every function takes an engine, or a connection, and joins its transaction.

`runs` and `inputs`: what ran on which ledger and policy. `decisions`, `proposals`, `actions`,
`figures`: what a date gave, written at once by `closing`. `holds`, `releases`, `recalls`: what
people do, numbered by `events`. `notices` and `shown`: the monthly notices. `outbox` publishes each
of them exactly once. `rows` has the large tables' columns, `readers` the lock of snapshots,
`access` who looked at what.
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
