"""The DAG of the release as Airflow reads it: each list is asked about, then let out; what starts
it; its form.
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
dag = bag.dags["release"]
print(json.dumps({
    "errors": list(bag.import_errors.values()),
    "order": {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks},
    "asks": sorted(task.task_id for task in dag.tasks if task.task_type == "AskOperator"),
    "rules": {task.task_id: task.trigger_rule for task in dag.tasks if task.trigger_rule != "all_success"},
    "starts": [asset.uri for asset in dag.timetable.asset_condition.objects],
    "catchup": dag.catchup,
    "active": dag.max_active_runs,
    "form": {name: dag.params.get_param(name).value for name in dag.params},
    "told": [dag.params.get_param(name).description for name in dag.params],
    "names": [dag.dag_display_name, *(task.task_display_name for task in dag.tasks)],
}, default=str))
"""
LISTS = ("reminders", "disconnections", "court")


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """Return what a fresh process, with an AIRFLOW_HOME of its own, finds in dags/."""
    environment = os.environ | {"AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow"))}
    command = [sys.executable, "-c", DESCRIBE, str(REPOSITORY / "dags")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_each_list_is_asked_about_and_then_let_out_whatever_becomes_of_the_others(described):
    assert described["errors"] == []
    assert described["order"] == {
        "offer": sorted(f"ask_{name}" for name in LISTS),
        **{f"ask_{name}": [f"release_{name}"] for name in LISTS},
        **{f"release_{name}": ["report"] for name in LISTS},
        "report": [],
    }
    assert described["asks"] == sorted(f"ask_{name}" for name in LISTS)
    assert described["rules"]["report"] == "all_done"


def test_a_nights_lists_start_it_and_an_open_question_keeps_no_other_run_from_starting(described):
    assert [uri.rstrip("/") for uri in described["starts"]] == ["dunning://lists"]
    assert (described["catchup"], described["active"] > 1) == (False, True)


def test_the_form_can_say_nothing_but_the_day(described):
    assert described["form"] == {"as_of": None}


def test_people_read_bulgarian(described):
    assert all(
        any("а" <= letter <= "я" for letter in text.lower())
        for text in described["names"] + described["told"]
    )
