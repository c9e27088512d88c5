"""The roles on the embedded server: Airflow's own, and what our runner may read of Airflow."""

from pathlib import Path

import psycopg

from dunning.gateways.postgres.server_data import AIRFLOW, SUPERUSER
from dunning.gateways.postgres.sql_files import sql_folder

_LOCK = 7_309_453_006


def own_airflow(socket_dir: Path) -> None:
    """Let Airflow own its database, and our runner read what was asked and answered there; as often
    as one likes.

    What Airflow's migrations have made since the last time counts too.
    """
    roles = sql_folder() / "roles"
    with psycopg.connect(
        host=str(socket_dir), user=SUPERUSER, dbname=AIRFLOW, autocommit=True
    ) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        for name in ("make", "own_airflow"):
            connection.execute((roles / f"{name}.sql").read_bytes())
