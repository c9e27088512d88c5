"""Whether the process that works in a folder still runs: a lock that ends with it.

It ends however the process ends.
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
    """Hold a lock on a folder while the block, or the process, lasts."""
    make_private(folder)
    handle = os.open(folder / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        # closing releases the lock; a killed process loses it, too
        os.close(handle)


def is_dead(folder: Path) -> bool:
    """Return whether a folder was locked by `alive` and no process holds the lock any more.

    False if it was never locked.
    """
    try:
        handle = os.open(folder / _FILE, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # not blocking: a lock that can be taken has no living owner
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(handle)
