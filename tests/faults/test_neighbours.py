"""Two runs that want the same books at once: one waits its turn, or is told why not; the books are right either way."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.faults.children import Warm
from tests.faults.places import AS_OF, NEXT, Undisturbed, place
from tests.faults.points import Fault
from tests.faults.servers import Server

IN_THE_MIDDLE = {
    "classify": Fault("classify: write>_append arrow.write", 7, kind="stop"),
    "close": Fault("close: publish>_place os.rename", 5, kind="stop"),
}


def wait_until_stopped(pid: int) -> None:
    """Wait until a run stands still."""
    while (status := psutil.Process(pid).status()) != psutil.STATUS_STOPPED:
        assert status != psutil.STATUS_ZOMBIE, "it never came to the point where it should stand still"


@pytest.mark.parametrize("step", IN_THE_MIDDLE)
@pytest.mark.parametrize("other", [AS_OF, NEXT], ids=["the same date", "another date"])
def test_a_run_beside_one_that_goes_on_is_refused_and_disturbs_nothing(
    step: str, other, folder: Path, undisturbed: Undisturbed, warm_process: Warm, server: Server
) -> None:
    """The first one stands still in the middle (SIGSTOP), the second comes, and the first goes on."""
    with place(folder / "place", undisturbed.ledger, warm_process, server) as here:
        first = here.start(fault=IN_THE_MIDDLE[step])
        wait_until_stopped(first.pid)
        second = here.run(other)
        os.kill(first.pid, signal.SIGCONT)
        ended = first.wait()
        after = here.history()
        later = here.run(NEXT)

        assert (ended.code, ended.told, second.code, later.code) == (0, "", 1, 0)
        assert len(second.messages) == 1
        assert second.told.startswith("dunning: Another run is going on since ")
        assert f"dunning nightly {AS_OF}" in second.told
        assert (after, here.history()) == (undisturbed.history_first, undisturbed.history_both)
        assert (here.hashes(AS_OF), here.hashes(NEXT)) == (undisturbed.first, undisturbed.second)
        assert here.left_behind() == []


@pytest.mark.parametrize("step", IN_THE_MIDDLE)
def test_yesterday_comes_while_today_goes_on(
    step: str, folder: Path, undisturbed: Undisturbed, warm_process: Warm, server: Server
) -> None:
    """Yesterday is refused while today is in the middle, and when it comes again it changes nothing of today."""
    with place(folder / "place", undisturbed.ledger, warm_process, server) as here:
        today = here.start(NEXT, fault=IN_THE_MIDDLE[step])
        wait_until_stopped(today.pid)
        yesterday = here.run(AS_OF)
        os.kill(today.pid, signal.SIGCONT)
        ended = today.wait()
        after = here.history()
        later = here.run(AS_OF)

        assert (ended.code, ended.told, yesterday.code, later.code) == (0, "", 1, 0)
        assert yesterday.told.startswith("dunning: Another run is going on since ")
        assert f"dunning nightly {NEXT}" in yesterday.told
        assert (after, here.history()) == (undisturbed.history_alone, undisturbed.history_alone)
        assert here.hashes(NEXT) == undisturbed.alone
        assert here.left_behind() == []


@pytest.mark.parametrize("started", [1, 2])
def test_a_killed_worker_fails_the_run_in_one_message_and_the_next_is_whole(
    started: int, folder: Path, undisturbed: Undisturbed, warm_process: Warm, server: Server
) -> None:
    """One of the processes that classify gets SIGKILL, as when memory runs out, as soon as so many are there."""
    with place(folder / "place", undisturbed.ledger, warm_process, server) as here:
        run = here.start(AS_OF, "--shards", "2")
        assert run.wait_for("класифициране")
        workers: list[psutil.Process] = []
        while len(workers) < started:
            workers = [c for c in psutil.Process(run.pid).children() if "spawn_main" in " ".join(c.cmdline())]
        workers[-1].kill()
        ended = run.wait()
        again = here.run(AS_OF, "--shards", "2")

        assert (ended.code, len(ended.messages)) == (1, 1)
        assert "ended from outside" in ended.told
        assert (again.code, here.hashes(AS_OF), here.history()) == (0, undisturbed.first, undisturbed.history_first)
        assert here.left_behind() == []
