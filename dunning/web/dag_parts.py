"""Common parts of all DAGs: first day, form check, the Asset of a night's lists, retry rules."""

import os
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, ExceptionRetryPolicy, RetryAction, RetryRule

from dunning.core.errors import DunningError
from dunning.core.sofia_time import SOFIA, default_as_of
from dunning.core.words import SERVICES
from dunning.documents.words import table_of, word_of

if TYPE_CHECKING:
    from dunning.gateways.settings.operator_settings import HouseSettings

REPOSITORY = Path(__file__).resolve().parents[2]
# The schedules of all DAGs begin here.
START = datetime(2026, 1, 1, tzinfo=SOFIA)
LISTS = Asset("lists", uri="dunning://lists")

_OUTAGE = RetryRule(
    "dunning.core.errors.OutageError",
    RetryAction.RETRY,
    reason="An object store was away; it may be back later.",
)
_REFUSED = RetryRule(
    "dunning.core.errors.DunningError",
    RetryAction.FAIL,
    reason="A refusal: the same again would be refused again.",
)


def name_lists() -> dict[str, str]:
    """Return the Bulgarian name of each list that needs an approval."""
    return {name: word_of("bg", name) for name in table_of("bg", "list_question")}


def name_services() -> dict[str, str]:
    """Return the Bulgarian name of each service."""
    return {service: word_of("bg", service) for service in SERVICES}


def task_defaults() -> dict[str, Any]:
    """Return the `default_args` of a DAG: retry after an outage, never after a refusal.

    DUNNING_RETRY_SECONDS: how long to wait before that; five minutes, if it is not set.
    """
    return {
        "retries": 2,
        "retry_delay": timedelta(seconds=int(os.environ.get("DUNNING_RETRY_SECONDS") or 300)),
        "retry_policy": ExceptionRetryPolicy([_OUTAGE, _REFUSED]),
    }


def day_of_run(params: Mapping[str, Any], dag_run: Any) -> str:
    """Return the day (ISO) of a run: that of its form, else the one that has just ended in Sofia."""
    return params["as_of"] or default_as_of(dag_run.run_after).isoformat()


def settle(dag_run: Any, form: Collection[str], *names: str) -> dict[str, Any]:
    """Return the operator's settings with these names.

    The run may be given only the fields of its form.

    Paths of ledger and files, and the rules, are not chosen by the user who starts a run.
    Each first task calls it.

    Raises:
        DunningError: the run was given more. What was given is not shown: it may be an address with
            a password.
    """
    # The keys alone are compared: values are never shown.
    if (dag_run.conf or {}).keys() - set(form):
        raise DunningError(
            f"This run was given settings that its form does not ask for; it takes {', '.join(form)}. Nothing was "
            "read. Ledger, output, mapping, queries, policy and limits are the operator's: settings.toml in the home, "
            "or the environment (docs/runbook.md). Start it again without them."
        )
    return {name: getattr(_read_house(), name) for name in names}


def count_shards() -> int:
    """Return the number of parts into which a run is divided."""
    return _read_house().shards


def _read_house() -> "HouseSettings":
    from dunning.gateways.settings.environment import Settings
    from dunning.gateways.settings.operator_settings import read_house_settings

    return read_house_settings(Settings.from_environment(), default_out=REPOSITORY / "out")
