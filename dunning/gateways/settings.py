"""Where this installation keeps its things: read from the environment once, absolute from then on."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dunning.core.errors import DunningError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def refuse_url(value: str, option: str) -> None:
    """Raise DunningError if a value that must be a folder or file is a URL; `option` is the name that the user typed.

    >>> refuse_url("out", "--out")
    """
    if _URL.match(value):
        scheme = value.split("://", 1)[0]
        raise DunningError(
            f"{option} is an address ({scheme}://), and only local folders are supported yet; give a folder."
        )


def name_ledger(env: Mapping[str, str]) -> str | None:
    """Return DUNNING_LEDGER as it may stand in a form, a log or a file; None where it is not set.

    The URL of a database may hold a password: its variable is named instead, which is read when the run begins.

    >>> name_ledger({"DUNNING_LEDGER": "postgresql://clerk:secret@db/billing"})
    'env:DUNNING_LEDGER'
    """
    value = env.get("DUNNING_LEDGER")
    return "env:DUNNING_LEDGER" if value and _URL.match(value) and not value.startswith("s3://") else value or None


@dataclass(frozen=True)
class Settings:
    """The places that a run uses.

    home: DUNNING_HOME (default `.dunning` in the folder where the command was started), holds the embedded PostgreSQL.
    database_url: DUNNING_DATABASE_URL, another PostgreSQL; None is the embedded one. It may carry a password.
    snapshots: DUNNING_SNAPSHOTS, default `snapshots` in the home.
    airflow_home: AIRFLOW_HOME, default `airflow` in the home.
    """

    home: Path
    database_url: str | None = field(repr=False)
    snapshots: Path
    airflow_home: Path

    @classmethod
    def from_environment(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment; what is empty counts as not set. Relative paths are made absolute here and only here.

        Raises:
            DunningError: a folder is given as a URL.
        """
        env = os.environ if env is None else env
        home = _folder(env, "DUNNING_HOME", Path(".dunning").absolute())
        return cls(
            home=home,
            database_url=env.get("DUNNING_DATABASE_URL") or None,
            snapshots=_folder(env, "DUNNING_SNAPSHOTS", home / "snapshots"),
            airflow_home=_folder(env, "AIRFLOW_HOME", home / "airflow"),
        )

    def to_environment(self) -> dict[str, str]:
        """Return the variables that give a process started elsewhere the same settings."""
        variables = {
            "DUNNING_HOME": str(self.home),
            "DUNNING_SNAPSHOTS": str(self.snapshots),
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
