"""The ways in which a run says no."""


class DunningError(Exception):
    """A refusal that a person reads: what happened with the values, why it is a problem, what to
    do.

    One message, no traceback, exit code 1. Never names, addresses or identifiers of people in it.
    """


class UsageError(DunningError):
    """The command itself was wrong; exit code 2."""


class NotThereError(DunningError):
    """What was asked for does not exist: no such account, list or result."""


class OutageError(DunningError):
    """Something outside (an object store, a network) was away or unwell; the same may go well
    later, unchanged.
    """
