"""The monthly notices of the billing groups that are due, after a closed night; or by hand."""

from datetime import timedelta

from airflow.sdk import Asset, Param, dag, task

from dunning.web.dag_parts import LISTS, START, count_shards, name_services, settle, task_defaults

NOTICES = Asset("notices", uri="dunning://notices")

PARAMS = {
    "as_of": Param(
        None,
        type=["null", "string"],
        format="date",
        title="Ден (as_of)",
        description="Нощ, която вече е обработена. Празно: последният приключен ден.",
    ),
    "service": Param(
        "",
        type="string",
        enum=["", *name_services(), "all"],
        values_display={
            "": "които са на ред",
            **name_services(),
            "all": "всички",
        },
        title="Услуга",
        description="На ред е група, чийто ден от месеца (notices.toml) е настъпил след последните ѝ съобщения.",
    ),
    "dry_run": Param(
        False, type="boolean", title="Проба", description="Пише файловете и не отбелязва нищо."
    ),
}


@dag(
    dag_display_name="Месечни съобщения",
    description="Всяка партида с нова сметка или дълг получава съобщение: на хартия или по имейл.",
    schedule=[LISTS],
    start_date=START,
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    dagrun_timeout=timedelta(hours=20),
    params=PARAMS,
    tags=["dunning"],
    default_args=task_defaults(),
)
def monthly_notices():
    """Wire the run; tasks pass receipts (counts, cents, hashes, paths), never rows."""

    @task(task_display_name="кой е на ред")
    def due(params, dag_run):
        from dunning.jobs.monthly import due

        return due.run(
            as_of=params["as_of"],
            service=params["service"],
            dry_run=params["dry_run"],
            **settle(dag_run, PARAMS, "out", "policy"),
        )

    @task(task_display_name="начало", multiple_outputs=False, max_active_tis_per_dag=1)
    def begin(order):
        from dunning.jobs.monthly import begin

        return begin.run(**order)

    @task(task_display_name="разделяне")
    def share_out(runs):
        return [
            {"run": run, "part": part, "shards": shards}
            for shards in [count_shards()]
            for run in runs
            for part in range(shards)
        ]

    @task(task_display_name="решения", pool="dunning_shards", multiple_outputs=False)
    def gather(share):
        from dunning.jobs.monthly import gather

        return gather.run(share["run"], share["part"], share["shards"])

    @task(task_display_name="подреждане", multiple_outputs=False)
    def plan(run, shards):
        from dunning.jobs.monthly import plan

        return plan.run(run, list(shards))

    @task(task_display_name="съобщения", pool="dunning_shards", multiple_outputs=False)
    def render(share):
        from dunning.jobs.monthly import render

        return render.run(share["run"], share["part"], share["shards"])

    @task(
        task_display_name="публикуване",
        outlets=[NOTICES],
        multiple_outputs=False,
        max_active_tis_per_dag=1,
    )
    def publish(given):
        from dunning.jobs.monthly import publish

        return publish.run(*given)

    @task(task_display_name="отчет", multiple_outputs=False)
    def report(given):
        from dunning.jobs.monthly import report

        return report.run(*given)

    runs = begin.expand(order=due())
    shares = share_out(runs)
    planned = plan.partial(shards=gather.expand(share=shares)).expand(run=runs)
    rendered = render.expand(share=shares)
    planned >> rendered
    published = publish.expand(given=runs.zip(planned))
    rendered >> published
    report.expand(given=runs.zip(published))


monthly_notices()
