"""Targets of published files: a local folder or a place in an object store, used alike."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dunning.core.errors import DunningError
from dunning.gateways.files.publishing import MANIFEST, publish, remove_unfinished
from dunning.gateways.s3.object_store import ObjectPlace, is_object_url, open_place
from dunning.gateways.s3.publishing import publish_objects
from dunning.gateways.s3.transfers import read_object


class Target(Protocol):
    """The target of a date's files. As text it is its address or path."""

    def publish(self, prepared: Path) -> None:
        """Write the prepared files, all of them or none.

        The old manifest is removed first, the new one comes last. Where the same manifest is there
        already, its files stay; those that are missing or damaged are written again.

        Raises:
            DunningError: something cannot be written; the message names it.
        """

    def clear(self) -> None:
        """Remove what an interrupted `publish` was just writing; no file under its own name."""

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; None if there is none.

        Raises:
            DunningError: it cannot be looked up, so that its state is unknown.
        """


@dataclass(frozen=True)
class FolderTarget:
    """A local folder; see Target."""

    folder: Path

    def __str__(self) -> str:
        return str(self.folder)

    def publish(self, prepared: Path) -> None:
        """See Target."""
        publish(prepared, self.folder)

    def clear(self) -> None:
        """See Target."""
        remove_unfinished(self.folder)

    def read(self, name: str) -> bytes | None:
        """See Target."""
        path = self.folder / name
        try:
            return path.read_bytes() if path.is_file() else None
        except OSError as error:
            raise DunningError(
                f"{path} cannot be read ({error.strerror}). Make it readable and run again."
            ) from error


@dataclass(frozen=True)
class BucketTarget:
    """A place in an object store; see Target."""

    place: ObjectPlace

    def __str__(self) -> str:
        return str(self.place)

    def publish(self, prepared: Path) -> None:
        """See Target. Files of an older run of that date that this one lacks are removed."""
        try:
            publish_objects(prepared, self.place, MANIFEST)
        except DunningError as error:
            # the same class: an outage stays an outage, which may be tried again
            raise type(error)(
                f"{error} Until then whatever has no {MANIFEST} there does not count as sent."
            ) from error

    def clear(self) -> None:
        """See Target. An object is there as a whole or not at all."""

    def read(self, name: str) -> bytes | None:
        """See Target."""
        return read_object(self.place, name)


def is_published(target: Target, sha256: str) -> bool:
    """Return whether the manifest of a target is the one with this SHA-256.

    Raises:
        DunningError: it cannot be looked up, so that this is unknown.
    """
    found = target.read(MANIFEST)
    return found is not None and hashlib.sha256(found).hexdigest() == sha256


def read_named(target: Target, name: str, sha256: str) -> bytes:
    """Return a published file, checked against the SHA-256 that the manifest gives for it.

    Raises:
        DunningError: it is gone, or was changed.
    """
    content = target.read(name)
    if content is None or hashlib.sha256(content).hexdigest() != sha256:
        state = "is gone" if content is None else "was changed since it was published"
        raise DunningError(
            f"{target}/{name} {state}, so nobody may rely on it. Run the date again: it gives the same bytes, and "
            "records nothing twice."
        )
    return content


def target_of(out: str, path: str) -> Target:
    """Return the target below `out`, which is a folder or an s3:// address."""
    if is_object_url(out):
        return BucketTarget(open_place(out).below(path))
    return FolderTarget(Path(out) / path)


def is_same_place(one: str, other: str) -> bool:
    """Return whether two settled `out` are one folder, links followed, or one address."""
    # folders are compared as files, addresses as text
    if is_object_url(one) or is_object_url(other):
        return one == other
    return Path(one).resolve() == Path(other).resolve()
