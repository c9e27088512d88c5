"""Publish a run's files: all or none, the manifest removed first and written last.

old manifest removed | files written one by one | new manifest written
complete, old files  | without a manifest: does not count | complete, new files
"""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from dunning.core.errors import DunningError
from dunning.gateways.files.home import make_folders
from dunning.gateways.snapshots.snapshot import sha256_of

MANIFEST = "manifest.json"


def hash_files(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder by its relative path, sorted.

    The manifest itself is left out.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): sha256_of(path) for path in files if path.name != MANIFEST
    }


def manifest_bytes(manifest: Mapping[str, object]) -> bytes:
    """Return a manifest as it is written."""
    return (json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def check_prepared(prepared: Path) -> None:
    """Compare the prepared files with their manifest.

    Raises:
        DunningError: one of them is missing, is not the one that the manifest names, or is not
            named there.
    """
    named = json.loads((prepared / MANIFEST).read_text(encoding="utf-8"))["files"]
    found = hash_files(prepared)
    # both ways: a file that the manifest does not name is as wrong as a missing one
    for name in sorted(named.keys() | found.keys()):
        if named.get(name) != found.get(name):
            raise DunningError(
                f"{prepared / name} is not the file that the manifest names (SHA-256 differs): a bad disk, or somebody "
                "changed it. Nothing was published. Run the whole date again."
            )


def publish(prepared: Path, target: Path) -> None:
    """Write the prepared files (with their manifest) into `target`, readable by their owner only.

    Each file appears whole under its name or not at all. The old manifest is removed first, with
    those of its files that the new one does not have; the new manifest comes last, so that a reader
    who trusts only what a manifest names never sees half of a run. Where the very same manifest is
    there already, the files stay in place; only those are written that are missing or damaged.

    Raises:
        DunningError: the folder cannot be written; the message names the file.
    """
    names = sorted(
        str(path.relative_to(prepared)) for path in prepared.rglob("*") if path.is_file()
    )
    try:
        make_private(target)
        if _is_same(prepared / MANIFEST, target / MANIFEST):
            names = [name for name in names if not _is_same(prepared / name, target / name)]
        else:
            _withdraw(target, set(names))
        # False sorts before True: the manifest comes last
        for name in sorted(names, key=lambda name: (name == MANIFEST, name)):
            _place(prepared / name, target / name)
    except OSError as error:
        raise DunningError(
            f"{error.filename or target} cannot be written ({error.strerror}). The lists are not complete and have no "
            "manifest; nothing counts as sent. Make room or give --out another folder, and run the same date again."
        ) from error


def make_private(folder: Path) -> None:
    """Make a folder and those above it where they are missing; only its owner may enter it.

    One that is there is left as it is: other things may depend on its rights.
    """
    if not folder.is_dir():
        make_folders(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read."""
    make_private(path.parent)
    # private from the start: chmod after writing would leave a moment for others
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def write_private_parts(path: Path, parts: Iterable[bytes]) -> str:
    """Write a file that only its owner may read, part by part; return its SHA-256."""
    make_private(path.parent)
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for part in parts:
            digest.update(part)
            file.write(part)
    return digest.hexdigest()


def replace_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, as a whole or not at all.

    An older one is replaced.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.unfinished")
    write_private(beside, content)
    os.replace(beside, path)


def remove_folders(folders: Iterable[Path]) -> None:
    """Remove folders and all in them; one that is missing is no error."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def remove_unfinished(target: Path) -> None:
    """Remove what an interrupted `publish` was just writing; never a file under its own name."""
    for path in target.glob("**/.*.unfinished"):
        path.unlink(missing_ok=True)


def _named(target: Path) -> set[str]:
    """Return the files that a folder's manifest names and that are inside the folder.

    Empty without a manifest.
    """
    try:
        named = json.loads((target / MANIFEST).read_text(encoding="utf-8"))["files"]
        # a name such as ../x must not make us remove files elsewhere
        return {
            name for name in named if (target / name).resolve().is_relative_to(target.resolve())
        } - {MANIFEST}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _is_same(prepared: Path, published: Path) -> bool:
    """Return whether a published file has the bytes of the prepared one and is private."""
    if not published.is_file() or published.is_symlink():
        return False
    status = published.stat()
    # size first: it saves reading most files that differ
    is_alike = status.st_mode & 0o777 == 0o600 and status.st_size == prepared.stat().st_size
    return is_alike and sha256_of(published) == sha256_of(prepared)


def _withdraw(target: Path, names: set[str]) -> None:
    """Remove a folder's manifest, and those of its files that no new one replaces."""
    before = _named(target)
    (target / MANIFEST).unlink(missing_ok=True)
    # on disk before any file is removed: a crash must not leave the manifest with missing files
    _sync(target)
    for name in before - names:
        (target / name).unlink(missing_ok=True)


def _place(source: Path, target: Path) -> None:
    make_private(target.parent)
    beside = target.with_name(f".{target.name}.unfinished")
    shutil.copyfile(source, beside)
    beside.chmod(0o600)
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    # rename replaces in one step; the folder is synced so that the new name is on disk, too
    os.replace(beside, target)
    _sync(target.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
