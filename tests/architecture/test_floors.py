"""The floors of the house, held by import-linter with the contracts of pyproject.toml."""

from pathlib import Path

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

REPOSITORY = Path(__file__).resolve().parents[2]


def test_imports_go_down_and_never_sideways(capsys):
    status = lint_imports(
        config_filename=str(REPOSITORY / "pyproject.toml"), no_cache=True, no_logo=True
    )

    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out
