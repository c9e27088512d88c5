"""The folders and databases of this installation, read from the environment once.

Paths are absolute from then on.
"""

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dunning.core.errors import DunningError

# Prefix of a place that is the value of an environment variable; see `extracts.find_ledger`.
FROM_ENVIRONMENT = "env:"
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def scheme_of(value: str) -> str:
    """Return the scheme of an address in lower case; empty for a path.

    >>> scheme_of("s3://bucket/prefix"), scheme_of("out")
    ('s3', '')
    """
    return value.split("://", 1)[0].lower() if _URL.match(value) else ""


def refuse_url(value: str, option: str, taken: Collection[str] = ()) -> None:
    """Raise DunningError if a value that must be a folder or file is an address.

    Args:
        value: what was given.
        option: the name that the user typed.
        taken: schemes of addresses that are as good as a folder here.

    >>> refuse_url("out", "--out")
    """
    scheme = scheme_of(value)
    if scheme and scheme not in taken:
        also = "".join(f" or an {name}:// address" for name in taken)
        raise DunningError(
            f"{option} is an address ({scheme}://), which is not taken here; give a local folder{also}."
        )


@dataclass(frozen=True)
class Settings:
    """The folders and databases that a run uses.

    home: DUNNING_HOME (default `.dunning` in the folder where the command was started), holds the
    embedded PostgreSQL.
    database_url: DUNNING_DATABASE_URL, another PostgreSQL; None is the embedded one. It may hold a
    password.
    snapshots: DUNNING_SNAPSHOTS where it is a folder, else `snapshots` in the home.
    airflow_home: AIRFLOW_HOME, default `airflow` in the home.
    snapshot_store: DUNNING_SNAPSHOTS where it is an s3:// address; every snapshot is also kept
    there. None: only on this machine.
    """

    home: Path
    database_url: str | None = field(repr=False)
    snapshots: Path
    airflow_home: Path
    snapshot_store: str | None = None

    @classmethod
    def from_environment(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Return the settings in the environment; an empty variable counts as not set.

        Relative paths are made absolute here and only here.

        Raises:
            DunningError: a folder is given as an address, or DUNNING_SNAPSHOTS as another one than
                s3://.
        """
        env = os.environ if env is None else env
        home = _folder(env, "DUNNING_HOME", Path(".dunning").absolute())
        # one variable, two meanings: a folder, or the address of a store
        snapshots = env.get("DUNNING_SNAPSHOTS") or str(home / "snapshots")
        refuse_url(snapshots, "DUNNING_SNAPSHOTS", ("s3",))
        is_store = bool(scheme_of(snapshots))
        return cls(
            home=home,
            database_url=env.get("DUNNING_DATABASE_URL") or None,
            snapshots=home / "snapshots" if is_store else Path(snapshots).expanduser().absolute(),
            airflow_home=_folder(env, "AIRFLOW_HOME", home / "airflow"),
            snapshot_store=snapshots if is_store else None,
        )

    def to_environment(self) -> dict[str, str]:
        """Return the variables that give a process started elsewhere the same settings."""
        variables = {
            "DUNNING_HOME": str(self.home),
            "DUNNING_SNAPSHOTS": self.snapshot_store or str(self.snapshots),
            "AIRFLOW_HOME": str(self.airflow_home),
        }
        if self.database_url is not None:
            variables["DUNNING_DATABASE_URL"] = self.database_url
        return variables


def _folder(env: Mapping[str, str], name: str, default: Path) -> Path:
    value = env.get(name)
    if not value:
        return default
    refuse_url(value, name)
    return Path(value).expanduser().absolute()
