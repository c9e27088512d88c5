"""The release of a night's lists: ask in Airflow, check each row again, publish files and actions.

The answer is read from Airflow's own record, and the offer from the store: nothing that decides
passes from task to task, where a person who may edit a run could change it.

The nightly run's lists start it. An unanswered question keeps no night from running: the next
lists end it.
"""

from datetime import timedelta

from airflow.sdk import Asset, Param, dag, task

from dunning.web.approval import AskOperator
from dunning.web.dag_parts import LISTS, START, name_lists, settle, task_defaults

RELEASED = Asset("released", uri="dunning://released")

PARAMS = {
    "as_of": Param(
        None,
        type=["null", "string"],
        format="date",
        title="Ден (as_of)",
        description="Последният приключен ден; друг се отказва. Празно: той.",
    ),
}


@dag(
    dag_display_name="Одобрения и излизане",
    description="Пита началника „Събиране“ и правния отдел; проверява всеки ред още веднъж; пише файловете.",
    schedule=[LISTS],
    start_date=START,
    catchup=False,
    max_active_runs=16,
    is_paused_upon_creation=False,
    dagrun_timeout=timedelta(days=4),
    params=PARAMS,
    tags=["dunning"],
    default_args=task_defaults(),
)
def release():
    """Wire the run; tasks pass receipts (counts, cents, hashes) to be read, never to be trusted."""

    @task(task_display_name="какво чака", multiple_outputs=False)
    def offer(params, dag_run):
        from dunning.jobs.release import offer

        return offer.run(params["as_of"], **settle(dag_run, PARAMS))

    @task(multiple_outputs=False, trigger_rule="none_failed")
    def let_out(name, params, dag_run):
        from dunning.jobs.release import answer

        return answer.run(
            dag_run.run_id,
            name,
            params["as_of"],
            **settle(dag_run, PARAMS, "last_look", "mapping", "billing_sql"),
        )

    @task(
        task_display_name="отчет",
        multiple_outputs=False,
        outlets=[RELEASED],
        trigger_rule="all_done",
    )
    def report(released):
        from dunning.jobs.release import report

        return report.run(list(released))

    offers = offer()
    released = []
    for name, said in name_lists().items():
        ask = AskOperator(
            task_id=f"ask_{name}",
            task_display_name=f"одобрение: {said}",
            list_name=name,
            as_of="{{ params.as_of or '' }}",
        )
        out = let_out.override(task_id=f"release_{name}", task_display_name=f"излизане: {said}")(
            name
        )
        offers >> ask >> out
        released.append(out)
    report(released)


release()
