"""Airflow's own record of a question, from its database: text, recipients, answer, author.

What a task passes on to the next one (XCom) can be changed by every user who may edit runs; this
record only by Airflow.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from dunning.core.errors import DunningError, OutageError
from dunning.gateways.postgres.database import RUNNER
from dunning.gateways.postgres.server import embedded_url, start_server
from dunning.gateways.postgres.sql_files import statement
from dunning.gateways.settings.environment import Settings

URL_VARIABLE = "DUNNING_AIRFLOW_DATABASE_URL"


@dataclass(frozen=True)
class RecordedQuestion:
    """A question as Airflow keeps it.

    asked_of: Airflow's ids of the users who may answer. responded_at: None while there is no
    answer; responded_by: id and name, None where it was closed without a user. chosen: the options
    that were chosen. given: the fields of the answer's form.
    """

    subject: str
    body: str
    asked_of: Sequence[str]
    created_at: datetime
    responded_at: datetime | None
    responded_by: Mapping[str, str] | None
    chosen: Sequence[str]
    given: Mapping[str, Any]


def fetch_question(
    settings: Settings, dag_id: str, run_id: str, task_id: str
) -> RecordedQuestion | None:
    """Return the question that a task of a run asked; None if Airflow has none.

    Raises:
        OutageError: Airflow's database does not answer, or does not let us read.
    """
    key = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id}
    engine = create_engine(
        _find_url(settings),
        # no pool: one query is all
        poolclass=NullPool,
        # an error in a log must not show notes or names
        hide_parameters=True,
        connect_args={"connect_timeout": 10},
    )
    try:
        with engine.connect() as connection:
            row = connection.execute(statement("airflow_questions", "select"), key).one_or_none()
    except SQLAlchemyError as error:
        raise OutageError(
            f"Airflow's record of the answers cannot be read ({type(error.__cause__ or error).__name__}), and nothing "
            f"is released without it. See to Airflow's database, or to {URL_VARIABLE} where it is not the embedded one."
        ) from error
    finally:
        engine.dispose()
    if row is None:
        return None
    return RecordedQuestion(
        subject=row.subject,
        body=row.body or "",
        asked_of=[str(user["id"]) for user in row.assignees or []],
        created_at=row.created_at,
        responded_at=row.responded_at,
        responded_by=row.responded_by,
        chosen=row.chosen_options or [],
        given=row.params_input or {},
    )


def _find_url(settings: Settings) -> URL:
    named = os.environ.get(URL_VARIABLE)
    if not named:
        return embedded_url(start_server(settings.home), "airflow", user=RUNNER)
    try:
        return make_url(named).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError) as error:
        raise DunningError(
            f"{URL_VARIABLE} is no URL; write postgresql://user@host/database."
        ) from error
