"""Record that a nightly run failed in Airflow, until one of its steps is started again."""

from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import open_store, runs
from dunning.jobs.nightly.runs import NightlyRun
from dunning.jobs.receipts import FailureReceipt
from dunning.jobs.run_context import RunReceipt


def run(loaded: RunReceipt | None) -> FailureReceipt:
    """Record that a run has failed; return its number, or none if its ledger was not loaded.

    A run that is closing, or has ended, stays as it is.
    """
    if loaded is None:
        return {"run_id": None}
    this = NightlyRun.of(loaded)
    runs.fail_run(
        open_store(Settings.from_environment(), f"nightly {this.as_of} failed"), this.run_id
    )
    return {"run_id": this.run_id}
