"""The DAG of the trials as Airflow reads it: one task in a pool of one, started by nothing but a
page or by hand, and its form.
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
sys.path.insert(0, sys.argv[2])
from airflow.dag_processing.dagbag import DagBag
from airflow_home import POOLS
from dunning.web.what_if_runs import DAG_ID, FIELD, TASK_ID
bag = DagBag(dag_folder=sys.argv[1])
dag = bag.dags[DAG_ID]
print(json.dumps({
    "errors": list(bag.import_errors.values()),
    "order": {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks},
    "asked": [DAG_ID, TASK_ID, FIELD],
    "slots": {task.task_id: POOLS[task.pool]["slots"] for task in dag.tasks},
    "pools": {task.task_id: task.pool for task in dag.tasks},
    "retries": {task.task_id: task.retries for task in dag.tasks},
    "starts": type(dag.timetable).__name__,
    "active": dag.max_active_runs,
    "form": {name: dag.params.get_param(name).schema for name in dag.params},
    "told": [dag.params.get_param(name).description for name in dag.params],
    "names": [dag.dag_display_name, *(task.task_display_name for task in dag.tasks)],
    "tags": sorted(dag.tags),
    "others": sorted(bag.dags["nightly"].tags),
}, default=str))
"""


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """Return what a fresh process, with an AIRFLOW_HOME of its own, finds in dags/."""
    environment = os.environ | {"AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow"))}
    folders = [str(REPOSITORY / name) for name in ("dags", "deploy")]
    command = [sys.executable, "-c", DESCRIBE, *folders]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_one_trial_is_decided_at_a_time_and_the_others_wait(described):
    assert described["errors"] == []
    assert described["order"] == {"decide": []}
    assert described["pools"] == {"decide": "dunning_what_if"}
    assert described["slots"] == {"decide": 1}
    assert described["active"] > 1


def test_the_page_starts_and_looks_up_this_very_task(described):
    assert described["asked"] == ["what_if", "decide", "result_id"]


def test_no_clock_starts_it_and_a_failure_waits_for_its_author(described):
    assert (described["starts"], described["retries"]) == ("NullTimetable", {"decide": 0})


def test_the_form_asks_for_a_stored_trial_and_for_nothing_else(described):
    (field,) = described["form"].values()

    assert [*described["form"]] == ["result_id"]
    assert (field["type"], field["pattern"]) == ("string", "^[0-9a-f]{32}$")
    assert all([*described["told"], field["title"]])


def test_people_read_bulgarian_and_find_it_beside_the_others(described):
    assert [
        name
        for name in described["names"] + described["told"]
        if not any("а" <= letter <= "я" for letter in name.lower())
    ] == []
    assert described["tags"] == described["others"]
