"""One account of a heat customer in November 2026, for tests of its monthly notice that are to be
read.
"""

from datetime import date, datetime
from typing import Any

from tests.decisions.notice_buckets import propose
from tests.oracle.facts import Facts, Invoice, Policy
from tests.oracle.surroundings import Contact, Row, Surroundings

AS_OF, SINCE = date(2026, 11, 15), date(2026, 10, 15)
PREMISE, PAYER = "0012344217", "900000000001"


def on(text: str) -> date:
    """A date of ISO text."""
    return date.fromisoformat(text)


def bill(
    number: str, cents: int, issued: str, due: str, first: str = "", last: str = "", **more: Any
) -> Invoice:
    """A bill, and its service period where one is given."""
    period = (on(first), on(last)) if first else (None, None)
    return Invoice(
        number,
        more.pop("kind", "bill"),
        on(issued),
        on(due),
        cents,
        more.pop("currency", "EUR"),
        *period,
        **more,
    )


NEW = bill("F9", 3071, "2026-10-31", "2026-12-15", "2026-10-01", "2026-10-31")
OLD = bill("F1", 8420, "2026-08-31", "2026-10-15", "2026-08-01", "2026-08-31")


def account(
    *invoices: Invoice, premise_no: str = PREMISE, payer_code: str = PAYER, **more: Any
) -> Facts:
    """An account of somebody who has lived there since 2015."""
    more = {"tenant_from": on("2015-01-01")} | more
    return Facts(premise_no, payer_code, invoices=invoices, **more)


def contact(
    channel: str, address: str, since: str = "2026-01-01", until: str | None = None
) -> Contact:
    """A contact of the one payer, registered and revoked at midnight of these days."""
    revoked_at = datetime.fromisoformat(until) if until else None
    return Contact(PAYER, channel, address, datetime.fromisoformat(since), revoked_at)


def listed(world: Surroundings, service: str = "heat") -> list[Row]:
    """The notices of a world."""
    return propose(world, Policy(), AS_OF, SINCE, service)[0]


def one(facts: Facts, **surroundings: Any) -> Row:
    """The only notice of a world with one account."""
    rows = listed(Surroundings([facts], **surroundings))
    assert 1 == len(rows)
    return rows[0]


def some(row: Row, *names: str) -> tuple[Any, ...]:
    """These cells of a row."""
    return tuple(row[name] for name in names)


def withheld(world: Surroundings) -> list[tuple[str, str, int, str]]:
    """What is withheld in a world without notices."""
    notices, rows = propose(world, Policy(), AS_OF, SINCE, "heat")
    assert [] == notices
    return [(row["list"], row["stage"], row["principal_cents"], row["reason"]) for row in rows]
