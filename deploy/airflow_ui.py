"""Airflow with its pages on this machine: scheduler, executor, DAG processor and API server, until Ctrl-C.

    .venv/bin/python deploy/airflow_ui.py [--port 8080]
"""

import argparse
import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import NoReturn

from airflow_home import prepare

from dunning.core.errors import DunningError
from dunning.gateways.settings import Settings

END_SECONDS_MAX = 30


def serve(environment: dict[str, str]) -> None:
    """Run `airflow standalone`; at the end of this process end it, and whatever it started, too.

    It gets a session of its own: a Ctrl-C reaches every process of a terminal at once, and Airflow's DAG processor does
    not survive that signal together with the one that its parent sends: it waits for itself for ever.
    """
    process = subprocess.Popen(["airflow", "standalone"], env=environment, start_new_session=True)
    try:
        process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS_MAX)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8080)
    port = parser.parse_args().port
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    settings = Settings.from_environment()
    try:
        environment = prepare(settings)
    except DunningError as error:
        sys.exit(str(error))
    address = f"http://localhost:{port}"
    passwords = settings.airflow_home / "simple_auth_manager_passwords.json.generated"
    print(f"Airflow starts on {address} (half a minute). User and password:\n  {passwords}", flush=True)
    serve(environment | {"AIRFLOW__API__PORT": str(port), "AIRFLOW__API__BASE_URL": address})


if __name__ == "__main__":
    main()
