"""Finish what a killed run left half closed."""

from pathlib import Path

from dunning.gateways.database import Source
from dunning.gateways.publishing import is_published
from dunning.gateways.store import closing, runs


def recover(source: Source) -> None:
    """Bring every interrupted close to its end before anything else is decided. The caller holds the run lock.

    The intent was recorded before the files were published. If the manifest of that very run lies in its folder, its
    files had left: the deeds are done and the books closed. If not, nobody may have trusted what lies there: the intent
    is taken back and the date can be run again.
    """
    for interrupted in runs.interrupted_runs(source):
        folder = Path(interrupted.out or "") / interrupted.as_of.isoformat()
        if is_published(folder, interrupted.manifest_sha256 or ""):
            closing.finish_close(source, interrupted.as_of)
        else:
            closing.discard_close(source, interrupted.as_of)
