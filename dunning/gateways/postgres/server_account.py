"""The system account of the embedded server: the caller's, except for root.

PostgreSQL refuses to run as root. Root starts it as the owner of the home, or, where that is root
too, as the system account `pgserver` (made once, as the wheel's own library does). That account
gets the data and socket folders, and may pass through (not list) the folders above them and above
the binaries.
"""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dunning.core.errors import DunningError
from dunning.gateways.files.home import let_group_through

ACCOUNT = "pgserver"
_FALLBACKS = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """The system's user that the server runs as.

    is_other: the caller is root and must change to it.
    """

    uid: int
    gid: int
    is_other: bool

    def own(self, folder: Path) -> None:
        """Make the account the owner of a folder and its contents, if the caller is root."""
        if not self.is_other or folder.lstat().st_uid == self.uid:
            return
        for path in _walk(folder):
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def run(self, command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        """Run a command as the account; return its result.

        It runs in the root folder, in a session of its own, without PostgreSQL's variables. The
        session keeps a Ctrl-C in the terminal from reaching a server that the command starts; a
        PGPORT of the user would give it another socket.
        """
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PG")
        }
        identity = (
            {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}
        )
        return subprocess.run(  # type: ignore[call-overload]
            command,
            cwd="/",
            env=environment,
            start_new_session=True,
            text=True,
            **identity,
            **options,
        )

    def let_in(self, home: Path, programs: list[Path]) -> None:
        """Let the account reach the home and read the programs: root's folders are often closed.

        Cheap where nothing is to be done; repeated while the server runs, because it needs the
        access as long as it lives.
        """
        if not self.is_other:
            return
        if home.stat().st_uid != self.uid:
            let_group_through(home, self.gid)
        for folder in (home, *programs):
            for above in folder.resolve().parents:
                if above.stat().st_uid != self.uid:
                    # only to pass through: the contents of the folders above stay hidden
                    _allow(above, stat.S_IXOTH)
        for folder in programs:
            for path in _walk(folder):
                is_program = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
                _allow(path, stat.S_IROTH | (stat.S_IXOTH if is_program else 0))


def find_account(home: Path) -> Account:
    """Return the account that the server of this home runs as.

    Raises:
        DunningError: the caller is root, and there is no account to run as and none can be made.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), is_other=False)
    owner = home.stat()
    if owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, is_other=True)
    # the first that exists: ours, ours newly made, then accounts that most systems have
    entry = _entry(ACCOUNT) or _make_entry() or next(filter(None, map(_entry, _FALLBACKS)), None)
    if entry is None:
        raise DunningError(
            f"PostgreSQL does not run as root, and the system account {ACCOUNT} could not be made; "
            "start the command as another user, or set DUNNING_DATABASE_URL to a server of your own."
        )
    return Account(entry.pw_uid, entry.pw_gid, is_other=True)


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _make_entry() -> pwd.struct_passwd | None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        return None
    subprocess.run(
        [useradd, "--system", "--shell", "/usr/sbin/nologin", ACCOUNT],
        capture_output=True,
        check=False,
    )
    return _entry(ACCOUNT)


def _walk(folder: Path) -> Iterator[Path]:
    yield folder
    for above, folders, files in os.walk(folder):
        yield from (Path(above, name) for name in (*folders, *files))


def _allow(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(stat.S_IMODE(mode) | bits)
