"""What a shell gets to work with Airflow: env.sh whole or not at all, and no value that is anything
but itself.
"""

import importlib.util
import json
import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from types import ModuleType

import pytest

from dunning.core.errors import DunningError
from dunning.gateways.settings.environment import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
HOSTILE = """Иван "Вазов"'s $HOME `id` $(id) ${x} a; echo b # c \\ d"""
# Stands for every program of the virtual environment: prints what it was called with.
ECHO = f"""#!{sys.executable}
import json, os, sys
print(json.dumps([sys.argv[1:], os.environ.get("DUNNING_LEDGER"), os.environ.get("DUNNING_OUT")]))
"""


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(REPOSITORY / "deploy"))
    spec = importlib.util.spec_from_file_location(name, REPOSITORY / "deploy" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def airflow_home(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load("airflow_home", monkeypatch)


def test_a_shell_that_has_read_env_sh_makes_it_whole_again(
    airflow_home: ModuleType, postgres: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(airflow_home.CONNECTION, raising=False)
    settings = Settings.from_environment({"DUNNING_HOME": str(postgres.parent)})

    first = airflow_home._connections(settings)
    for name, value in first.items():
        monkeypatch.setenv(name, value)

    assert first[airflow_home.CONNECTION].startswith("postgresql+psycopg2://")
    assert airflow_home._connections(settings) == first


def test_another_database_of_airflows_stays_named_by_the_environment(
    airflow_home: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(airflow_home.CONNECTION, "postgresql://airflow@db/airflow")
    assert (
        airflow_home._connections(Settings.from_environment({"DUNNING_HOME": str(tmp_path)})) == {}
    )
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_to_its_end_leaves_the_old_one(
    airflow_home: ModuleType, tmp_path: Path
) -> None:
    path = tmp_path / "env.sh"
    airflow_home._write_private(path, "export A=1\n")
    with pytest.raises(UnicodeEncodeError):
        airflow_home._write_private(path, "export A=2\n" * 100_000 + "\ud800")
    assert (path.read_text("utf-8"), path.stat().st_mode & 0o777) == ("export A=1\n", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_a_shell_reads_every_value_as_it_is(
    airflow_home: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUNNING_LEDGER", f"/srv/{HOSTILE}")
    monkeypatch.setenv("DUNNING_OUT", "postgresql://clerk:s3cr3t@db/x")
    airflow_home._write_private(
        tmp_path / "env.sh", airflow_home._shell(airflow_home._places(), tmp_path)
    )

    script = '. ./env.sh && printf %s "$DUNNING_LEDGER"'
    read = subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, env={}, capture_output=True, text=True, check=True
    )

    assert read.stdout == f"/srv/{HOSTILE}"
    assert "s3cr3t" not in (tmp_path / "env.sh").read_text("utf-8")


@pytest.mark.parametrize("target", ["run", "ui", "backup", "restore"])
def test_make_hands_on_every_value_as_it_is(target: str, tmp_path: Path) -> None:
    stub = tmp_path / "bin"
    stub.mkdir()
    (stub / "python").write_text(ECHO, "utf-8")
    (stub / "python").chmod(0o755)
    given = {
        name: f"/srv/{name}/{HOSTILE}"
        for name in ("LEDGER", "OUT", "MAPPING", "POLICY", "BILLING_SQL", "FILE")
    }
    command = ["make", "-o", ".venv/.installed", target, f"BIN={stub}", f"DUNNING_HOME={tmp_path}"]
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DUNNING_", "MAKE"))
    }

    done = subprocess.run(
        [*command, *(f"{name}={value}" for name, value in given.items())],
        env=environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )

    arguments, ledger, out = json.loads(done.stdout.splitlines()[-1])
    asked = {"run": ["LEDGER", "OUT", "MAPPING", "POLICY", "BILLING_SQL"], "ui": ["OUT", "LEDGER"]}
    assert [value for value in arguments if value.startswith("/srv/")] == [
        given[name] for name in asked.get(target, ["FILE"])
    ]
    if target == "ui":
        assert (ledger, out) == (given["LEDGER"], given["OUT"])


def test_a_run_without_a_ledger_takes_that_of_the_settings_and_the_sample_only_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dags = load("run_dags", monkeypatch)
    monkeypatch.setattr(sys, "argv", ["run_dags.py", "--shards", "3", "--mapping", "a b.toml"])
    monkeypatch.delenv("DUNNING_LEDGER", raising=False)
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_environment({"DUNNING_HOME": str(tmp_path)})
    given = {"DUNNING_SHARDS": "3", "DUNNING_MAPPING": str(tmp_path / "a b.toml")}

    assert run_dags._settle(run_dags._options(), settings) == {
        **given,
        "DUNNING_LEDGER": str(tmp_path / "sample"),
    }
    (tmp_path / "settings.toml").write_text('ledger = "/srv/billing"', "utf-8")
    assert run_dags._settle(run_dags._options(), settings) == {
        **given,
        "DUNNING_LEDGER": "/srv/billing",
    }


def test_only_a_ledger_that_nobody_named_leaves_without_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is named waits, were it the very folder of the sample."""
    run_dags, own = load("run_dags", monkeypatch), str(tmp_path / "sample")
    monkeypatch.delenv("DUNNING_LEDGER", raising=False)
    monkeypatch.delenv("DUNNING_SETTINGS", raising=False)
    settings = Settings.from_environment({"DUNNING_HOME": str(tmp_path)})
    nothing, named = Namespace(ledger=None), Namespace(ledger=own)

    assert [run_dags.is_unnamed(each, settings) for each in (nothing, named)] == [True, False]
    monkeypatch.setenv("DUNNING_LEDGER", own)
    assert not run_dags.is_unnamed(nothing, settings)
    monkeypatch.delenv("DUNNING_LEDGER")
    (tmp_path / "settings.toml").write_text('ledger = "sample"', "utf-8")
    assert not run_dags.is_unnamed(nothing, settings)


@pytest.mark.parametrize("name", ["DUNNING_HOME", "DUNNING_SETTINGS", "ACCOUNTS", "SEED", "PORT"])
def test_make_reads_no_command_out_of_a_value(name: str, tmp_path: Path) -> None:
    """Not in the environment, where most of them stand, and not in what make itself asks a
    shell.
    """
    stub, trap = tmp_path / "bin", tmp_path / "sprung"
    stub.mkdir()
    (stub / "python").write_text(ECHO, "utf-8")
    (stub / "python").chmod(0o755)
    clean = {
        key: value for key, value in os.environ.items() if not key.startswith(("DUNNING_", "MAKE"))
    }
    for value in (
        f'x"; touch {trap}; "',
        f"x'; touch {trap}; '",
        f"$(shell touch {trap})",
        f"`touch {trap}`",
    ):
        command = [
            "make",
            "-o",
            ".venv/.installed",
            "ui",
            f"BIN={stub}",
            f"DUNNING_HOME={tmp_path}",
        ]
        environment = {"DUNNING_HOME": str(tmp_path)} | clean | {name: value}
        command = [part for part in command if not part.startswith(f"{name}=")]
        done = subprocess.run(
            command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
        assert (done.returncode, trap.exists()) == (0, False), (value, done.stderr)


def test_a_ledger_named_by_settings_elsewhere_is_not_mixed_with_the_sample(tmp_path: Path) -> None:
    home, told = tmp_path / "home", tmp_path / "house.toml"
    home.mkdir()
    (home / "sample-5000-1.made").touch()
    told.write_text('ledger = "/srv/billing"\n', "utf-8")
    clean = {
        key: value for key, value in os.environ.items() if not key.startswith(("DUNNING_", "MAKE"))
    }
    environment = clean | {"DUNNING_HOME": str(home), "DUNNING_SETTINGS": str(told)}
    command = ["make", "-o", ".venv/.installed", "run", "BIN=/nowhere"]
    done = subprocess.run(
        command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "a home serves one supplier" in done.stderr


def test_one_line_says_for_whom_lists_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_dags = load("run_dags", monkeypatch)
    monkeypatch.delenv("DUNNING_PEOPLE", raising=False)
    settings, people = (
        Settings.from_environment({"DUNNING_HOME": str(tmp_path)}),
        tmp_path / "people.toml",
    )
    begins = "Nothing of these leaves before somebody approves it in the pages (make ui): "
    cure = f' Name somebody in {people}: approves = ["disconnections"].'

    def told(*names: str) -> str:
        return run_dags._tell_waiting(settings, list(names))

    assert (
        told("disconnections", "court")
        == f"{begins}disconnections for nobody yet; court for nobody yet.{cure}"
    )
    people.write_text(
        '[people.head]\nrole = "head"\napproves = ["disconnections", "court"]', "utf-8"
    )
    assert told("disconnections", "court") == f"{begins}disconnections for head; court for head."


def test_the_invented_users_are_not_shown_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    airflow_ui = load("airflow_ui", monkeypatch)
    airflow_ui.require_loopback({"AIRFLOW__API__HOST": "127.0.0.1"})
    airflow_ui.require_loopback({})
    with pytest.raises(DunningError, match=r"would listen on 0\.0\.0\.0 with the invented users"):
        airflow_ui.require_loopback({"AIRFLOW__API__HOST": "0.0.0.0"})
