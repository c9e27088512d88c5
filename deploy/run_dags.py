"""Run the nightly DAG once through Airflow, then other DAGs; print what they made.

    .venv/bin/python deploy/run_dags.py [monthly_notices] [--ledger DIR] [--as-of 2026-11-22]
        [--out DIR] [--shards N] …

Airflow runs every task of a DAG for real, mapped ones included, one after the other, and keeps the
run in its own tables like any other; scheduler and pages are not started. Airflow's output goes to
a log. Without a ledger, here or in the home's settings, it is the sample ledger's own day, and its
lists are released without a question, because the sample's people are invented. The lists of any
other ledger wait for their approvers. The notices are those of all services, due or not. Places of
files reach Airflow by the environment of its process, never by the form of a run, which stays in
Airflow's tables.
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
from sample_nights import day_of, run_nights_before

from dunning.core.errors import DunningError
from dunning.gateways.settings.environment import Settings
from dunning.gateways.settings.operator_settings import VARIABLES, names_ledger, read_house_settings
from dunning.gateways.settings.people import approvers_of, people_file, read_people
from dunning.gateways.store import open_store, runs
from dunning.gateways.store.releases import fetch_releases
from dunning.jobs.release.sample import APPROVES_SAMPLE

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
LIE_IN = {
    "nightly": "The lists lie in",
    "monthly_notices": "The notices lie in",
    "release": "What left the house lies in",
}
ENDED = re.compile(r"\[DAG TEST\] end task ")
REFUSED = re.compile(
    r"^dunning\.core\.errors\.\w+: (.*)|^(?:[a-z_]\w*\.)*([A-Z]\w*(?:Error|Exception): .*)"
)
LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\dT\S+Z \[")


def main() -> None:
    """Run the DAGs of the command line, print what they made; exit with an error's reason."""
    options = _options()
    settings = Settings.from_environment()
    try:
        given = _settle(options, settings)
        environment = prepare(settings) | given | {"DUNNING_RETRY_SECONDS": "5"}
        form = {
            name: getattr(options, name) for name in ("as_of", "dry_run") if getattr(options, name)
        }
        is_sample = is_unnamed(options, settings)
        if is_sample:
            form.setdefault("as_of", day_of(settings.home / "sample").isoformat())
            if options.followers:
                run_nights_before(
                    settings, Path(given.get("DUNNING_OUT") or read_house_settings(settings).out)
                )
        as_of = _run_and_tell("nightly", form, environment, settings)
        for name in options.followers:
            if name == "release":
                _release(as_of, is_sample, environment, settings)
            else:
                _run_and_tell(
                    name, {**form, "as_of": as_of, "service": "all"}, environment, settings
                )
    except DunningError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Stopped. Nothing is half-done; run the same day again.")


def is_unnamed(options: argparse.Namespace, settings: Settings) -> bool:
    """Return whether no ledger was named, so that it is the sample.

    The lists of a named ledger wait for a person.
    """
    return not options.ledger and not names_ledger(settings)


def _release(as_of: str, is_sample: bool, environment: dict[str, str], settings: Settings) -> None:
    """Release the lists of the sample's last night if there are no approvers.

    Otherwise print for whom the lists wait.
    """
    engine = open_store(settings, "make run")
    closed_on = runs.last_closed_on(engine)
    if closed_on is None or closed_on.isoformat() != as_of:
        return
    if is_sample and not read_people(settings):
        print(
            "\nThis is the sample, and nobody lives there: its lists are released without asking anybody."
        )
        _run_and_tell("release", {"as_of": as_of}, environment | {APPROVES_SAMPLE: "1"}, settings)
        return
    waiting = [
        release.list_name
        for release in fetch_releases(engine, closed_on)
        if release.state == "waiting"
    ]
    if waiting:
        print(f"\n{_tell_waiting(settings, waiting)}")


def _tell_waiting(settings: Settings, waiting: list[str]) -> str:
    """Return one line: which lists wait for whom, or how to name an approver."""
    people = read_people(settings)
    may = {name: [person.user_name for person in approvers_of(people, name)] for name in waiting}
    told = "; ".join(
        f"{name} for {' or '.join(names) or 'nobody yet'}" for name, names in may.items()
    )
    cure = (
        ""
        if all(may.values())
        else f' Name somebody in {people_file(settings)}: approves = ["{waiting[0]}"].'
    )
    return (
        f"Nothing of these leaves before somebody approves it in the pages (make ui): {told}.{cure}"
    )


def _run_and_tell(
    name: str, conf: dict[str, object], environment: dict[str, str], settings: Settings
) -> str:
    """Run a DAG, print its reports and the folders of its files; return its date."""
    _run(name, conf, environment, settings.airflow_home / "logs" / f"make-run-{name}.log")
    reports = _fetch_reports(environment[CONNECTION], name)
    for text, folder, _ in reports:
        print(f"\n{text}")
        if folder:
            print(f"\n{LIE_IN[name]} {folder if '://' in folder else _short(Path(folder))}")
    return reports[-1][2] if reports else ""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "followers", nargs="*", metavar="DAG", help="DAGs that follow: monthly_notices, release"
    )
    parser.add_argument("--ledger")
    parser.add_argument("--as-of")
    parser.add_argument("--out")
    parser.add_argument("--mapping")
    parser.add_argument("--billing-sql")
    parser.add_argument("--policy")
    parser.add_argument("--shards", type=int)
    parser.add_argument("--quarantine-limit", type=float)
    parser.add_argument("--dry-run", action="store_true", default=None)
    return parser.parse_args()


def _settle(options: argparse.Namespace, settings: Settings) -> dict[str, str]:
    """Return the operator's settings of this run as environment variables, with absolute paths.

    Without a ledger it is that of the home's settings; where these name none, the sample.
    """
    ledger = options.ledger or read_house_settings(settings).ledger
    given = {name: getattr(options, name, None) for name in VARIABLES} | {"ledger": ledger}
    return {
        VARIABLES[name]: _whole(str(value)) for name, value in given.items() if value is not None
    }


def _whole(value: str) -> str:
    is_place = "://" in value or value.startswith("env:") or value.replace(".", "", 1).isdigit()
    return value if is_place else str(Path(value).expanduser().absolute())


def _run(name: str, conf: dict[str, object], environment: dict[str, str], log: Path) -> None:
    print(f"The DAG {name} runs through Airflow; its log: {_short(log)}", flush=True)
    command = ["airflow", "dags", "test", name, "--conf", json.dumps(conf)]
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        open(log, "w", encoding="utf-8") as file,
        subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        ) as process,
    ):
        refusal = _follow(process, file)
    if process.returncode != 0:
        raise DunningError(refusal or "Airflow could not run the DAG; its log says why.")


def _follow(process: subprocess.Popen[str], file) -> str:
    """Copy the log to its file and print a line per task; return its last error, or nothing."""
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
    """Return the result of the last task of a DAG's newest run: text, folder, date per group."""
    with (
        psycopg2.connect(url.replace("+psycopg2", "", 1)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(REPORT, {"dag_id": dag_id})
        return cursor.fetchall()


def _short(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(REPOSITORY) else str(path)


if __name__ == "__main__":
    main()
