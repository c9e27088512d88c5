"""The way back: a release is taken back with a kill list for whoever has the files; its deeds count no more."""

import json
import secrets
from datetime import date
from pathlib import Path

import pyarrow as pa

from dunning.core.errors import DunningError
from dunning.documents.columns import Column
from dunning.documents.csv_files import render_csv
from dunning.documents.xlsx_files import render_xlsx
from dunning.gateways.database import Connection, run_lock
from dunning.gateways.publishing import MANIFEST, hash_files, manifest_bytes, remove_folders, write_private
from dunning.gateways.settings import Settings
from dunning.gateways.store import open_store, releases
from dunning.gateways.targets import read_named, target_of
from dunning.jobs.any_run import Receipt
from dunning.jobs.recovery import recover
from dunning.jobs.release.files import columns_of, read_rows, recalled_target, released_target

# What print house, gateway and field crews need to find a row again: no names, texts or identifiers.
_KEYS = ("reference", "case_ref", "district", "route", "premise_no", "payer_code", "meter_no", "stage")


def run(as_of: date, list_name: str, by: str, reason: str) -> Receipt:
    """Take back the release of a list of a date; return counts and where the kill list lies.

    Raises:
        DunningError: it was not released, was recalled already, or no reason is given. Nothing was changed.
    """
    if not reason.strip() or not by.strip():
        raise DunningError("A recall needs who wants it and why, for everybody who asks later. Give both.")
    settings, purpose = Settings.from_environment(), f"recall {list_name} {as_of}"
    engine = open_store(settings, purpose)
    with run_lock(engine, purpose) as connection:
        recover(connection)
        return recall(settings, connection, as_of, list_name, by.strip(), reason.strip())


def recall(
    settings: Settings, connection: Connection, day: date, list_name: str, by: str, reason: str
) -> Receipt:
    """Publish the kill list, then record the recall. Killed in between and run again: the same list, one record."""
    found = releases.fetch_released(connection, day).get(list_name)
    if found is None or found.recalled_by is not None:
        state = "was not released" if found is None else f"was recalled already, by {found.recalled_by}"
        raise DunningError(f"The list {list_name} of {day} {state}. Nothing was changed.")
    is_own = found.event_no is not None
    source = released_target(found.out, day, list_name) if is_own else target_of(found.out, day.isoformat())
    sealed = json.loads(read_named(source, MANIFEST, found.manifest_sha256))
    rows = read_rows(source, list_name, sealed["files"])
    target = recalled_target(found.out, day, list_name)
    work = settings.home / "work" / f"recall-{day}-{list_name}-{secrets.token_hex(4)}"
    try:
        for path, part in rows.parts.items():
            _write_kill_list(work, day, path, part)
        manifest = {"as_of": day.isoformat(), "list": list_name, "of": found.manifest_sha256, "files": hash_files(work)}
        write_private(work / MANIFEST, manifest_bytes(manifest))
        target.publish(work)
    finally:
        remove_folders([work])
    forgotten_on = releases.append_recall(connection, day, list_name, by, reason, found.row_count, found.out)
    return {
        "as_of": day.isoformat(), "list": list_name, "rows": found.row_count, "folder": str(target),
        "forgotten_on": forgotten_on.isoformat(),
    }  # fmt: skip


def _write_kill_list(work: Path, day: date, path: str, part: pa.Table) -> None:
    columns: list[Column] = [column for column in columns_of(path) if column.name in _KEYS]
    name = path.replace("/", "-")
    write_private(work / f"kill-{name}.csv", render_csv(part, columns))
    write_private(work / f"kill-{name}.xlsx", render_xlsx(part, columns, day, "Отзовани"))
