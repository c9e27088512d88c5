"""The nightly DAG as Airflow reads it: the tasks, their order, the schedule and the form are the
agreed ones.
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
dag = bag.dags.get("nightly")
print(json.dumps({
    "errors": list(bag.import_errors.values()),
    "dags": sorted(bag.dags),
    "order": dag and {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks},
    "mapped": dag and [task.task_id for task in dag.tasks if task.is_mapped],
    "pools": dag and {task.task_id: task.pool for task in dag.tasks if task.pool != "default_pool"},
    "retries": dag and sorted({task.retries for task in dag.tasks}),
    "outlets": dag and {task.task_id: [a.name for a in task.outlets] for task in dag.tasks if task.outlets},
    "cron": dag and [dag.timetable.expression, str(dag.timetable.timezone)],
    "catchup": dag and dag.catchup,
    "active": dag and dag.max_active_runs,
    "form": dag and {name: dag.params.get_param(name).schema for name in dag.params},
    "paused": {name: found.is_paused_upon_creation for name, found in bag.dags.items()},
    "doc": dag and dag.doc_md,
}, default=str))
"""


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """Return what a fresh process, with an AIRFLOW_HOME of its own, finds in dags/."""
    environment = os.environ | {"AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow"))}
    command = [sys.executable, "-c", DESCRIBE, str(REPOSITORY / "dags")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_every_file_is_read_and_gives_the_dag_of_its_name(described):
    files = sorted(path.stem for path in (REPOSITORY / "dags").glob("*.py"))

    assert (described["errors"], described["dags"]) == ([], files)


def test_the_steps_follow_each_other(described):
    assert described["order"] == {
        "load": ["classify", "close", "propose", "report", "write"],
        "share_out": ["classify"],
        "classify": ["propose"],
        "propose": ["write"],
        "write": ["close"],
        "close": ["note_failure", "report"],
        "report": [],
        "note_failure": [],
    }


def test_shards_are_mapped_and_kept_within_the_machine(described):
    assert (described["mapped"], described["pools"]) == (
        ["classify"],
        {"classify": "dunning_shards"},
    )


def test_one_run_at_a_time_at_two_in_the_morning_in_sofia(described):
    assert described["cron"] == ["0 2 * * *", "Europe/Sofia"]
    assert (described["catchup"], described["active"], described["retries"]) == (False, 1, [2])


def test_assets_tell_others_when_each_is_new(described):
    assert described["outlets"] == {
        "load": ["ledger"],
        "propose": ["classification"],
        "close": ["lists"],
    }


def test_the_form_asks_for_what_a_clerk_may_say_and_for_nothing_of_the_operators(described):
    form = described["form"]

    assert sorted(form) == ["as_of", "dry_run"]
    assert (form["as_of"]["type"], form["as_of"]["format"]) == (["null", "string"], "date")
    assert form["dry_run"]["type"] == "boolean"


def test_all_is_on_from_the_first_day_but_the_nights_which_the_operator_switches_on(described):
    assert described["paused"] == {
        "monthly_notices": False,
        "release": False,
        "what_if": False,
        "nightly": None,
    }


def test_the_runbook_is_on_the_page(described):
    assert described["doc"] == (REPOSITORY / "docs" / "runbook.md").read_text("utf-8")
