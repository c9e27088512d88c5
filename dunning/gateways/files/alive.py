"""Whether the process that works in a folder still lives: a lock that ends with it, however it
ends.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dunning.gateways.files.publishing import make_private

_FILE = "alive.lock"


@contextmanager
def alive(folder: Path) -> Iterator[None]:
    """Say that somebody works in a folder while the block lasts, or the process."""
    make_private(folder)
    handle = os.open(folder / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def is_dead(folder: Path) -> bool:
    """Return whether somebody said so of the folder and is no more; False where nobody ever did."""
    try:
        handle = os.open(folder / _FILE, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(handle)
