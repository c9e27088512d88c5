"""The statements of `sql/<table>/<verb>.sql`, one per file.

Each has a header: what, grain, takes, used by.
"""

from functools import cache
from pathlib import Path

from sqlalchemy import TextClause, text

from dunning.core.errors import DunningError


def sql_folder() -> Path:
    """Return the folder of the SQL files: `sql` beside the package, in the repository.

    Raises:
        DunningError: the package was copied away from its repository.
    """
    folder = Path(__file__).resolve().parents[3] / "sql"
    if not folder.is_dir():
        raise DunningError(
            f"The folder {folder} with the SQL statements is missing; install from a whole clone with `make run`."
        )
    return folder


@cache
def read_sql(table: str, verb: str) -> str:
    """Return the statement of `sql/<table>/<verb>.sql` without its comment lines.

    They are left out because SQLAlchemy binds whatever looks like a parameter in them too.
    """
    lines = (sql_folder() / table / f"{verb}.sql").read_text("utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--")).strip()


@cache
def statement(table: str, verb: str) -> TextClause:
    """Return the statement with its `:name` parameters, for SQLAlchemy."""
    return text(read_sql(table, verb))
