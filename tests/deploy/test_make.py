"""What `make` does to a checkout and to homes elsewhere, and a backup to a file that is there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose `dunning` only notes which home it was called for."""
    folder = tmp_path / "изходен код"
    caches = ("dunning/__pycache__", "own/__pycache__")
    for name in (".venv/bin", ".dunning/pg", "out", "dags", "deploy", "tests", *caches):
        (folder / name).mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    command = folder / ".venv" / "bin" / "dunning"
    command.write_text(f'#!/bin/sh\necho "$DUNNING_HOME $*" >> "{tmp_path}/called"\n')
    command.chmod(0o755)
    return folder


def make(checkout: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DUNNING", "MAKE"))
    }
    return subprocess.run(
        ["make", *arguments],
        cwd=checkout,
        env=clean | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_clean_removes_what_is_of_the_checkout_and_no_home_elsewhere(
    checkout: Path, tmp_path: Path, locale: str
) -> None:
    other = tmp_path / "дом на ЕТ"
    (other / "pg").mkdir(parents=True)
    done = make(checkout, "clean", DUNNING_HOME=str(other), LC_ALL=locale)

    assert done.returncode == 0, done.stderr
    assert (other / "pg").is_dir()
    assert (tmp_path / "called").read_text("utf-8").splitlines() == [
        ".dunning db stop",
        f"{other} db stop",
    ]
    assert (
        not (checkout / ".dunning").exists() and not (checkout / "dunning" / "__pycache__").exists()
    )
    assert (checkout / "out").is_dir() and (checkout / "own" / "__pycache__").is_dir()
    assert f"So is the home {other}" in done.stdout


def test_clean_removes_nothing_while_a_server_cannot_be_stopped(checkout: Path) -> None:
    (checkout / ".venv" / "bin" / "dunning").write_text(
        "#!/bin/sh\necho 'it goes on' >&2\nexit 1\n"
    )
    done = make(checkout, "clean")
    assert done.returncode != 0 and "it goes on" in done.stderr
    assert (checkout / ".dunning" / "pg").is_dir() and (checkout / ".venv").is_dir()


def test_a_backup_is_not_overwritten(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "събота.dump"
    file.write_bytes(b"the only copy of its day")
    command = [sys.executable, str(ROOT / "deploy" / "backup.py"), "save", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        f"{file} is there already, and a backup is never overwritten. Name another FILE.\n",
    )
    assert file.read_bytes() == b"the only copy of its day"
