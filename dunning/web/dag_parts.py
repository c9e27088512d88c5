"""What all DAGs have in common: the clock, the Asset that a night's lists are, and how a task is tried again."""

import os
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import Asset, ExceptionRetryPolicy, RetryAction, RetryRule

SOFIA = ZoneInfo("Europe/Sofia")
LISTS = Asset("lists", uri="dunning://lists")

_OUTAGE = RetryRule(
    "dunning.core.errors.OutageError", RetryAction.RETRY, reason="An object store was away; it may be back later."
)
_REFUSED = RetryRule(
    "dunning.core.errors.DunningError", RetryAction.FAIL, reason="A refusal: the same again would be refused again."
)


def task_defaults() -> dict[str, Any]:
    """Return the `default_args` of a DAG: tried again after an outage, never after a refusal.

    DUNNING_RETRY_SECONDS: how long to wait before that; five minutes, if it is not set.
    """
    return {
        "retries": 2,
        "retry_delay": timedelta(seconds=int(os.environ.get("DUNNING_RETRY_SECONDS") or 300)),
        "retry_policy": ExceptionRetryPolicy([_OUTAGE, _REFUSED]),
    }
