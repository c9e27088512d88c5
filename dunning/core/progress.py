"""The progress of a long job: a function that is called with one short line at a time."""

from collections.abc import Callable

Progress = Callable[[str], None]


def no_progress(message: str) -> None:
    """Ignore a progress line."""
