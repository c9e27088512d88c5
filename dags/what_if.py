"""Other rules tried on past nights: what the page of the rules has checked and stored is decided
here, one trial at a time. It records nothing and sends nothing.

The page starts a run. By hand one can only name a trial that is stored already: what is tried is
never said by whoever may start a run.
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
    """Wire the run: the trial keeps what was found; the task returns counts."""

    # Not tried again by itself: its author sees why it failed and may start it anew.
    @task(
        task_display_name="решаване наново",
        pool="dunning_what_if",
        multiple_outputs=False,
        retries=0,
    )
    def decide(params, dag_run):
        from dunning.jobs.desk import what_if_run

        return what_if_run.run(params["result_id"], **settle(dag_run, PARAMS))

    decide()


what_if()
