"""The approval questions in Airflow: found, answered in the user's own name, asked again.

Airflow's own route takes the answer, and checks who was asked and that it was not answered
before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from airflow.api.common.trigger_dag import trigger_dag
from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail
from airflow.models.dagrun import DagRun
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType
from fastapi import HTTPException

from dunning.jobs.desk.session import RefusedError
from dunning.jobs.release.answer import DAG_ID, is_about, task_of
from dunning.web.access import StrangerError

_OPEN = (TaskInstanceState.DEFERRED, TaskInstanceState.AWAITING_INPUT)
_ENDED = (
    TaskInstanceState.SUCCESS,
    TaskInstanceState.FAILED,
    TaskInstanceState.SKIPPED,
    TaskInstanceState.UPSTREAM_FAILED,
    TaskInstanceState.REMOVED,
)


@dataclass(frozen=True)
class QuestionState:
    """The state of a list's question.

    state: `open`, `underway` (asked or released just now), `none`.

    run_id: the run of Airflow's that asks; empty where none does. asked_of: Airflow's ids of who
    may answer.
    """

    state: str
    run_id: str = ""
    asked_of: tuple[str, ...] = ()


def find_question_states(as_of: date, names: list[str]) -> Mapping[str, QuestionState]:
    """Return the state of the question about each list of a night."""
    with create_session() as session:
        return {name: _find_question_state(session, as_of, name) for name in names}


def answer_question(
    user: Any, as_of: date, name: str, run_id: str, *, option: str, note: str
) -> None:
    """Answer a question in the name of an Airflow user.

    Raises:
        RefusedError: it is not open any more, or is another one than he saw. StrangerError: he was
            not asked.
    """
    question = find_question_states(as_of, [name])[name]
    # The page shows one question; a newer one may have replaced it meanwhile.
    if question.state != "open" or question.run_id != run_id:
        raise RefusedError(
            f"The question about {name} of {as_of} is closed. Nothing was answered.", "no_question"
        )
    _permit(user, "PUT", DagAccessEntity.HITL_DETAIL)
    payload = UpdateHITLDetailPayload(chosen_options=[option], params_input={"note": note})
    try:
        with create_session() as session:
            update_hitl_detail(DAG_ID, run_id, task_of(name), payload, user, session, -1)
    except HTTPException as error:
        if error.status_code == 403:
            raise StrangerError("not_asked", str(user.get_name())) from error
        raise RefusedError(f"Airflow refused the answer: {error.detail}", "no_question") from error


def ask_anew(user: Any, as_of: date, name: str) -> None:
    """Start a run that asks again about the waiting lists of a night.

    It asks those who may approve now.

    Raises:
        RefusedError: it is being asked already. StrangerError: Airflow does not let this user start
            runs.
    """
    if find_question_states(as_of, [name])[name].state != "none":
        raise RefusedError(
            f"The list {name} of {as_of} is being asked about already.", "asked_already"
        )
    _permit(user, "POST", DagAccessEntity.RUN)
    trigger_dag(
        DAG_ID,
        triggered_by=DagRunTriggeredByType.UI,
        triggering_user_name=str(user.get_name()),
        conf={"as_of": as_of.isoformat()},
    )


def _find_question_state(session: Any, as_of: date, name: str) -> QuestionState:
    """Return the newest open question about the night.

    Without one: whether a run is about to ask or to release.
    """
    asked = (
        session.query(TaskInstance.run_id, HITLDetail.body, HITLDetail.assignees)
        .join(HITLDetail, HITLDetail.ti_id == TaskInstance.id)
        .where(
            TaskInstance.dag_id == DAG_ID,
            TaskInstance.task_id == task_of(name),
            TaskInstance.state.in_(_OPEN),
        )
        .where(HITLDetail.responded_at.is_(None))
        .order_by(HITLDetail.created_at.desc())
    )
    for run_id, body, assignees in asked:
        if is_about(body or "", as_of):
            return QuestionState("open", run_id, tuple(str(user["id"]) for user in assignees or ()))
    # No open question: an unfinished release task means that a run will ask, or is releasing.
    going_on = (
        session.query(TaskInstance.run_id)
        .join(
            DagRun, (DagRun.dag_id == TaskInstance.dag_id) & (DagRun.run_id == TaskInstance.run_id)
        )
        .where(TaskInstance.dag_id == DAG_ID, TaskInstance.task_id == f"release_{name}")
        .where(DagRun.state.in_((DagRunState.QUEUED, DagRunState.RUNNING)))
        .where(TaskInstance.state.is_(None) | TaskInstance.state.not_in(_ENDED))
    )
    return QuestionState("underway" if going_on.first() else "none")


def _permit(user: Any, method: Any, entity: DagAccessEntity) -> None:
    """Raise unless Airflow's own roles allow it, as in its own route."""
    details = DagDetails(id=DAG_ID)
    if not get_auth_manager().is_authorized_dag(
        method=method, access_entity=entity, details=details, user=user
    ):
        raise StrangerError("read_only", str(user.get_name()))
