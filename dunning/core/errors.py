"""Errors that end a run or a command."""


class DunningError(Exception):
    """An error with a message for a person: what happened, why it matters, what to do.

    One message with the values, no traceback, exit code 1. Never names, addresses or identifiers of
    people in it.
    """


class UsageError(DunningError):
    """The command itself is wrong; exit code 2."""


class NotThereError(DunningError):
    """An account, list or result that was asked for does not exist."""


class OutageError(DunningError):
    """An outside service (an object store, a network) failed; later it may work, unchanged."""
