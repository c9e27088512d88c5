"""Access to the home folder: the only module that sets who may enter it.

Its owner may; where root's server works as another account, that account's group passes through,
too, and must not lose the access while the server lives: it opens `pg/global/pg_control` by its
whole path at every checkpoint, and gives up for good where it cannot.
"""

import os
import stat
from pathlib import Path


def make_folders(folder: Path) -> None:
    """Make a folder and those above it where they are missing; only their owner writes there.

    Whatever the umask is.
    """
    for missing in reversed([folder, *folder.parents]):
        if not missing.is_dir():
            missing.mkdir(mode=0o755, exist_ok=True)


def close_home(home: Path) -> None:
    """Make the home where it is missing, and close it to all but its owner.

    A group that `let_group_through` let in keeps its access.
    """
    make_folders(home.parent)
    home.mkdir(mode=0o700, exist_ok=True)
    _keep_only(home, 0o710)


def let_group_through(home: Path, group: int) -> None:
    """Let a group pass through the home, not list it."""
    if home.stat().st_gid != group:
        os.chown(home, -1, group)
    if stat.S_IMODE(home.stat().st_mode) != 0o710:
        home.chmod(0o710)


def close_to_others(home: Path) -> None:
    """Close the home to all but its owner."""
    _keep_only(home, 0o700)


def _keep_only(home: Path, bits: int) -> None:
    found = home.stat()
    # takes rights away, never adds any but the owner's
    wanted = stat.S_IMODE(found.st_mode) & bits | 0o700
    if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) != wanted:
        home.chmod(wanted)
