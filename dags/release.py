"""The release of a night's lists: whoever may say so is asked in Airflow, each row is looked at again, files and deeds.

Nightly's lists start it. A question that nobody answers keeps no night from running: the next lists end it.
"""

from datetime import datetime, timedelta

from airflow.sdk import Asset, Param, dag, task

from dunning.web.approval import AskOperator
from dunning.web.dag_parts import LISTS, SOFIA, task_defaults

RELEASED = Asset("released", uri="dunning://released")
NAMES = {"reminders": "съобщения", "disconnections": "прекъсване", "court": "съд"}

PARAMS = {
    "as_of": Param(
        None,
        type=["null", "string"],
        format="date",
        title="Ден (as_of)",
        description="Последният приключен ден; друг се отказва. Празно: той.",
    ),
    "ledger": Param(
        None,
        type=["null", "string"],
        title="Извлечение за последната проверка",
        description="По-ново извлечение с плащания и задържания. Празно: най-новото заредено.",
    ),
    "auto_approve": Param(
        False,
        type="boolean",
        title="Без питане",
        description="Само за проба: списъците излизат без човек. Отказва се, щом някой е посочен да одобрява.",
    ),
}


@dag(
    dag_display_name="Одобрения и излизане",
    description="Пита началника „Събиране“ и правния отдел; проверява всеки ред още веднъж; пише файловете.",
    schedule=[LISTS],
    start_date=datetime(2026, 1, 1, tzinfo=SOFIA),
    catchup=False,
    max_active_runs=16,
    is_paused_upon_creation=False,
    dagrun_timeout=timedelta(days=4),
    params=PARAMS,
    tags=["dunning"],
    default_args=task_defaults(),
)
def release():
    """Wire the run: what goes from task to task are receipts (counts, cents, hashes), never rows."""

    @task(task_display_name="какво чака", multiple_outputs=False)
    def offer(params):
        from dunning.jobs.release import offer

        return offer.run(params["as_of"])

    @task(multiple_outputs=False, trigger_rule="none_failed")
    def let_out(offers, name, reply, params):
        from dunning.jobs.release import publish

        return publish.run_where_asked(offers, name, reply, params["ledger"])

    @task(task_display_name="отчет", multiple_outputs=False, outlets=[RELEASED], trigger_rule="all_done")
    def report(released):
        from dunning.jobs.release import report

        return report.run(list(released))

    offers = offer()
    released = []
    for name, said in NAMES.items():
        ask = AskOperator(
            task_id=f"ask_{name}",
            task_display_name=f"одобрение: {said}",
            list_name=name,
            offers=offers,
            auto_approve="{{ params.auto_approve }}",
        )
        out = let_out.override(task_id=f"release_{name}", task_display_name=f"излизане: {said}")
        released.append(out(offers, name, ask.output))
    report(released)


release()
