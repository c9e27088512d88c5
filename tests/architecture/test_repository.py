"""What a stranger finds at the top level."""

import os
import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.txt", "tests/requirements.txt", "deploy/fab/requirements.txt")
TOP_LEVEL = {
    "dags",
    "dunning",
    "templates",
    "sql",
    "tests",
    "airflow.cfg",
    "requirements.txt",
    "README.md",
    "DECISIONS.md",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "pyproject.toml",
    "requirements.in",
    "docs",
    "examples",
    "deploy",
}
BUILT = {"out", "build", "dist"}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(lock: str) -> list[tuple[str, str]]:
    """Return each requirement's first line and what follows up to the next one."""
    blocks = re.split(r"^(?=\S)", (REPOSITORY / lock).read_text("ascii"), flags=re.MULTILINE)
    return [(block.splitlines()[0], block) for block in blocks if block.strip()]


def kept() -> set[str]:
    """Return the top level's names: what Git keeps, or, in a copy without Git, what lies there."""
    if not (REPOSITORY / ".git").exists():
        return {path.name for path in REPOSITORY.iterdir()} - BUILT
    listed = subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return {line.split("/")[0] for line in listed.stdout.splitlines()}


def test_the_top_level_is_the_agreed_one():
    assert {name for name in kept() if not name.startswith(".")} - {"examples"} == TOP_LEVEL - {
        "examples"
    }


def test_the_readme_names_the_two_commands_first():
    first_block = re.search(
        r"```\w*\n(.*?)```", (REPOSITORY / "README.md").read_text("utf-8"), re.DOTALL
    )

    assert first_block is not None
    assert [line.split("#")[0].strip() for line in first_block[1].splitlines()] == [
        "make run",
        "make test",
    ]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_hashed(lock):
    blocks = pinned(lock)

    assert blocks
    assert [
        first for first, block in blocks if not re.match(r"[\w.\-\[\],]+==[\w.!+]+[ ;\\]", first)
    ] == []
    assert [first for first, block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_what_is_asked_for_is_locked(lock):
    asked = (REPOSITORY / lock).with_suffix(".in").read_text("utf-8").splitlines()
    names = {
        normal(re.split(r"[\[<>=;]", line)[0]) for line in asked if line and line[0] not in "#-"
    }
    locked = {normal(re.split(r"[\[=]", first)[0]) for first, _ in pinned(lock)}

    assert names - locked == set()


def test_what_is_installed_beside_is_the_same():
    """A lock that starts from ours has every pin of ours, so that installing it changes nothing
    that is there.
    """
    ours, beside = (
        {first.split()[0] for first, _ in pinned(lock)} for lock in (LOCKS[0], LOCKS[2])
    )
    assert ours - beside == set()


def test_no_registry_is_named():
    names = (
        *LOCKS,
        "requirements.in",
        "tests/requirements.in",
        "Makefile",
        "pyproject.toml",
        ".ci/run",
    )
    named = re.compile(r"index-url|find-links|https?://(?!localhost)")

    assert [name for name in names if named.search((REPOSITORY / name).read_text("utf-8"))] == []


def test_ci_is_executable():
    assert os.access(REPOSITORY / ".ci" / "run", os.X_OK)
