"""How a long job tells where it is: one short line at a time, to whoever listens."""

from collections.abc import Callable

Progress = Callable[[str], None]


def say_nothing(message: str) -> None:
    """Listen to no one's progress."""
