"""The nightly run.

docs/runbook.md, which Airflow's pages show too, has what to do in the morning.
"""

from datetime import timedelta
from pathlib import Path

from airflow.sdk import Asset, CronTriggerTimetable, Param, dag, task

from dunning.web.dag_parts import LISTS, START, count_shards, day_of_run, settle, task_defaults

REPOSITORY = Path(__file__).resolve().parents[1]

LEDGER = Asset("ledger", uri="dunning://ledger")
CLASSIFICATION = Asset("classification", uri="dunning://classification")

PARAMS = {
    "as_of": Param(
        None,
        type=["null", "string"],
        format="date",
        title="Ден (as_of)",
        description="Състоянието към края на този ден. Празно: денят, който току-що е свършил. "
        "Вече приключен или по-ранен ден дава списъците си отново и не отбелязва нищо.",
    ),
    "dry_run": Param(
        False,
        type="boolean",
        title="Проба",
        description="Пише списъците, не приключва деня и не отбелязва нищо.",
    ),
}


@dag(
    dag_display_name="Нощна обработка",
    description="Извлечението влиза, всяка партида получава етап, списъците излизат.",
    doc_md=(REPOSITORY / "docs" / "runbook.md").read_text("utf-8"),
    schedule=CronTriggerTimetable("0 2 * * *", timezone="Europe/Sofia"),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=20),
    params=PARAMS,
    tags=["dunning"],
    default_args=task_defaults(),
)
def nightly():
    """Wire the run; tasks pass receipts (counts, cents, hashes, paths), never rows."""

    @task(task_display_name="зареждане", outlets=[LEDGER], multiple_outputs=False)
    def load(params, dag_run):
        from dunning.jobs.nightly import load

        return load.run(
            as_of=day_of_run(params, dag_run),
            dry_run=params["dry_run"],
            **settle(
                dag_run,
                PARAMS,
                "ledger",
                "mapping",
                "billing_sql",
                "quarantine_limit",
                "policy",
                "out",
                "accept_shrunk",
            ),
        )

    @task(task_display_name="разделяне")
    def share_out():
        return [
            {"shard": shard, "shards": shards}
            for shards in [count_shards()]
            for shard in range(shards)
        ]

    @task(task_display_name="етапи", pool="dunning_shards", multiple_outputs=False)
    def classify(run, share):
        from dunning.jobs.nightly import classify

        return classify.run(run, share["shard"], share["shards"])

    @task(task_display_name="предложения", outlets=[CLASSIFICATION], multiple_outputs=False)
    def propose(run, shards):
        from dunning.jobs.nightly import propose

        return propose.run(run, list(shards))

    @task(task_display_name="файлове", multiple_outputs=False)
    def write(run):
        from dunning.jobs.nightly import write

        return write.run(run)

    @task(task_display_name="приключване", outlets=[LISTS], multiple_outputs=False)
    def close(run):
        from dunning.jobs.nightly import close

        return close.run(run)

    @task(task_display_name="отчет", multiple_outputs=False)
    def report(run, published):
        from dunning.jobs.nightly import report

        return report.run(run, published)

    @task(task_display_name="неуспех", multiple_outputs=False, trigger_rule="one_failed")
    def note_failure(ti):
        from dunning.jobs.nightly import failure

        return failure.run(ti.xcom_pull(task_ids="load"))

    run = load()
    shards = classify.partial(run=run).expand(share=share_out())
    published = close(run)
    propose(run, shards) >> write(run) >> published
    # The run of the DAG ends as this task does: a failure that is noted stays one.
    report(run, published)
    published >> note_failure()


nightly()
