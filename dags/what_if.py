"""One trial of other rules on past nights; it records nothing and sends nothing.

The page of the rules checks and stores a trial, and starts the run. A run started by hand can only
name a stored trial: its content never comes from the run.
"""

from datetime import timedelta

from airflow.sdk import Param, dag, task

from dunning.web.dag_parts import settle

PARAMS = {
    "result_id": Param(
        type="string",
        pattern="^[0-9a-f]{32}$",
        title="Проба",
        description="Номер на проба, която страницата „Правила“ вече е проверила и запазила.",
    ),
}


@dag(
    dag_display_name="Проба на други правила",
    description="Решава наново запазени нощи с променени правила; не записва и не изпраща нищо.",
    schedule=None,
    is_paused_upon_creation=False,
    dagrun_timeout=timedelta(hours=20),
    params=PARAMS,
    tags=["dunning"],
)
def what_if():
    """Wire the run: the trial's folder keeps the result; the task returns counts."""

    # Not tried again by itself: its author sees why it failed and may start it anew.
    @task(
        task_display_name="решаване наново",
        pool="dunning_what_if",
        multiple_outputs=False,
        retries=0,
    )
    def decide(params, dag_run):
        from dunning.jobs.desk.what_if import what_if_run

        return what_if_run.run(params["result_id"], **settle(dag_run, PARAMS))

    decide()


what_if()
