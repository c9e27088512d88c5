"""Roles on the embedded server: Airflow's own, and our runner's right to read from Airflow."""

from pathlib import Path

import psycopg

from dunning.gateways.postgres.server_data import AIRFLOW, SUPERUSER
from dunning.gateways.postgres.sql_files import sql_folder

# two processes that change the same rights at once would fail
_LOCK = 7_309_453_006


def own_airflow(socket_dir: Path) -> None:
    """Make Airflow the owner of its database, and let our runner read questions and answers.

    May be repeated: tables that Airflow's migrations have made since the last time are included.
    """
    roles = sql_folder() / "roles"
    with psycopg.connect(
        host=str(socket_dir), user=SUPERUSER, dbname=AIRFLOW, autocommit=True
    ) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        for name in ("make", "own_airflow"):
            connection.execute((roles / f"{name}.sql").read_bytes())
