"""The nightly run; what to do in the morning stands in docs/runbook.md, which the pages show too."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from airflow.sdk import Asset, CronTriggerTimetable, ExceptionRetryPolicy, Param, RetryAction, RetryRule, dag, task

from dunning.gateways.settings import Settings

SOFIA = ZoneInfo("Europe/Sofia")
REPOSITORY = Path(__file__).resolve().parents[1]
SETTINGS = Settings.from_environment()
CORES = min(os.cpu_count() or 1, 64)

LEDGER = Asset("ledger", uri="dunning://ledger")
CLASSIFICATION = Asset("classification", uri="dunning://classification")
LISTS = Asset("lists", uri="dunning://lists")

REFUSED = RetryRule(
    "dunning.core.errors.DunningError", RetryAction.FAIL, reason="A refusal: the same again would be refused again."
)

PARAMS = {
    "as_of": Param(
        None,
        type=["null", "string"],
        format="date",
        title="Day (as_of)",
        description="The state at the end of this day. Empty: the day that just ended in Sofia. "
        "A day not after the last closed one writes its lists again and records nothing.",
    ),
    "ledger": Param(
        os.environ.get("DUNNING_LEDGER") or str(SETTINGS.home / "sample"),
        type="string",
        minLength=1,
        title="Ledger",
        description="The folder of the ledger extract.",
    ),
    "out": Param(
        os.environ.get("DUNNING_OUT") or str(REPOSITORY / "out"),
        type="string",
        minLength=1,
        title="Lists",
        description="The lists are written into a folder of their day in this one.",
    ),
    "mapping": Param(
        None, type=["null", "string"], title="Mapping", description="A TOML file for a ledger in a foreign layout."
    ),
    "policy": Param(
        None, type=["null", "string"], title="Policy", description="A folder of own policy files."
    ),
    "shards": Param(
        CORES, type="integer", minimum=1, maximum=64, title="Shards", description="Any number gives the same bytes."
    ),
    "quarantine_limit": Param(
        None,
        type=["null", "number"],
        minimum=0,
        maximum=1,
        title="Quarantine limit",
        description="The share of refused rows that this one run accepts in every table. Empty: the policy's.",
    ),
    "dry_run": Param(
        False, type="boolean", title="Dry run", description="Write the lists, close no books, record no deeds."
    ),
}


@dag(
    dag_display_name="Nightly run",
    description="A billing ledger in, every account classified, lists out.",
    doc_md=(REPOSITORY / "docs" / "runbook.md").read_text("utf-8"),
    schedule=CronTriggerTimetable("0 2 * * *", timezone="Europe/Sofia"),
    start_date=datetime(2026, 1, 1, tzinfo=SOFIA),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=20),
    params=PARAMS,
    tags=["dunning"],
    default_args={
        "retries": 2,
        "retry_delay": timedelta(seconds=int(os.environ.get("DUNNING_RETRY_SECONDS") or 300)),
        "retry_policy": ExceptionRetryPolicy([REFUSED]),
    },
)
def nightly():
    """Wire the run: what goes from task to task are receipts (counts, cents, hashes, paths), never rows."""

    @task(outlets=[LEDGER], multiple_outputs=False)
    def load(params, dag_run):
        from dunning.jobs import calendar, load

        return load.run(
            as_of=params["as_of"] or calendar.default_as_of(dag_run.run_after).isoformat(),
            ledger=params["ledger"],
            mapping=params["mapping"],
            quarantine_limit=params["quarantine_limit"],
            policy=params["policy"],
            dry_run=params["dry_run"],
            out=params["out"],
        )

    @task
    def share_out(params):
        return list(range(params["shards"]))

    @task(pool="dunning_shards", multiple_outputs=False)
    def classify(run, shard, params):
        from dunning.jobs import classify

        return classify.run(run, shard, params["shards"])

    @task(outlets=[CLASSIFICATION], multiple_outputs=False)
    def propose(run, shards):
        from dunning.jobs import propose

        return propose.run(run, list(shards))

    @task(multiple_outputs=False)
    def write(run):
        from dunning.jobs import write

        return write.run(run)

    @task(outlets=[LISTS], multiple_outputs=False)
    def close(run):
        from dunning.jobs import close

        return close.run(run)

    @task(multiple_outputs=False)
    def report(run):
        from dunning.jobs import report

        return report.run(run)

    run = load()
    shards = classify.partial(run=run).expand(shard=share_out())
    propose(run, shards) >> write(run) >> close(run) >> report(run)


nightly()
