"""Clocks that go wrong: a year ahead, a year behind, in another zone, and files from the future.
Nothing shows it.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.children import REPOSITORY, Warm
from tests.faults.places import AS_OF, Undisturbed, place
from tests.faults.servers import Server

# Every clock of the day that a process asks is so many seconds off; clocks that measure how long go
# right.
SKEWED = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long skew(void) { const char *s = getenv("CLOCK_SKEW"); return s ? atol(s) : 0; }
int clock_gettime(clockid_t clock, struct timespec *t) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime");
    int r = real(clock, t);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) t->tv_sec += skew();
    return r;
}
time_t time(time_t *at) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (at) *at = t.tv_sec;
    return t.tv_sec;
}
int gettimeofday(struct timeval *v, void *zone) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    v->tv_sec = t.tv_sec;
    v->tv_usec = t.tv_nsec / 1000;
    return 0;
}
"""
YEAR = 365 * 86_400


@pytest.fixture(scope="module")
def skewed_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clocks as a library that is loaded before all others."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("a wrong clock needs Linux and a C compiler")
    folder = tmp_path_factory.mktemp("clock")
    (folder / "clock.c").write_text(SKEWED)
    library = folder / "clock.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", str(library), str(folder / "clock.c"), "-ldl"],
        check=True,
    )
    return library


@pytest.mark.parametrize(
    ("skew", "zone"),
    [(YEAR, "Pacific/Kiritimati"), (-YEAR, "America/Anchorage"), (86_400, "Europe/Sofia")],
)
def test_a_wrong_clock_changes_no_byte(
    skew: int,
    zone: str,
    skewed_library: Path,
    folder: Path,
    undisturbed: Undisturbed,
    warm_process: Warm,
    server: Server,
) -> None:
    """Python's, its libraries', and the workers'; the database's stays right."""
    with place(folder / "place", undisturbed.ledger, warm_process, server) as here:
        words = [
            "nightly",
            "--ledger",
            str(here.ledger),
            "--as-of",
            AS_OF.isoformat(),
            "--out",
            str(here.out),
        ]
        environment = (
            os.environ
            | here.environment
            | {
                "TZ": zone,
                "PYTHONPATH": str(REPOSITORY),
                "CLOCK_SKEW": str(skew),
                "LD_PRELOAD": str(skewed_library),
            }
        )
        clock = subprocess.run(
            ["date", "+%s"], env=environment, check=True, capture_output=True, text=True
        )
        assert abs(int(clock.stdout) - time.time() - skew) < 3600
        done = subprocess.run(
            [sys.executable, "-m", "dunning.cli", *words],
            env=environment,
            cwd=REPOSITORY,
            check=False,
            capture_output=True,
            text=True,
        )

        assert (done.returncode, done.stderr) == (0, "")
        assert (here.hashes(AS_OF), here.history()) == (
            undisturbed.first,
            undisturbed.history_first,
        )


@pytest.mark.parametrize("at", [0, 4_000_000_000])
def test_the_age_of_the_ledgers_files_does_not_show(
    at: int, folder: Path, undisturbed: Undisturbed, warm_process: Warm, server: Server
) -> None:
    """Copied from a machine of 1970, or of 2096."""
    with place(folder / "place", undisturbed.ledger, warm_process, server) as here:
        copy = folder / "place" / "ledger"
        copy.mkdir()
        for path in here.ledger.iterdir():
            (copy / path.name).write_bytes(path.read_bytes())
            os.utime(copy / path.name, (at, at))
        words = [
            "nightly",
            "--ledger",
            str(copy),
            "--as-of",
            AS_OF.isoformat(),
            "--out",
            str(here.out),
        ]
        end = warm_process.start(words, here.environment).wait()

        assert (end.code, here.hashes(AS_OF)) == (0, undisturbed.first)
