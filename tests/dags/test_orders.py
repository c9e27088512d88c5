"""What the first tasks of each DAG do with a run that was given more than its form asks for: they
refuse it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SECRET = "s3cr3t-w0rd"
# Both are asked as Airflow asks them, with the run as it is in its tables.
CALL = """
import json, sys
from types import SimpleNamespace
from airflow.dag_processing.dagbag import DagBag
from dunning.core.errors import DunningError
bag, told = DagBag(dag_folder=sys.argv[1]), {}
for dag_id, task_id, conf in json.loads(sys.argv[2]):
    dag = bag.dags[dag_id]
    run = SimpleNamespace(conf=conf, run_id="manual__1")
    params = {"as_of": "2026-11-22", "dry_run": False, "service": "", "result_id": "0" * 32, **conf}
    values = {"params": params, "dag_run": run, "name": "court"}
    function = dag.get_task(task_id).python_callable
    names = function.__code__.co_varnames[:function.__code__.co_argcount]
    try:
        function(**{name: values[name] for name in names})
        message = "not refused"
    except DunningError as error:
        message = str(error)
    told.setdefault(f"{dag_id}.{task_id}", []).append(message)
print(json.dumps(told))
"""
FIRST = {
    "nightly": ["load"],
    "monthly_notices": ["due"],
    "release": ["offer", "release_court"],
    "what_if": ["decide"],
}
ORDERS = [
    {"ledger": "env:AIRFLOW__API_AUTH__JWT_SECRET"},
    {"ledger": f"postgresql://x:{SECRET}@127.0.0.1:1/x"},
    {"ledger": f"/srv/{SECRET}", "as_of": "2026-11-22"},
    {"out": f"s3://{SECRET}"},
    {"policy": SECRET},
    {"mapping": SECRET},
    {"billing_sql": SECRET},
    {"quarantine_limit": 1},
    {"shards": 1},
    {"auto_approve": True},
    {"text": SECRET, "nights": ["2026-11-22"]},
    {SECRET: 1},
]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Return what each first task said to each order, by DAG and task."""
    calls = [
        (dag, task, order) for dag, tasks in FIRST.items() for task in tasks for order in ORDERS
    ]
    folder = tmp_path_factory.mktemp("airflow")
    environment = os.environ | {
        "AIRFLOW_HOME": str(folder),
        "DUNNING_HOME": str(folder / "home"),
        "AIRFLOW__API_AUTH__JWT_SECRET": SECRET,
    }
    command = [sys.executable, "-c", CALL, str(REPOSITORY / "dags"), json.dumps(calls)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1]), (folder / "home").exists()


def test_nothing_of_the_operators_is_taken_from_whoever_starts_a_run(told):
    answers, _ = told
    assert {place: len(messages) for place, messages in answers.items()} == {
        f"{dag}.{task}": len(ORDERS) for dag, tasks in FIRST.items() for task in tasks
    }
    said = [message for messages in answers.values() for message in messages]
    assert [
        message for message in said if "settings that its form does not ask for" not in message
    ] == []


def test_no_value_is_shown_and_nothing_was_read_before(told):
    answers, has_looked = told
    assert SECRET not in json.dumps(answers)
    assert not has_looked
