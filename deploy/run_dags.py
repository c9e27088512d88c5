"""Run the nightly DAG once through Airflow, here and now, others on its night after it; say plainly what they made.

    .venv/bin/python deploy/run_dags.py [monthly_notices] [--ledger DIR] [--as-of 2026-11-22] [--out DIR] [--shards N] …

Airflow runs every task of a DAG for real, mapped ones included, one after the other, and keeps the run in its own
tables like any other; no scheduler and no pages are started for it. All that Airflow says goes to a log.
Without --ledger it is the sample ledger's own day. The notices are those of all services, due or not.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
from airflow_home import CONNECTION, REPOSITORY, prepare

from dunning.core.errors import DunningError
from dunning.gateways.people import read_people
from dunning.gateways.settings import Settings
from dunning.gateways.store import open_store, runs

STARTED = re.compile(r"\[DAG TEST\] starting task_id=(\S+) map_index=(-?\d+)")
# The reports of a DAG's newest run, one a group.
REPORT = """
    SELECT value ->> 'text', value ->> 'folder', value ->> 'as_of' FROM xcom
    WHERE dag_id = %(dag_id)s AND task_id = 'report' AND key = 'return_value' AND run_id = (
        SELECT run_id FROM xcom
        WHERE dag_id = %(dag_id)s AND task_id = 'report' AND key = 'return_value'
        ORDER BY timestamp DESC LIMIT 1
    )
    ORDER BY map_index
"""
# What a DAG that follows the nightly one is told of its order.
FOLLOWERS = {"monthly_notices": ("out", "policy", "shards", "dry_run"), "release": ()}
LIE_IN = {
    "nightly": "The lists lie in", "monthly_notices": "The notices lie in", "release": "What left the house lies in"
}  # fmt: skip
ENDED = re.compile(r"\[DAG TEST\] end task ")
REFUSED = re.compile(r"^dunning\.core\.errors\.\w+: (.*)|^(?:[a-z_]\w*\.)*([A-Z]\w*(?:Error|Exception): .*)")
LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\dT\S+Z \[")


def main() -> None:
    options = _options()
    settings = Settings.from_environment()
    try:
        environment = prepare(settings)
        conf = _conf(options, settings)
        if "://" in str(conf["ledger"]):  # may hold a password: Airflow keeps what a form holds
            environment["DUNNING_LEDGER"], conf["ledger"] = str(conf["ledger"]), "env:DUNNING_LEDGER"
        environment["DUNNING_RETRY_SECONDS"] = "5"
        as_of = _run_and_tell("nightly", conf, environment, settings)
        for name in options.followers:
            given = {key: conf[key] for key in FOLLOWERS[name] if key in conf} | {"as_of": as_of}
            if name == "release":
                _release(given, environment, settings)
            else:
                _run_and_tell(name, {**given, "service": "all"}, environment, settings)
    except DunningError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Stopped. Nothing is half-done; run the same day again.")


def _release(given: dict[str, object], environment: dict[str, str], settings: Settings) -> None:
    """Release the lists of the last closed night without asking, where nobody is named who could be asked."""
    closed_on = runs.last_closed_on(open_store(settings, "make run"))
    if read_people(settings):
        print("\nDisconnections and court cases wait for their approval: see `make ui`.")
    elif closed_on is not None and closed_on.isoformat() == given["as_of"]:
        _run_and_tell("release", {**given, "auto_approve": True}, environment, settings)


def _run_and_tell(name: str, conf: dict[str, object], environment: dict[str, str], settings: Settings) -> str:
    """Run a DAG, print its reports and where the files lie; return the date that it spoke for."""
    _run(name, conf, environment, settings.airflow_home / "logs" / f"make-run-{name}.log")
    reports = _fetch_reports(environment[CONNECTION], name)
    for text, folder, _ in reports:
        print(f"\n{text}")
        if folder:
            print(f"\n{LIE_IN[name]} {folder if '://' in folder else _short(Path(folder))}")
    return reports[-1][2] if reports else ""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("followers", nargs="*", metavar="DAG", help="DAGs that follow: monthly_notices, release")
    parser.add_argument("--ledger")
    parser.add_argument("--as-of")
    parser.add_argument("--out", default="out")
    parser.add_argument("--mapping")
    parser.add_argument("--billing-sql")
    parser.add_argument("--policy")
    parser.add_argument("--shards", type=int)
    parser.add_argument("--quarantine-limit", type=float)
    parser.add_argument("--dry-run", action="store_true", default=None)
    return parser.parse_args()


def _conf(options: argparse.Namespace, settings: Settings) -> dict[str, object]:
    """Return what the run's form would hold: the DAG's own defaults stand for everything that was not given."""
    given = {name: value for name, value in vars(options).items() if value is not None and name != "followers"}
    if not options.ledger:
        given["ledger"] = str(settings.home / "sample")
        manifest = json.loads((settings.home / "sample" / "manifest.json").read_text("utf-8"))
        given.setdefault("as_of", manifest["as_of"])
    for name in {"ledger", "out", "mapping", "billing_sql", "policy"} & given.keys():
        is_path = "://" not in given[name] and not given[name].startswith("env:")
        given[name] = str(Path(given[name]).expanduser().absolute()) if is_path else given[name]
    return given


def _run(name: str, conf: dict[str, object], environment: dict[str, str], log: Path) -> None:
    print(f"The DAG {name} runs through Airflow; its log: {_short(log)}", flush=True)
    command = ["airflow", "dags", "test", name, "--conf", json.dumps(conf)]
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        open(log, "w", encoding="utf-8") as file,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
        ) as process,
    ):
        refusal = _follow(process, file)
    if process.returncode != 0:
        raise DunningError(refusal or "Airflow could not run the DAG; its log says why.")


def _follow(process: subprocess.Popen[str], file) -> str:
    """Copy the log to its file and print a line per task; return the last error in it, or nothing."""
    refusal: list[str] = []
    is_refusal, began = False, 0.0
    for line in process.stdout or ():
        file.write(line)
        if found := REFUSED.match(line):
            refusal, is_refusal = [found[1] or found[2]], True
        elif is_refusal and not LOG_LINE.match(line):
            refusal.append(line.rstrip())
        else:
            is_refusal = False
        if found := STARTED.search(line):
            name = found[1] if found[2] == "-1" else f"{found[1]} {found[2]}"
            began = time.monotonic()
            print(f"  {name:<12}", end=" ", flush=True)
        elif ENDED.search(line):
            print(f"{time.monotonic() - began:6.1f} s", flush=True)
    return "\n".join(refusal)


def _fetch_reports(url: str, dag_id: str) -> list[tuple[str, str, str]]:
    """Return what the last task of a DAG's newest run gave to Airflow: text, folder and date, one a group."""
    with psycopg2.connect(url.replace("+psycopg2", "", 1)) as connection, connection.cursor() as cursor:
        cursor.execute(REPORT, {"dag_id": dag_id})
        return cursor.fetchall()


def _short(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(REPOSITORY) else str(path)


if __name__ == "__main__":
    main()
