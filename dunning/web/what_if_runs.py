"""The runs of the DAG `what_if`, in Airflow's own tables.

One run is started for each trial that the page has stored.

Who may start one was checked by the page. A run that is started by hand names a stored trial, too,
and nothing else.
"""

from airflow.api.common.trigger_dag import trigger_dag
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, State, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType

from dunning.jobs.desk.what_if.results import Going

DAG_ID, TASK_ID, FIELD = "what_if", "decide", "result_id"
_OPEN = (DagRunState.QUEUED, DagRunState.RUNNING)


def start_run(result_id: str, user_name: str) -> None:
    """Start a run that decides a stored trial, after the earlier ones have ended."""
    trigger_dag(
        DAG_ID,
        triggered_by=DagRunTriggeredByType.UI,
        triggering_user_name=user_name,
        conf={FIELD: result_id},
    )


def fetch_going() -> Going:
    """Return the state of each unfinished trial: `waiting` or `working`.

    A task that has ended is left out, even before Airflow closes its run: a worker that was killed
    is seen as soon as Airflow has marked its task as failed.
    """
    with create_session() as session:
        runs = (
            session.query(DagRun.conf, TaskInstance.state)
            .outerjoin(
                TaskInstance,
                (TaskInstance.dag_id == DagRun.dag_id)
                & (TaskInstance.run_id == DagRun.run_id)
                & (TaskInstance.task_id == TASK_ID),
            )
            .where(DagRun.dag_id == DAG_ID, DagRun.state.in_(_OPEN))
            .all()
        )
    going: dict[str, str] = {}
    for conf, state in runs:
        result_id = str((conf or {}).get(FIELD, ""))
        if state == TaskInstanceState.RUNNING:
            going[result_id] = "working"
        elif state not in State.finished:
            # A trial may have several runs: a working one counts more than a waiting one.
            going.setdefault(result_id, "waiting")
    return going
