"""The DAG of the monthly notices as Airflow reads it: the tasks, their order, what starts it and
the form.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DESCRIBE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder=sys.argv[1])
dag = bag.dags.get("monthly_notices")
print(json.dumps({
    "errors": list(bag.import_errors.values()),
    "order": {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks},
    "mapped": [task.task_id for task in dag.tasks if task.is_mapped],
    "pools": {task.task_id: task.pool for task in dag.tasks if task.pool != "default_pool"},
    "single": [task.task_id for task in dag.tasks if task.max_active_tis_per_dag == 1],
    "retries": sorted({task.retries for task in dag.tasks}),
    "outlets": {task.task_id: [a.name for a in task.outlets] for task in dag.tasks if task.outlets},
    "starts": [asset.name for asset in dag.timetable.asset_condition.objects],
    "lists": [a.uri for task in bag.dags["nightly"].tasks for a in task.outlets if a.name == "lists"],
    "own": [asset.uri for asset in dag.timetable.asset_condition.objects],
    "catchup": dag.catchup,
    "active": dag.max_active_runs,
    "form": {name: dag.params.get_param(name).schema for name in dag.params},
    "told": [dag.params.get_param(name).description for name in dag.params],
    "names": [dag.dag_display_name, *(task.task_display_name for task in dag.tasks)],
}, default=str))
"""


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """Return what a fresh process, with an AIRFLOW_HOME of its own, finds in dags/."""
    environment = os.environ | {"AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow"))}
    command = [sys.executable, "-c", DESCRIBE, str(REPOSITORY / "dags")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_the_steps_follow_each_other(described):
    assert described["errors"] == []
    assert described["order"] == {
        "due": ["begin"],
        "begin": ["plan", "publish", "report", "share_out"],
        "share_out": ["gather", "render"],
        "gather": ["plan"],
        "plan": ["publish", "render"],
        "render": ["publish"],
        "publish": ["report"],
        "report": [],
    }


def test_shares_are_mapped_and_kept_within_the_machine(described):
    assert described["mapped"] == ["begin", "gather", "plan", "render", "publish", "report"]
    assert described["pools"] == {"gather": "dunning_shards", "render": "dunning_shards"}
    assert described["single"] == [
        "begin",
        "publish",
    ]  # they hold a lock that no other may wait for


def test_it_runs_after_every_closed_night(described):
    assert (described["starts"], described["own"]) == (["lists"], described["lists"])
    assert (described["catchup"], described["active"], described["retries"]) == (False, 1, [2])
    assert described["outlets"] == {"publish": ["notices"]}


def test_the_form_asks_for_the_run(described):
    form = described["form"]

    assert sorted(form) == ["as_of", "dry_run", "service"]
    assert (form["as_of"]["type"], form["as_of"]["format"]) == (["null", "string"], "date")
    assert form["service"]["enum"] == ["", "heat", "electricity", "all"]
    assert {*form["service"]["values_display"]} == {*form["service"]["enum"]}
    assert all([*described["told"], *(field["title"] for field in form.values())])


def test_people_read_bulgarian(described):
    assert [
        name
        for name in described["names"]
        if not any("а" <= letter <= "я" for letter in name.lower())
    ] == []
