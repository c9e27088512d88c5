"""Airflow's own tables of questions in a test's database, and questions in them as its server
writes them.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, text
from sqlalchemy.schema import CreateTable

RUN = "manual__1"
ASKED_AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
ANSWERED_AT = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)


def make_tables(engine: Engine) -> None:
    """Make both tables as the installed Airflow has them, without what they refer to."""
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance

    with engine.begin() as connection:
        for model in (TaskInstance, HITLDetail):
            connection.execute(CreateTable(model.__table__, include_foreign_key_constraints=()))


def add_question(
    engine: Engine,
    list_name: str,
    body: str,
    *,
    by: Mapping[str, str] | None = None,
    chosen: str = "",
    note: str | None = None,
    run_id: str = RUN,
    asked_of: tuple[str, ...] = ("head",),
) -> None:
    """Add a question of a run; answered, where something was chosen, in nobody's name, where there
    is none.
    """
    from airflow.models.hitl import HITLDetail

    told: dict[str, Any] = {
        "ti_id": uuid4(),
        "options": ["Одобрявам", "Отказвам"],
        "subject": "?",
        "body": body,
        "multiple": False,
        "params": {},
        "assignees": [{"id": name, "name": name} for name in asked_of],
        "created_at": ASKED_AT,
        "responded_at": ANSWERED_AT if chosen else None,
        "responded_by": dict(by) if by else None,
        "chosen_options": [chosen] if chosen else None,
        "params_input": {"note": note} if chosen else {},
    }
    with engine.begin() as connection:
        connection.execute(HITLDetail.__table__.insert(), told)
        add_task(connection, told["ti_id"], run_id, f"ask_{list_name}")


def add_task(connection: Any, number: Any, run_id: str, task_id: str) -> None:
    """Add the task that asked, with what its table wants of every task."""
    wanted = {
        "id": str(number),
        "dag_id": "release",
        "run_id": run_id,
        "task_id": task_id,
        "map_index": -1,
        "pool": "default",
        "try_number": 1,
        "max_tries": 1,
        "pool_slots": 1,
        "priority_weight": 1,
        "custom_operator_name": "",
        "context_carrier": None,
        "executor_config": b"",
    }
    found = connection.execute(
        text(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'task_instance' "
            "AND is_nullable = 'NO' AND column_default IS NULL"
        )
    ).scalars()
    names = sorted({*found, "map_index"} & wanted.keys())
    columns, values = ", ".join(names), ", ".join(f":{name}" for name in names)
    connection.execute(text(f"INSERT INTO task_instance ({columns}) VALUES ({values})"), wanted)
