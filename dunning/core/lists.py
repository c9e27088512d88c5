"""Lists of a night: their names, their files, and the column that each is summed by."""

from dunning.core.words import CHANNELS

# In the order in which they are shown; each is handed over by a release of its own.
LISTS = ("reminders", "disconnections", "court")

# The published files of each list, named without their suffix.
LIST_FILES: dict[str, tuple[str, ...]] = {
    "reminders": tuple(f"reminders/{channel}" for channel in CHANNELS),
    "disconnections": ("disconnections",),
    "court": ("court", "court_items"),
}

# The claimed sum of unpaid invoices, without interest and fees: the same column in every list.
PRINCIPAL = "principal_cents"

# The column that is summed up in manifests, releases and pages; of a case interest and state fee
# are part of it.
SUMS = {
    "reminders": PRINCIPAL,
    "disconnections": PRINCIPAL,
    "court": "total_cents",
    "court_items": "open_cents",
    "withheld": PRINCIPAL,
}
