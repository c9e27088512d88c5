"""The record of who viewed an identifier or downloaded a file: only added to, never changed."""

from dataclasses import dataclass
from datetime import datetime

from dunning.gateways.postgres.database import Source, transact
from dunning.gateways.postgres.sql_files import statement


@dataclass(frozen=True)
class Access:
    """One recorded access.

    action: `unmask`, `download`, `story`, `notice`. subject: a list and date, or numbers; no names.
    """

    access_no: int
    user_name: str
    action: str
    subject: str
    recorded_at: datetime


def append_access(source: Source, user_name: str, action: str, subject: str) -> None:
    """Record an access to protected data; called before the data is shown."""
    with transact(source) as connection:
        row = {"user_name": user_name, "action": action, "subject": subject}
        connection.execute(statement("accesses", "insert"), row)


def fetch_access(source: Source, limit: int) -> list[Access]:
    """Return the last accesses, the newest first."""
    with transact(source) as connection:
        rows = connection.execute(statement("accesses", "select"), {"limit": limit})
        return [Access(**row._mapping) for row in rows]
