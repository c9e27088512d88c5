"""Disks that are full: real ones of a few pages, a real limit of a file's size, and PostgreSQL's
own.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from dunning.gateways.postgres.server import stop_server
from tests.faults.children import Warm
from tests.faults.kills import number_points, step_of
from tests.faults.places import AS_OF, NEXT, Place, Undisturbed, place
from tests.faults.servers import Server

ENOSPC = 28


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """Let a folder be a disk of a size for as long as the block lasts; what was written to it
    goes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("where", ["snapshots", "work", "out"])
@pytest.mark.parametrize("pages", [3, 12, 30])
def test_a_full_disk_is_told_in_one_message_and_the_next_run_is_whole(
    where: str,
    pages: int,
    folder: Path,
    undisturbed: Undisturbed,
    warm_process: Warm,
    server: Server,
) -> None:
    """Disks of 12, 48 and 120 KiB: the snapshot, the work tables and the lists do not fit, each at
    another place.
    """
    with place(folder / "place", undisturbed.ledger, warm_process, server) as here:
        disk = here.out if where == "out" else here.home / where
        with small_disk(disk, f"{4 * pages}k"):
            full = here.run()
            recorded, is_out = here.history(), here.is_published(AS_OF)
        again = [here.run(as_of) for as_of in (AS_OF, NEXT)]

        assert (full.code, len(full.messages), is_out) == (1, 1, False)
        assert "No space left on device" in full.told
        assert {name: len(rows) for name, rows in recorded.items()} == dict.fromkeys(recorded, 0)
        assert_whole(here, undisturbed, [end.code for end in again])


def test_every_call_that_may_find_the_disk_full_is_told(
    folder: Path, undisturbed: Undisturbed, warm_process: Warm, server: Server
) -> None:
    """Each kind of opening, renaming and syncing in each step fails once with ENOSPC."""
    firsts = {fault.point: fault for fault in reversed(number_points(undisturbed))}
    tried = [point for point in firsts if point.split()[-1] in ("open", "os.rename", "os.fsync")]
    tried = [
        point for point in tried if "build_search_index" not in point
    ]  # made later, when somebody searches
    with place(folder / "place", undisturbed.ledger, warm_process, server) as here:
        ended = {}
        # The snapshot's own first: once it is whole it is used again.
        for point in sorted(tried, key=lambda point: (step_of(point) != "snapshot", point)):
            ended[point] = here.run(fault=replace(firsts[point], kind="errno", target=ENOSPC))
        again = [here.run(as_of) for as_of in (AS_OF, NEXT)]

        assert {
            point: end.told
            for point, end in ended.items()
            if (end.code, len(end.messages)) != (1, 1)
        } == {}
        assert {step_of(point) for point in tried} >= {
            "load",
            "snapshot",
            "classify",
            "propose",
            "write",
            "close",
        }
        assert_whole(here, undisturbed, [end.code for end in again])


def test_a_full_disk_of_postgresql(
    folder: Path, undisturbed: Undisturbed, warm_process: Warm
) -> None:
    """A home of its own on a small disk: with no room left for the close, the run says so; with
    room, all is well.
    """
    home, out = folder / "home", folder / "out"
    words = [
        "nightly",
        "--ledger",
        str(undisturbed.ledger),
        "--as-of",
        AS_OF.isoformat(),
        "--out",
        str(out),
    ]
    environment = {
        "DUNNING_HOME": str(home),
        "DUNNING_DATABASE_URL": "",
        "DUNNING_SNAPSHOTS": str(folder / "s"),
    }
    folder.chmod(0o755)
    with small_disk(home, "160m"):
        try:
            start = warm_process.start(["db", "start"], environment).wait()
            dry = warm_process.start([*words, "--dry-run"], environment).wait()
            shutil.rmtree(out)
            room = shutil.disk_usage(home).free
            ballast = home / "pg" / "ballast"
            ballast.write_bytes(bytes(max(room - 2**18, 0)))
            full = warm_process.start(words, environment).wait()
            is_out = (out / AS_OF.isoformat() / "manifest.json").exists()
            ballast.unlink()
            again = warm_process.start(words, environment).wait()
        finally:
            stop_server(home)

    assert (start.code, dry.code) == (0, 0)
    assert (full.code, len(full.messages), is_out) == (1, 1, False)
    assert "No space left on device" in full.told or "gave up" in full.told
    assert (again.code, again.told) == (0, "")


def assert_whole(here: Place, undisturbed: Undisturbed, codes: list[int]) -> None:
    """Fail if anything is not as if nothing had happened."""
    assert codes == [0, 0]
    assert (here.hashes(AS_OF), here.hashes(NEXT)) == (undisturbed.first, undisturbed.second)
    assert here.history() == undisturbed.history_both
    assert here.left_behind() == []
