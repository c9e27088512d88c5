"""The operator's settings for the DAGs' runs: the environment first, then `settings.toml`.

`settings.toml` in the home, or the file that DUNNING_SETTINGS names:

    # DUNNING_LEDGER: a folder, s3://bucket/prefix, a billing database
    ledger = "/srv/billing/extract"
    # DUNNING_OUT: a folder or s3://bucket/prefix
    out = "/srv/dunning/out"
    # DUNNING_MAPPING: of files with another layout
    mapping = "mapping.toml"
    # DUNNING_BILLING_SQL: own queries for a billing database
    billing_sql = "queries"
    # DUNNING_POLICY: own policy files
    policy = "policy"
    # DUNNING_QUARANTINE_LIMIT: share of refused rows; not of tables that protect people
    quarantine_limit = 0.05
    # DUNNING_LEDGER_LAST_LOOK: a newer extract for a release, read as `ledger`
    last_look = "/srv/billing/morning"
    # DUNNING_SHARDS: parts of a nightly run, 1 to 64; as many as cores, if not set
    shards = 4

    # One date may close although a table or column that protects people is missing or smaller; in
    # the file alone, all three together, and for no other date. They may stay: table and reason
    # are recorded with the date.
    accept_shrunk = ["holds"]
    accept_shrunk_reason = "изтеклите задържания са изчистени"
    accept_shrunk_on = 2026-11-22

An address with a password is kept in a variable: ledger = "env:DUNNING_LEDGER_BILLING". Relative
paths are relative to the folder of the file; those of the environment to the folder where the
process was started.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from dunning.core.errors import DunningError
from dunning.gateways.settings.environment import FROM_ENVIRONMENT, Settings, scheme_of

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
ACCEPTANCE = ("accept_shrunk", "accept_shrunk_reason", "accept_shrunk_on")
_NUMBERS = {"quarantine_limit": (float, 0, 1), "shards": (int, 1, 64)}


@dataclass(frozen=True)
class HouseSettings:
    """The operator's settings: ledger, output folder, and what differs from the built-in rules.

    accept_shrunk: by day (ISO), then by table or column that protects people: the reason why it may
    be smaller on that day.
    """

    ledger: str = field(repr=False)
    out: str
    mapping: str | None
    billing_sql: str | None
    policy: str | None
    quarantine_limit: float | None
    last_look: str | None = field(repr=False)
    shards: int
    accept_shrunk: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def settings_file(settings: Settings, env: Mapping[str, str] | None = None) -> Path:
    """Return the path of the operator's settings file."""
    env = os.environ if env is None else env
    return Path(env.get("DUNNING_SETTINGS") or settings.home / "settings.toml").absolute()


def names_ledger(settings: Settings, env: Mapping[str, str] | None = None) -> bool:
    """Return whether the operator names a ledger; if not, it is the sample's.

    Raises:
        DunningError: the file cannot be understood.
    """
    env = os.environ if env is None else env
    return bool(env.get(VARIABLES["ledger"])) or "ledger" in _read_file(
        settings_file(settings, env)
    )


def read_house_settings(
    settings: Settings, env: Mapping[str, str] | None = None, default_out: Path = Path("out")
) -> HouseSettings:
    """Return the operator's settings; without a ledger it is the sample's.

    Raises:
        DunningError: the file cannot be understood, or a number is none; the message names the
            place. No value is shown.
    """
    env = os.environ if env is None else env
    path = settings_file(settings, env)
    written = _read_file(path)
    accepted = _read_acceptance(
        path, {name: written.pop(name) for name in ACCEPTANCE if name in written}
    )
    written_values = {name: _place(name, value, path.parent) for name, value in written.items()}
    # the environment overrides the file
    written_values |= {
        name: _place(name, env[variable], Path.cwd())
        for name, variable in VARIABLES.items()
        if env.get(variable)
    }
    numbers = {
        name: _number(name, written_values.get(name), *limits) for name, limits in _NUMBERS.items()
    }
    return HouseSettings(
        ledger=written_values.get("ledger") or str(settings.home / "sample"),
        out=written_values.get("out") or str(default_out.absolute()),
        mapping=written_values.get("mapping"),
        billing_sql=written_values.get("billing_sql"),
        policy=written_values.get("policy"),
        quarantine_limit=numbers["quarantine_limit"],
        last_look=written_values.get("last_look"),
        shards=int(numbers["shards"] or min(os.cpu_count() or 1, 64)),
        accept_shrunk=accepted,
    )


def _read_file(path: Path) -> dict[str, Any]:
    try:
        written_values = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DunningError(
            f"{path} is not TOML that can be read. Correct it; docs/runbook.md has an example."
        ) from error
    # strict: a misspelled name would silently change nothing
    if strange := sorted(written_values.keys() - VARIABLES.keys() - set(ACCEPTANCE)):
        known = ", ".join([*VARIABLES, *ACCEPTANCE])
        raise DunningError(f"{path}: `{strange[0]}` means nothing here. It may hold {known}.")
    for name, value in (
        (name, value) for name, value in written_values.items() if name not in ACCEPTANCE
    ):
        is_right = (
            type(value) in (int, float) if name in _NUMBERS else isinstance(value, str) and value
        )
        if not is_right:
            kind = "a number" if name in _NUMBERS else "a text in quotes"
            raise DunningError(f"{path}: `{name}` is not {kind}. Correct it, or delete the line.")
    return written_values


def _read_acceptance(path: Path, written_values: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the accepted tables by their day, with the reason; refuse an incomplete acceptance.

    Without its day or reason it could not be explained later.
    """
    if not written_values:
        return {}
    names, reason, on = (written_values.get(name) for name in ACCEPTANCE)
    is_list = (
        isinstance(names, list)
        and names
        and all(isinstance(name, str) and name.strip() for name in names)
    )
    is_reason = isinstance(reason, str) and reason.strip()
    # a datetime is a date, too, for Python
    is_day = isinstance(on, date) and not isinstance(on, datetime)
    kinds = (
        'a list of tables or columns, as ["holds", "payers.life_support"]',
        "a text in quotes",
        "a day",
    )
    for name, is_right, kind in zip(ACCEPTANCE, (is_list, is_reason, is_day), kinds, strict=True):
        if not is_right:
            fault = "is missing" if name not in written_values else "is something else"
            raise DunningError(
                f"{path}: `{name}` {fault}; it is {kind}. A date closes with less of what protects people only where "
                f"all of {', '.join(ACCEPTANCE)} say so. Write all three, or delete them."
            )
    return {str(on): dict.fromkeys(names or (), str(reason))}


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
