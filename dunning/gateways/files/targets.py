"""Where a date's files are published: a local folder, or a place in an object store behind the same
face.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from dunning.core.errors import DunningError
from dunning.gateways.files.publishing import MANIFEST, is_published, publish, remove_unfinished
from dunning.gateways.s3.object_store import ObjectPlace, is_object_url, open_place
from dunning.gateways.s3.publishing import publish_objects
from dunning.gateways.s3.transfers import read_object


class Target(Protocol):
    """Where the files of a date come. As text it is its address or path."""

    def publish(self, prepared: Path) -> None:
        """Put the prepared files there, all of them or none: the old manifest goes first, the new
        one comes last.

        Where the same manifest lies already, its files stay; those that are missing or harmed are
        written again.

        Raises:
            DunningError: something cannot be written; says what.
        """

    def is_published(self, sha256: str) -> bool:
        """Return whether the manifest that lies there is the one with this SHA-256.

        Raises:
            DunningError: it cannot be looked up, so nobody knows.
        """

    def clear(self) -> None:
        """Remove what an interrupted `publish` was just writing; never a file under its own
        name.
        """

    def read_manifest(self) -> dict[str, Any]:
        """Return the manifest that lies there.

        Raises:
            DunningError: there is none.
        """

    def read(self, name: str) -> bytes | None:
        """Return what lies there under a name; None where nothing does."""


@dataclass(frozen=True)
class FolderTarget:
    """A local folder; see Target."""

    folder: Path

    def __str__(self) -> str:
        return str(self.folder)

    def publish(self, prepared: Path) -> None:
        """See Target."""
        publish(prepared, self.folder)

    def is_published(self, sha256: str) -> bool:
        """See Target."""
        return is_published(self.folder, sha256)

    def clear(self) -> None:
        """See Target."""
        remove_unfinished(self.folder)

    def read_manifest(self) -> dict[str, Any]:
        """See Target."""
        path = self.folder / MANIFEST
        return _parse(path.read_bytes() if path.is_file() else None, str(self))

    def read(self, name: str) -> bytes | None:
        """See Target."""
        path = self.folder / name
        return path.read_bytes() if path.is_file() else None


@dataclass(frozen=True)
class BucketTarget:
    """A place in an object store; see Target."""

    place: ObjectPlace

    def __str__(self) -> str:
        return str(self.place)

    def publish(self, prepared: Path) -> None:
        """See Target. What an older run of that date left there, and this one does not have, is
        removed.
        """
        try:
            publish_objects(prepared, self.place, MANIFEST)
        except DunningError as error:
            raise type(error)(
                f"{error} Until then whatever has no {MANIFEST} there does not count as sent."
            ) from error

    def is_published(self, sha256: str) -> bool:
        """See Target."""
        found = read_object(self.place, MANIFEST)
        return found is not None and hashlib.sha256(found).hexdigest() == sha256

    def clear(self) -> None:
        """See Target. An object is there as a whole or not at all."""

    def read_manifest(self) -> dict[str, Any]:
        """See Target."""
        return _parse(read_object(self.place, MANIFEST), str(self))

    def read(self, name: str) -> bytes | None:
        """See Target."""
        return read_object(self.place, name)


def read_named(target: Target, name: str, sha256: str) -> bytes:
    """Return a published file that is the one with this SHA-256, as its manifest says.

    Raises:
        DunningError: it is gone, or somebody changed it.
    """
    content = target.read(name)
    if content is None or hashlib.sha256(content).hexdigest() != sha256:
        state = "is gone" if content is None else "was changed since it was published"
        raise DunningError(
            f"{target}/{name} {state}, so nobody may rely on it. Run the date again: it gives the same bytes, and "
            "records nothing twice."
        )
    return content


def target_of(out: str, as_of: str) -> Target:
    """Return where the files of a date come below `out`, which is a folder or an s3:// address."""
    if is_object_url(out):
        return BucketTarget(open_place(out).below(as_of))
    return FolderTarget(Path(out) / as_of)


def is_same_place(one: str, other: str) -> bool:
    """Return whether two settled `out` are one folder, links followed, or one address."""
    if is_object_url(one) or is_object_url(other):
        return one == other
    return Path(one).resolve() == Path(other).resolve()


def _parse(manifest: bytes | None, where: str) -> dict[str, Any]:
    if manifest is None:
        raise DunningError(
            f"There is no {MANIFEST} at {where}: the run has not been published. Run the date again."
        )
    parsed: dict[str, Any] = json.loads(manifest)
    return parsed
