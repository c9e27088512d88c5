"""Memory settings of a process that works through columns, bucket after bucket."""

import ctypes
import sys

import pyarrow as pa

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt, <malloc.h>
_KEPT = 256 << 20
_LARGEST = 32 << 20  # glibc takes no more


def keep_freed_memory() -> None:
    """Make the C library keep freed memory for the next column.

    Instead of returning it to the system.

    Every column of a bucket is a few megabytes, which glibc otherwise returns and asks for again,
    page by page, at each step: a fifth of the time. Arrow uses the same memory then, so that the
    peak is lower, not higher. Without glibc nothing is done. May be called again.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, _KEPT)
        pa.set_memory_pool(pa.system_memory_pool())


def give_back_memory() -> None:
    """Return kept memory to the system, between one kind of work and the next.

    Without glibc nothing is done.
    """
    if sys.platform.startswith("linux"):
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
