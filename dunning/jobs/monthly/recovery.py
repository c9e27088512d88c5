"""Finish what a killed run of the notices left half recorded, and clear away what it left lying."""

from collections.abc import Iterator
from contextlib import contextmanager

from dunning.gateways.files.publishing import remove_folders
from dunning.gateways.postgres.database import NOTICES_LOCK, Connection, Engine, Source, run_lock
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import notices
from dunning.jobs.monthly.runs import find_notices_folders, notices_target


@contextmanager
def notices_lock(engine: Engine, purpose: str) -> Iterator[Connection]:
    """Hold the lock of whoever begins or publishes notices; a night may be run meanwhile.

    Raises:
        DunningError: somebody else holds it; says who.
    """
    with run_lock(engine, purpose, NOTICES_LOCK) as connection:
        yield connection


def recover_notices(source: Source) -> None:
    """Bring every interrupted publishing to its end. The caller holds the notices' lock.

    The intent was recorded before the files were published. If the manifest of that very run lies
    in its folder, its files had left: it is done. If not, nobody may have trusted what lies there:
    the intent is taken back.
    """
    for interrupted in notices.interrupted_notices(source):
        as_of, service = interrupted.as_of, interrupted.service
        target = notices_target(interrupted.out, as_of.isoformat(), service)
        if target.is_published(interrupted.manifest_sha256):
            notices.finish_notices(source, as_of, service)
        else:
            target.clear()
            notices.discard_notices(source, as_of, service)


def sweep_notices(settings: Settings, service: str) -> None:
    """Remove the work folders of a service's earlier runs: the new one takes their place. The
    caller holds the lock.
    """
    remove_folders(find_notices_folders(settings, service))
