"""The end of a night that failed in Airflow: its run is `failed`, until a failed step of it is
started again.
"""

from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import open_store, runs
from dunning.jobs.nightly.runs import Run
from dunning.jobs.run_context import Receipt


def run(loaded: Receipt | None) -> Receipt:
    """Record that a run has failed; return its number, or none where its ledger was not loaded.

    One that is closing, or has ended, stays as it is.
    """
    if loaded is None:
        return {"run_id": None}
    this = Run.of(loaded)
    runs.fail_run(
        open_store(Settings.from_environment(), f"nightly {this.as_of} failed"), this.run_id
    )
    return {"run_id": this.run_id}
