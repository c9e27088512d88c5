"""`make ui` as far as it needs no Airflow: who dies is started again and why is said; one a home; a
port there is.
"""

import os
import socket
import subprocess
import sys
from pathlib import Path

import airflow_parts
import airflow_ui
import pytest

from dunning.core.errors import DunningError
from dunning.gateways.settings.environment import Settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def address() -> str:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return f"http://localhost:{tried.getsockname()[1]}"


@pytest.fixture
def mortal(tmp_path: Path) -> dict[str, str]:
    """An environment whose `airflow` notes that it was started; its triggerer dies, the others
    live.
    """
    script = tmp_path / "bin" / "airflow"
    script.parent.mkdir()
    script.write_text(
        f'#!/bin/sh\necho "$1" >> {tmp_path}/started\n'
        'if [ "$1" = triggerer ]; then echo "no memory left"; exit 3; fi\nexec sleep 600\n'
    )
    script.chmod(0o755)
    return os.environ | {"PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}"}


def test_who_dies_is_started_again_and_after_the_fifth_time_all_end(
    mortal: dict[str, str],
    address: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch,
) -> None:
    monkeypatch.setenv("PATH", mortal["PATH"])
    with (
        pytest.raises(DunningError) as refusal,
        airflow_parts.running(mortal, address, tmp_path / "logs" / "ui.log"),
    ):
        raise AssertionError("it is not there")

    started = (tmp_path / "started").read_text().split()
    assert sorted(started) == sorted(
        ["scheduler", "dag-processor", "api-server", *["triggerer"] * 5]
    )
    said = f"Airflow's triggerer ended by itself (exit code 3). The end of its log, {tmp_path}/logs/ui-triggerer.log:"
    assert capsys.readouterr().out.count(f"{said}\n    no memory left\nIt is started again.") == 1
    assert str(refusal.value).startswith(said)
    assert "That was 5 times in 10 minutes." in str(refusal.value)


def test_of_a_killed_part_the_signal_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "airflow"
    script.write_text("#!/bin/sh\nkill -9 $$\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    part = airflow_parts.Part(("scheduler",), dict(os.environ), tmp_path / "ui.log")
    part.process.wait()
    assert part.tell_death().startswith("Airflow's scheduler ended by itself (killed by SIGKILL).")


@pytest.mark.parametrize("port", [0, 65_536, 99_999])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(DunningError, match=rf"PORT is {port}, and ports go from 1 to 65535"):
        airflow_parts.require_free(f"http://localhost:{port}")


def test_the_last_port_in_use_names_one_that_there_is() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 65_535))
        taken.listen()
        with pytest.raises(DunningError, match=r"in use. Choose another one: make ui PORT=8080"):
            airflow_parts.require_free("http://localhost:65535")


def test_a_port_that_is_no_number_is_refused_in_one_message() -> None:
    command = [sys.executable, str(ROOT / "deploy" / "airflow_ui.py"), "--port", "eight"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 3)
    assert "PORT is eight, and should be a number from 1 to 65535" in done.stderr


def test_a_second_one_in_a_home_is_refused(tmp_path: Path) -> None:
    settings = Settings.from_environment({"DUNNING_HOME": str(tmp_path / "дом на ЕТ")})
    with airflow_ui.alone(settings):
        with pytest.raises(
            DunningError, match=rf"runs in the home .*дом на ЕТ already \(process {os.getpid()}\)"
        ):
            with airflow_ui.alone(settings):
                raise AssertionError("two in one home")
    with airflow_ui.alone(settings):
        pass
