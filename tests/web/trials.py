"""Runs of the DAG `what_if` in Airflow's own tables, in the process of a test: what the pages start
and look up there, and what a scheduler makes of it.
"""

from pathlib import Path

from tests.web.questions import make_tables

DAG_FILE = Path(__file__).resolve().parents[2] / "dags" / "what_if.py"


def make_dag() -> None:
    """Make Airflow's tables with the DAG as its file has it."""
    from airflow import settings
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dagbundle import DagBundleModel

    make_tables()
    with settings.Session() as session:
        session.merge(DagBundleModel(name="dags-folder"))
        session.commit()
    sync_bag_to_db(DagBag(DAG_FILE, bundle_path=DAG_FILE.parent), "dags-folder", None)


def read_runs() -> list[tuple[str, dict[str, str], str]]:
    """Return the runs in their order: state, what each was given, who started it."""
    from airflow import settings
    from airflow.models.dagrun import DagRun

    columns = DagRun.__table__.c
    query = DagRun.__table__.select().where(columns.dag_id == "what_if").order_by(columns.id)
    with settings.engine.connect() as connection:
        rows = connection.execute(query).all()
    return [(row.state, row.conf, row.triggering_user_name) for row in rows]


def set_states(run: str, task: str) -> None:
    """Bring all runs and their task into a state, as the scheduler does."""
    from airflow import settings
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance

    with settings.engine.begin() as connection:
        for table, state in ((DagRun.__table__, run), (TaskInstance.__table__, task)):
            connection.execute(
                table.update().where(table.c.dag_id == "what_if").values(state=state)
            )
