"""Sealed files between the steps of a run: a changed bit or a half-written file is found."""

import json
from collections.abc import Iterable
from pathlib import Path

from dunning.core.errors import DunningError
from dunning.gateways.files.publishing import write_private
from dunning.gateways.snapshots.snapshot import sha256_of


def seal_files(seal: Path, files: Iterable[Path]) -> None:
    """Write the SHA-256 of finished files into the file `seal`.

    The seal is in the folder of the files or above it.
    """
    hashes = {path.relative_to(seal.parent).as_posix(): sha256_of(path) for path in sorted(files)}
    write_private(seal, json.dumps(hashes, indent=1).encode())


def check_seal(seal: Path, names: Iterable[str] | None = None) -> None:
    """Compare files with their seal; only those with one of `names`, where given.

    Raises:
        DunningError: the step that seals them has not ended, or one of them is not what was
            written.
    """
    try:
        hashes: dict[str, str] = json.loads(seal.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DunningError(
            f"{seal} is missing: the step before has not ended. Run the whole date again."
        ) from error
    except ValueError as error:
        raise DunningError(_describe_harm(seal)) from error
    chosen = None if names is None else set(names)
    for name, sha256 in hashes.items():
        path = seal.parent / name
        if (chosen is None or path.name in chosen) and (
            not path.is_file() or sha256_of(path) != sha256
        ):
            raise DunningError(_describe_harm(path))


def _describe_harm(path: Path) -> str:
    return (
        f"{path} is missing or not the one that an earlier step of this run wrote (SHA-256 differs): a bad disk, or "
        "somebody changed it. Nothing was published. Run the whole date again."
    )
