"""The published lists of a night; a file is used only if its hash is in the night's manifest."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from dunning.documents.lists.columns import ListColumn, word
from dunning.documents.lists.list_columns import (
    COURT,
    COURT_ITEMS,
    DISCONNECTIONS,
    QUARANTINE,
    REMINDERS,
    WITHHELD,
    ListFile,
)
from dunning.documents.lists.parquet_files import read_parquet
from dunning.gateways.files.publishing import MANIFEST
from dunning.gateways.files.targets import target_of
from dunning.gateways.store import runs
from dunning.jobs.desk.session import DeskSession, RefusedError
from dunning.jobs.receipts import RunManifest

# The files of each list with a page; messages have one file per channel.
FILES: Mapping[str, tuple[ListFile, ...]] = {
    "reminders": tuple(REMINDERS.values()),
    "disconnections": (DISCONNECTIONS,),
    "court": (COURT,),
    "court_items": (COURT_ITEMS,),
    "withheld": (WITHHELD,),
    "quarantine": (QUARANTINE,),
}
# What can be taken, by the name in its address.
DOWNLOADS: Mapping[str, ListFile] = {
    **{f"reminders-{channel}": listed for channel, listed in REMINDERS.items()},
    **{name: files[0] for name, files in FILES.items() if len(files) == 1},
}
_CHANNEL = word("channel", 10)
_LONG_TEXTS = ("text", "interest_segments")
_REMEMBERED = 12  # files: two nights


def columns_of(name: str) -> tuple[ListColumn, ...]:
    """Return the columns of a list; lists of messages begin with the channel.

    Raises:
        RefusedError: there is no such list.
    """
    if name not in FILES:
        raise RefusedError(f"There is no list {name!r}; there are {', '.join(FILES)}.", "no_list")
    columns = FILES[name][0].columns
    return (_CHANNEL, *columns) if len(FILES[name]) > 1 else columns


def is_short(column: ListColumn) -> bool:
    """Return whether `fetch_list` includes a column."""
    return column.name not in _LONG_TEXTS


def find_run(session: DeskSession, as_of: date | None) -> runs.RecordedRun:
    """Return the run that closed a date; by default the last one.

    Raises:
        RefusedError: the date is not closed.
    """
    day = as_of or runs.last_closed_on(session.engine)
    run = runs.fetch_run(session.engine, day) if day else None
    if run is None or run.state != "closed" or run.out is None:
        raise RefusedError(
            f"The books of {day or 'no day'} are not closed, so there is no list.",
            "no_night",
            day=day,
        )
    return run


def fetch_manifest(run: runs.RecordedRun) -> RunManifest:
    """Return the manifest of a run from its record, or from its folder if it was not recorded.

    Raises:
        RefusedError: the stored file is not the one that the run published.
    """
    recorded: RunManifest | None = run.receipts.get("manifest")
    if recorded:
        return recorded
    published: RunManifest = json.loads(
        _fetch(run.out or "", run.as_of, MANIFEST, run.manifest_sha256 or "")
    )
    return published


def fetch_list(run: runs.RecordedRun, name: str) -> pa.Table:
    """Return a list of a run without its long texts.

    The last lists are cached by the hashes of their files.

    Raises:
        RefusedError: there is no such list, or its file is gone or is not the one that was
            published.
    """
    return _stack(
        name, [_remember(run.out or "", run.as_of, *_named(run, listed)) for listed in _files(name)]
    )


def fetch_rows(run: runs.RecordedRun, name: str, where: Mapping[str, Sequence[str]]) -> pa.Table:
    """Return the rows of a list that match one of the values in each given column; all columns.

    Raises:
        RefusedError: as `fetch_list`.
    """
    return _stack(name, [_fetch_matching(run, listed, where) for listed in _files(name)])


def _fetch_matching(
    run: runs.RecordedRun, listed: ListFile, where: Mapping[str, Sequence[str]]
) -> pa.Table:
    """Return the matching rows of one file.

    Only a file with such rows is read again, for its long texts.
    """
    path, sha256 = _named(run, listed)
    # From the cached table first: most files have no such row.
    rows = _match(_remember(run.out or "", run.as_of, path, sha256), where)
    if len(rows) and not all(is_short(column) for column in listed.columns):
        return _match(
            _parse(_fetch(run.out or "", run.as_of, path, sha256), listed, run.as_of), where
        )
    return rows


def _match(rows: pa.Table, where: Mapping[str, Sequence[str]]) -> pa.Table:
    for column, values in where.items():
        rows = rows.filter(pc.is_in(rows[column], pa.array(values, pa.string())))
    return rows


def fetch_file(run: runs.RecordedRun, path: str) -> bytes:
    """Return a published file of a run, by its name in the manifest.

    Raises:
        RefusedError: it is gone or is not the one that was published.
    """
    return _fetch(run.out or "", run.as_of, path, fetch_manifest(run)["files"][path])


def _files(name: str) -> tuple[ListFile, ...]:
    columns_of(name)
    return FILES[name]


def _named(run: runs.RecordedRun, listed: ListFile) -> tuple[str, str]:
    """Return the name and SHA-256 of a list's Parquet file.

    Raises:
        RefusedError: an older version published that night, without it.
    """
    path = f"{listed.path}.parquet"
    named = fetch_manifest(run)["files"]
    if path not in named:
        raise RefusedError(
            f"{path} of {run.as_of} is not there: an older version wrote that night. Take its other files.",
            "unreadable",
            file=path,
            day=run.as_of,
        )
    return path, named[path]


# The hash is part of the key: a file that was published again is read again.
@lru_cache(maxsize=_REMEMBERED)
def _remember(out: str, as_of: date, path: str, sha256: str) -> pa.Table:
    listed = next(
        each for files in FILES.values() for each in files if f"{each.path}.parquet" == path
    )
    return _parse(_fetch(out, as_of, path, sha256), listed, as_of, _LONG_TEXTS)


def _parse(
    content: bytes, listed: ListFile, as_of: date, leave_out: Collection[str] = ()
) -> pa.Table:
    try:
        return read_parquet(content, listed.columns, leave_out=leave_out)
    except (ValueError, pa.ArrowException) as error:
        raise RefusedError(
            f"{listed.path}.parquet of {as_of} is not as this version writes it: {error}. Take the file itself.",
            "unreadable",
            file=f"{listed.path}.parquet",
            day=as_of,
        ) from error


def _stack(name: str, parts: list[pa.Table]) -> pa.Table:
    if len(parts) == 1:
        return parts[0]
    pairs = zip(REMINDERS, parts, strict=True)
    with_channel = [
        part.add_column(0, "channel", pa.repeat(channel, len(part))) for channel, part in pairs
    ]
    return pa.concat_tables(with_channel, promote_options="default")


def _fetch(out: str, as_of: date, path: str, sha256: str) -> bytes:
    target = target_of(out, as_of.isoformat())
    content = target.read(path)
    if content is not None and hashlib.sha256(content).hexdigest() == sha256:
        return content
    state = "is gone" if content is None else "was changed since it was published"
    raise RefusedError(
        f"{target}/{path} {state}, so nobody may rely on it. Run the date again: it gives the same bytes, and records "
        "nothing twice.",
        "gone" if content is None else "changed",
        file=path,
        day=as_of,
    )
