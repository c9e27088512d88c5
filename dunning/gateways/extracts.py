"""Bring a ledger's extract into a local folder, which the loader reads."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from dunning.core.errors import DunningError, UsageError
from dunning.core.progress import Progress
from dunning.gateways.billing.address import Address
from dunning.gateways.billing.extract import extract_billing
from dunning.gateways.billing.queries import read_queries
from dunning.gateways.files.publishing import remove_folders
from dunning.gateways.s3.extracts import bring_from_bucket
from dunning.gateways.s3.object_store import SCHEME, is_object_url, open_place
from dunning.gateways.settings.environment import FROM_ENVIRONMENT, refuse_url

# The environment holds secrets of others, too: only variables of these names are looked up.
_OUR_VARIABLE = re.compile(r"DUNNING_LEDGER(_[A-Z0-9_]*)?")
_DATABASE = re.compile(r"(?!(?:s3|https?|ftp|file)://)[A-Za-z][A-Za-z0-9+._-]*://")


def find_ledger(ledger: str) -> str:
    """Return the place of a ledger as typed: an absolute folder, an s3:// address, a database URL.

    `env:NAME` means the value of the environment variable, so that a password need not be typed.
    Only names that begin with DUNNING_LEDGER are looked up, and no message shows a variable's
    value. A database URL is returned as it is.

    Raises:
        DunningError: another kind of URL. UsageError: a variable that is not set, not ours, or
            holds no place.

    >>> find_ledger("postgresql://db/billing")
    'postgresql://db/billing'
    """
    if ledger.startswith(FROM_ENVIRONMENT):
        return find_ledger(_look_up(ledger.removeprefix(FROM_ENVIRONMENT)))
    if is_database(ledger):
        return ledger
    refuse_url(ledger, "--ledger", (SCHEME,))
    return settle_place(ledger)


def _look_up(name: str) -> str:
    """Return the place that a variable of ours holds: an address, or an existing folder."""
    if not _OUR_VARIABLE.fullmatch(name):
        raise UsageError(
            "--ledger is env: with a name that is not looked up: only variables whose names begin with DUNNING_LEDGER "
            "are. Put the address into one of those, say DUNNING_LEDGER_BILLING, and give its name."
        )
    value = os.environ.get(name, "")
    if not value:
        raise UsageError(
            f"--ledger is env:{name}, and the environment variable {name} is not set; set it."
        )
    # the message must not show the value: it may hold a password
    if not (is_database(value) or is_object_url(value) or Path(value).is_dir()):
        raise UsageError(
            f"The environment variable {name} holds neither the address of a database, nor an s3:// address, nor a "
            "folder that is there; what it holds is not shown. Correct it."
        )
    return value


def settle_place(place: str) -> str:
    """Return a folder as an absolute path, and an s3:// address in our normal form.

    Raises:
        UsageError: an address that names nothing.

    >>> settle_place("s3://lists/out/")
    's3://lists/out'
    """
    return str(open_place(place)) if is_object_url(place) else str(Path(place).absolute())


def is_database(ledger: str) -> bool:
    """Return whether a ledger is the URL of a database.

    >>> is_database("sqlite:///billing.db"), is_database("s3://bucket/ledger"), is_database("ledger")
    (True, False, False)
    """
    return _DATABASE.match(ledger) is not None


def bring_extract(
    ledger: str, home: Path, progress: Progress, *, as_of: date, billing_sql: Path | None = None
) -> Path:
    """Return the folder of the extract, fetched first where it is not local.

    See `extract_billing` and `bring_from_bucket`.

    Raises:
        DunningError: it cannot be fetched. UsageError: queries for a folder.
    """
    if is_database(ledger):
        return extract_billing(Address.of(ledger), read_queries(billing_sql), home, as_of, progress)
    if billing_sql is not None:
        raise UsageError(
            "--billing-sql holds queries for a database, but --ledger holds files; leave one of them out."
        )
    return bring_from_bucket(ledger, home, progress) if is_object_url(ledger) else Path(ledger)


@contextmanager
def extract_at_hand(
    ledger: str, home: Path, progress: Progress, *, as_of: date, billing_sql: Path | None = None
) -> Iterator[Path]:
    """Yield the folder of the extract for as long as it is needed to make the snapshot.

    The extract of a database is removed when the snapshot is complete, and when the ledger was
    refused, so that the next run reads the database again, where it may have been corrected. It
    stays only where the process ends otherwise.
    """
    folder = bring_extract(ledger, home, progress, as_of=as_of, billing_sql=billing_sql)
    brought = [folder] if is_database(ledger) else []
    try:
        yield folder
    # refused: what was read is of no more use; after any other end it is used again
    except DunningError:
        remove_folders(brought)
        raise
    remove_folders(brought)
