"""The lists of a night: their names and their files."""

from dunning.core.words import CHANNELS

# In the order in which they are shown; each leaves the house by a release of its own.
LISTS = ("reminders", "disconnections", "court")

# The published files of each list, named without their suffix.
LIST_FILES: dict[str, tuple[str, ...]] = {
    "reminders": tuple(f"reminders/{channel}" for channel in CHANNELS),
    "disconnections": ("disconnections",),
    "court": ("court", "court_items"),
}
