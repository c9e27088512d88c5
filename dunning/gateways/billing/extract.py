"""Extract a billing database into a folder of Parquet files with a manifest.

The folder is made whole or not at all.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from dunning.core.errors import DunningError
from dunning.core.progress import Progress
from dunning.gateways.billing.address import Address
from dunning.gateways.billing.copies import CopySession
from dunning.gateways.billing.cursors import CursorSession
from dunning.gateways.billing.queries import Queries, Query
from dunning.gateways.billing.sessions import LostConnectionError, Session, gone
from dunning.gateways.billing.table_files import FileCounts, write_table
from dunning.gateways.files.publishing import (
    hash_files,
    make_private,
    manifest_bytes,
    remove_folders,
    write_private,
)
from dunning.ledger.check.manifest import IS_ASKED, MANIFEST

# raised when the same database would be written in another way: old extracts are not used again
FORMAT_VERSION = "2"
# connections tried for one table
ATTEMPTS = 3


def extract_billing(
    address: Address, queries: Queries, home: Path, as_of: date, progress: Progress
) -> Path:
    """Extract the database's tables into a folder of `<home>/incoming`; return the folder.

    All tables are of one moment of the database, which is only read. The same rows give the same
    bytes. A lost connection is made anew under the same snapshot, where the engine can
    (PostgreSQL). A finished extract of the same database (and user), queries and day is used again:
    it is there only if a run ended between extract and snapshot. An unfinished one starts anew,
    because the missing tables would be of another moment.

    The caller holds the run lock: every other extract in the home is of a dead run, and is removed.

    Raises:
        DunningError: the database cannot be reached, refuses a query or goes away, or reports that
            it does not know the whole of `as_of` yet; nothing of the extract is then left behind.
    """
    folder = (
        home / "incoming" / address.name_extract(FORMAT_VERSION, queries.text, as_of.isoformat())
    )
    _remove_others(folder)
    if _is_whole(folder):
        progress("базата вече е извлечена от прекъснатото зареждане")
        return folder
    # beside its place, and renamed when the manifest is written
    beside = folder.with_name(f".{folder.name}.unfinished")
    remove_folders([folder, beside])
    try:
        for made in (folder.parent, beside):
            make_private(made)
        with _session(address, as_of) as session:
            _extract(session, address, queries, beside, as_of, progress)
        os.rename(beside, folder)
    except OSError as error:
        remove_folders([beside])
        raise DunningError(
            f"The extract of {address.shown} cannot be written to {error.filename or beside} "
            f"({error.strerror or error}). Make room or give DUNNING_HOME another place, and run again."
        ) from error
    except BaseException:
        remove_folders([beside])
        raise
    return folder


def _extract(
    session: Session,
    address: Address,
    queries: Queries,
    folder: Path,
    as_of: date,
    progress: Progress,
) -> None:
    # the day first: an incomplete one ends the run before the tables are read
    day = _read_day(session, queries.day, as_of) if queries.day else as_of
    counted: dict[str, FileCounts] = {}
    for query in queries.tables:
        assert query.table is not None
        counts = counted[query.table.name] = _extract_table(
            session, address, query, folder, progress
        )
        progress(f"извлечена {query.table.name}: {counts.rows} реда")
    manifest = {
        "as_of": day.isoformat(),
        IS_ASKED: queries.day is None,
        "tables": {name: counts.to_manifest() for name, counts in counted.items()},
        "files": {f"{name}.parquet": counts.sha256 for name, counts in counted.items()},
    }
    write_private(folder / MANIFEST, manifest_bytes(manifest))


def _extract_table(
    session: Session, address: Address, query: Query, folder: Path, progress: Progress
) -> FileCounts:
    table = query.table
    assert table is not None
    message = ""
    for _ in range(ATTEMPTS):
        progress(f"извлича се {table.name}")
        try:
            return write_table(
                folder / f"{table.name}.parquet",
                table,
                session.read(query),
                lambda rows: progress(f"извлича се {table.name}: {rows} реда"),
            )
        except LostConnectionError as error:
            message = str(error)
            progress("връзката с базата се губи; нова връзка към същата снимка")
            # the table begins again from its first row: half of it cannot be continued
            session.renew()
    raise gone(address, query.file, message)


def _read_day(session: Session, query: Query, as_of: date) -> date:
    """Return the day up to which billing is complete.

    Raises:
        DunningError: it is before the run's, or the query does not give one day.
    """
    try:
        cells = session.read_day(query)
    except LostConnectionError:
        session.renew()
        cells = session.read_day(query)
    try:
        (cell,) = cells
        day = date.fromisoformat(cell or "")
    except ValueError as error:
        raise DunningError(
            f"{query.file} gives {len(cells)} rows or no day: it must give one row with one date, the day up to which "
            "billing is complete. Correct the query."
        ) from error
    if day < as_of:
        raise DunningError(
            f"{query.file} says that the billing database is complete up to {day}, but the run is for {as_of}: what "
            "was paid since would be missing. Wait until billing has closed that day, or run with its own date."
        )
    return day


@contextmanager
def _session(address: Address, as_of: date) -> Iterator[Session]:
    session: Session = (CopySession if address.is_postgres else CursorSession)(address, as_of)
    try:
        yield session
    finally:
        session.close()


def _is_whole(folder: Path) -> bool:
    """Return whether a folder holds a finished, undamaged extract."""
    try:
        recorded = json.loads((folder / MANIFEST).read_text("utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(recorded == hash_files(folder))


def _remove_others(folder: Path) -> None:
    remove_folders(path for path in folder.parent.glob("billing-*") if path != folder)
    remove_folders(folder.parent.glob(".billing-*.unfinished"))
