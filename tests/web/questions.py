"""Questions in Airflow's own tables, in the process of a test."""

from datetime import UTC, datetime
from uuid import uuid4

MINUTE = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
RUN = "scheduled__1"


def make_tables() -> None:
    """Make all of Airflow's tables, empty, with the DAG of the release."""
    from airflow import settings
    from airflow.models import Base, import_all_models

    import_all_models()
    Base.metadata.create_all(settings.engine, checkfirst=True)
    with settings.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        for table in ("hitl_detail", "task_instance", "dag_run", "log"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
        connection.commit()


def add_run(
    states: dict[str, str | None], *, run_id: str = RUN, state: str = "running"
) -> dict[str, str]:
    """Add a run of the release whose tasks are in these states; return their ids by name."""
    from airflow import settings
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance

    ids = {task_id: uuid4() for task_id in states}
    run: dict[str, object] = {
        "dag_id": "release",
        "run_id": run_id,
        "run_type": "scheduled",
        "state": state,
        "run_after": MINUTE,
        "creating_job_id": None,
        "conf": {},
        "log_template_id": 1,
    }
    with settings.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.execute(DagRun.__table__.insert(), run)
        for task_id, task_state in states.items():
            task = {
                "id": ids[task_id],
                "dag_id": "release",
                "run_id": run_id,
                "task_id": task_id,
                "map_index": -1,
                "state": task_state,
                "pool": "default_pool",
                "pool_slots": 1,
                "try_number": 1,
                "max_tries": 1,
                "priority_weight": 1,
                "queue": "default",
                "operator": "AskOperator",
            }
            connection.execute(TaskInstance.__table__.insert(), task)
        connection.commit()
    return {task_id: str(number) for task_id, number in ids.items()}


def add_question(task: str, body: str, asked_of: tuple[str, ...]) -> None:
    """Add what a task asks."""
    from uuid import UUID

    from airflow import settings
    from airflow.models.hitl import HITLDetail

    told = {
        "ti_id": UUID(task),
        "options": ["Одобрявам", "Отказвам"],
        "subject": "?",
        "body": body,
        "multiple": False,
        "params": {},
        "assignees": [{"id": name, "name": name} for name in asked_of],
        "created_at": MINUTE,
        "params_input": {},
    }
    with settings.engine.begin() as connection:
        connection.execute(HITLDetail.__table__.insert(), told)


def read_answers() -> list[tuple[str | None, list[str] | None, dict[str, str]]]:
    """Return what Airflow recorded: who answered, what, with which note."""
    from airflow import settings
    from airflow.models.hitl import HITLDetail

    columns = HITLDetail.__table__.c
    with settings.engine.connect() as connection:
        rows = connection.execute(HITLDetail.__table__.select().order_by(columns.created_at)).all()
    return [
        (row.responded_by and row.responded_by["id"], row.chosen_options, row.params_input)
        for row in rows
    ]
