"""What holds for every source file, whatever it is about."""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "dunning"
MODULES = sorted(PACKAGE.rglob("*.py"))
DAGS = sorted((REPOSITORY / "dags").glob("*.py"))
TEXTS = sorted(
    path
    for folder in (
        ".ci",
        "dags",
        "deploy",
        "docs",
        "dunning",
        "examples",
        "sql",
        "templates",
        "tests",
    )
    for path in (REPOSITORY / folder).rglob("*")
    if path.is_file()
    and path.suffix in {"", ".py", ".toml", ".md", ".sql", ".txt", ".html", ".json", ".cfg"}
    if "__pycache__" not in path.parts
) + sorted(path for path in REPOSITORY.glob("*") if path.is_file())

NAMELESS = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc"}
CYRILLIC = re.compile("[А-я]")
# Where the data of invented people are made.
INVENTED = {"sample", "boundary_crowd"}
MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:home|root|Users|work|mnt)/[A-Za-z]")
# Where the day just ended is taken from the clock: the command line's default. Everybody else is
# told `as_of`. And until when a question waits for its answer, which decides about no account; and
# the day on which a list leaves, for which its last look is decided.
MAY_READ_THE_CLOCK = {"cli/command.py", "web/approval.py", "jobs/release/publish.py"}
CLOCKS = {
    ("date", "today"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("time", "time"),
} | {
    ("Timestamp", "now"),
    ("Timestamp", "today"),
    ("time", "localtime"),
}


def relative(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def last_name(node: ast.expr) -> str:
    return (
        node.attr
        if isinstance(node, ast.Attribute)
        else node.id
        if isinstance(node, ast.Name)
        else ""
    )


def clock_calls(path: Path) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if (last_name(node.func.value), node.func.attr) in CLOCKS
    ]


def test_every_module_is_named_for_what_it_is():
    assert [relative(path) for path in MODULES if NAMELESS & {path.stem, path.parent.name}] == []


def test_no_module_is_longer_than_a_reader_can_hold():
    assert [
        relative(path) for path in MODULES if len(path.read_text("utf-8").splitlines()) > 400
    ] == []


def test_nobody_asks_the_clock_what_day_it_is():
    readers = [
        path for path in MODULES if path.relative_to(PACKAGE).as_posix() not in MAY_READ_THE_CLOCK
    ]

    assert {relative(path): lines for path in readers if (lines := clock_calls(path))} == {}


def test_no_path_of_one_machine_stands_anywhere():
    assert [
        relative(path) for path in TEXTS if MACHINE_PATH.search(path.read_text("utf-8", "replace"))
    ] == []


def is_task(function: ast.FunctionDef) -> bool:
    return any(
        last_name(d.func if isinstance(d, ast.Call) else d) == "task"
        for d in function.decorator_list
    )


@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.stem)
def test_a_task_is_one_import_and_one_return(path):
    tasks = [
        n
        for n in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(n, ast.FunctionDef) and is_task(n)
    ]

    shapes = {task.name: [type(step) for step in task.body] for task in tasks}

    assert tasks
    assert {
        name: shape for name, shape in shapes.items() if shape[-2:-1] not in ([], [ast.ImportFrom])
    } == {}
    assert {
        name: shape
        for name, shape in shapes.items()
        if shape[-1] is not ast.Return or len(shape) > 2
    } == {}


@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.stem)
def test_a_dag_imports_only_airflow_and_the_floors_below(path):
    imports = [
        n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.ImportFrom)
    ]

    ours = {node.module for node in imports if node.module and node.module.startswith("dunning")}

    allowed = ("dunning.jobs", "dunning.gateways.settings.environment", "dunning.web")
    assert {module for module in ours if not module.startswith(allowed)} == set()


def test_words_for_codes_stand_in_the_templates_alone():
    """No dictionary of the code has Bulgarian words: `templates/words` has them, by code."""
    words = [
        f"{relative(path)}:{node.lineno}"
        for path in MODULES
        if not INVENTED & {*path.parts, path.stem}
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Dict)
        if any(CYRILLIC.search(text) for value in node.values for text in texts_within(value))
    ]
    assert words == []


def texts_within(node: ast.expr) -> list[str]:
    """Return the texts of a plain value or of a tuple or list of such values."""
    parts = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    return [
        part.value for part in parts if isinstance(part, ast.Constant) if type(part.value) is str
    ]
