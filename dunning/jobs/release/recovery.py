"""Finish, or take back, a release that was interrupted."""

from dunning.gateways.postgres.database import Source
from dunning.gateways.store import releases
from dunning.jobs.release.files import released_target


def recover_releases(source: Source) -> None:
    """Bring every interrupted release to its end. The caller holds the run lock.

    If the manifest that it was about to publish lies in its place, the list has left; else nobody
    may have trusted what lies there, and the intent is taken back.
    """
    for release in releases.fetch_intended(source):
        target = released_target(release.out, release.as_of, release.list_name)
        if target.is_published(release.manifest_sha256):
            releases.finish_release(source, release)
        else:
            target.clear()
            releases.discard_release(source, release)
