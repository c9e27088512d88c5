"""Sofia's time zone, the day of an instant there, and the day that has just ended."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

SOFIA = ZoneInfo("Europe/Sofia")


def day_of(instant: datetime) -> date:
    """Return the day of an instant (aware) in Sofia.

    >>> from datetime import UTC
    >>> day_of(datetime(2026, 11, 22, 23, 0, tzinfo=UTC))
    datetime.date(2026, 11, 23)
    """
    return instant.astimezone(SOFIA).date()


def default_as_of(instant: datetime) -> date:
    """Return the day that has just ended in Sofia at an instant (aware).

    >>> from datetime import UTC
    >>> default_as_of(datetime(2026, 11, 23, 0, 0, tzinfo=UTC))
    datetime.date(2026, 11, 22)
    """
    return day_of(instant) - timedelta(days=1)
