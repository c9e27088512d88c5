"""Two runs that want the same books at once: one waits its turn, or is told why not; the books are
right either way.
"""

import os
import signal
from datetime import date
from pathlib import Path

import psutil
import pytest

from tests.faults.children import Warm
from tests.faults.places import AS_OF, NEXT, Place, Undisturbed, place
from tests.faults.points import Fault
from tests.faults.servers import Server

IN_THE_MIDDLE = {
    "classify": Fault("classify: write>_append arrow.write", 7, kind="stop"),
    "close": Fault("close: publish>_place os.rename", 5, kind="stop"),
}


def wait_until_stopped(pid: int) -> None:
    """Wait until a run stands still."""
    while (status := psutil.Process(pid).status()) != psutil.STATUS_STOPPED:
        assert status != psutil.STATUS_ZOMBIE, (
            "it never came to the point where it should stand still"
        )


def run_beside(here: Place, first: date, second: date, step: str) -> None:
    """Let a run stand still in the middle (SIGSTOP), start another, which is turned away, and let
    the first go on.
    """
    going_on = here.start(first, fault=IN_THE_MIDDLE[step])
    wait_until_stopped(going_on.pid)
    turned_away = here.run(second)
    os.kill(going_on.pid, signal.SIGCONT)
    ended = going_on.wait()

    assert (ended.code, ended.told, turned_away.code) == (0, "", 1)
    assert len(turned_away.messages) == 1
    assert turned_away.told.startswith("dunning: Another run is going on since ")
    assert f"dunning nightly {first}" in turned_away.told


@pytest.mark.parametrize("step", IN_THE_MIDDLE)
@pytest.mark.parametrize("other", [AS_OF, NEXT], ids=["the same date", "another date"])
def test_a_run_beside_one_that_goes_on_is_refused_and_disturbs_nothing(
    step: str, other, folder: Path, undisturbed: Undisturbed, warm_process: Warm, server: Server
) -> None:
    with place(folder / "place", undisturbed.ledger, warm_process, server) as here:
        run_beside(here, AS_OF, other, step)
        after = here.history()

        assert here.run(NEXT).code == 0
        assert (after, here.history()) == (undisturbed.history_first, undisturbed.history_both)
        assert (here.hashes(AS_OF), here.hashes(NEXT)) == (undisturbed.first, undisturbed.second)
        assert here.left_behind() == []


@pytest.mark.parametrize("step", IN_THE_MIDDLE)
def test_yesterday_comes_while_today_goes_on(
    step: str, folder: Path, undisturbed: Undisturbed, warm_process: Warm, server: Server
) -> None:
    """Yesterday is refused while today is in the middle, and when it comes again it changes nothing
    of today.
    """
    with place(folder / "place", undisturbed.ledger, warm_process, server) as here:
        run_beside(here, NEXT, AS_OF, step)
        after = here.history()

        assert here.run(AS_OF).code == 0
        assert (after, here.history()) == (undisturbed.history_alone, undisturbed.history_alone)
        assert here.hashes(NEXT) == undisturbed.alone
        assert here.left_behind() == []


@pytest.mark.parametrize("started", [1, 2])
def test_a_killed_worker_fails_the_run_in_one_message_and_the_next_is_whole(
    started: int, folder: Path, undisturbed: Undisturbed, warm_process: Warm, server: Server
) -> None:
    """One of the processes that classify gets SIGKILL, as when memory runs out, as soon as so many
    are there.
    """
    with place(folder / "place", undisturbed.ledger, warm_process, server) as here:
        run = here.start(AS_OF, "--shards", "2")
        assert run.wait_for("класифициране")
        workers: list[psutil.Process] = []
        while len(workers) < started:
            workers = [
                c
                for c in psutil.Process(run.pid).children()
                if "spawn_main" in " ".join(c.cmdline())
            ]
        workers[-1].kill()
        ended = run.wait()
        again = here.run(AS_OF, "--shards", "2")

        assert (ended.code, len(ended.messages)) == (1, 1)
        assert "ended from outside" in ended.told
        assert (again.code, here.hashes(AS_OF), here.history()) == (
            0,
            undisturbed.first,
            undisturbed.history_first,
        )
        assert here.left_behind() == []
