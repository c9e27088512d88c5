"""What the operator of a house settles for the runs of its DAGs: the environment first, then `settings.toml`.

`settings.toml` in the home, or the file that DUNNING_SETTINGS names:

    ledger = "/srv/billing/extract"     # DUNNING_LEDGER: a folder, s3://bucket/prefix, a billing database
    out = "/srv/dunning/out"            # DUNNING_OUT: a folder or s3://bucket/prefix
    mapping = "mapping.toml"            # DUNNING_MAPPING: of files with another layout
    billing_sql = "queries"             # DUNNING_BILLING_SQL: own queries for a billing database
    policy = "policy"                   # DUNNING_POLICY: own policy files
    quarantine_limit = 0.05             # DUNNING_QUARANTINE_LIMIT: share of refused rows; not of what protects
    last_look = "/srv/billing/morning"  # DUNNING_LEDGER_LAST_LOOK: a newer extract for a release, read as `ledger`
    shards = 4                          # DUNNING_SHARDS: parts of a night, 1 to 64; as many as cores, if not set

An address that holds a password stands in a variable: ledger = "env:DUNNING_LEDGER_BILLING". Relative paths lie in the
folder of the file; those of the environment where the process was started.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dunning.core.errors import DunningError
from dunning.gateways.settings import FROM_ENVIRONMENT, Settings, scheme_of

VARIABLES = {
    "ledger": "DUNNING_LEDGER",
    "out": "DUNNING_OUT",
    "mapping": "DUNNING_MAPPING",
    "billing_sql": "DUNNING_BILLING_SQL",
    "policy": "DUNNING_POLICY",
    "quarantine_limit": "DUNNING_QUARANTINE_LIMIT",
    "last_look": "DUNNING_LEDGER_LAST_LOOK",
    "shards": "DUNNING_SHARDS",
}
_NUMBERS = {"quarantine_limit": (float, 0, 1), "shards": (int, 1, 64)}


@dataclass(frozen=True)
class HouseSettings:
    """Where the ledger of the nights lies, where their files go, and how they differ from what is built in."""

    ledger: str = field(repr=False)
    out: str
    mapping: str | None
    billing_sql: str | None
    policy: str | None
    quarantine_limit: float | None
    last_look: str | None = field(repr=False)
    shards: int


def settings_file(settings: Settings, env: Mapping[str, str] | None = None) -> Path:
    """Return where the operator's settings stand."""
    env = os.environ if env is None else env
    return Path(env.get("DUNNING_SETTINGS") or settings.home / "settings.toml").absolute()


def names_ledger(settings: Settings, env: Mapping[str, str] | None = None) -> bool:
    """Return whether the operator says which ledger it is; only where he does not is it the sample's.

    Raises:
        DunningError: the file cannot be understood.
    """
    env = os.environ if env is None else env
    return bool(env.get(VARIABLES["ledger"])) or "ledger" in _read_file(settings_file(settings, env))


def read_house_settings(
    settings: Settings, env: Mapping[str, str] | None = None, default_out: Path = Path("out")
) -> HouseSettings:
    """Return what the operator settled; without a ledger it is the sample's.

    Raises:
        DunningError: the file cannot be understood, or a number is none; says where. No value is shown.
    """
    env = os.environ if env is None else env
    path = settings_file(settings, env)
    told = {name: _place(name, value, path.parent) for name, value in _read_file(path).items()}
    told |= {
        name: _place(name, env[variable], Path.cwd()) for name, variable in VARIABLES.items() if env.get(variable)
    }
    numbers = {name: _number(name, told.get(name), *limits) for name, limits in _NUMBERS.items()}
    return HouseSettings(
        ledger=told.get("ledger") or str(settings.home / "sample"),
        out=told.get("out") or str(default_out.absolute()),
        mapping=told.get("mapping"), billing_sql=told.get("billing_sql"), policy=told.get("policy"),
        quarantine_limit=numbers["quarantine_limit"], last_look=told.get("last_look"),
        shards=int(numbers["shards"] or min(os.cpu_count() or 1, 64)),
    )  # fmt: skip


def _read_file(path: Path) -> dict[str, Any]:
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DunningError(
            f"{path} is not TOML that can be read. Correct it; docs/runbook.md has an example."
        ) from error
    if strange := sorted(told.keys() - VARIABLES.keys()):
        raise DunningError(f"{path}: `{strange[0]}` means nothing here. It may hold {', '.join(VARIABLES)}.")
    for name, value in told.items():
        is_right = type(value) in (int, float) if name in _NUMBERS else isinstance(value, str) and value
        if not is_right:
            kind = "a number" if name in _NUMBERS else "a text in quotes"
            raise DunningError(f"{path}: `{name}` is not {kind}. Correct it, or delete the line.")
    return told


def _place(name: str, value: Any, folder: Path) -> Any:
    """Return a path as an absolute one; addresses, variables and numbers as they are."""
    if name in _NUMBERS or scheme_of(value) or value.startswith(FROM_ENVIRONMENT):
        return value
    return str(folder / Path(value).expanduser())


def _number(name: str, value: Any, kind: type, least: float, most: float) -> float | None:
    if value is None:
        return None
    try:
        number = kind(value)
    except ValueError:
        number = None
    if number is None or not least <= number <= most:
        raise DunningError(
            f"`{name}` (in settings.toml, or {VARIABLES[name]}) is not a number from {least} to {most}. Correct it."
        )
    return number
