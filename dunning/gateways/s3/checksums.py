"""Checksums of objects: choose one that the store has and that we can compute, and compute it.

Stores keep different checksums of an object: our own SHA-256 where we wrote it, one of S3's
checksums, of the whole or of its parts ("composite": the digest of the parts' digests), or only an
ETag, which is an MD5 in the same two ways where nothing but the store's own key encrypts the
object. CRC32C and CRC64NVME are not used: nothing in Python's library computes them at the speed of
a download, and such objects have an ETag as well.

    whole       digest(bytes 0 … size)
    composite   digest(digest(part 1) + digest(part 2) + … + digest(part n))
"""

import base64
import hashlib
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

# User metadata on everything that we write: its SHA-256, by which our own objects are recognised.
MARK = "dunning-sha256"
BLOCK = 1024 * 1024
_MD5 = re.compile(r'"?([0-9a-f]{32})(?:-([0-9]+))?"?\Z')
_OF_PARTS = re.compile(r"(.+?)-([0-9]+)\Z")


class Digest(Protocol):
    """The methods of a hashlib digest that we use."""

    def update(self, block: bytes, /) -> None:
        """Add some more bytes."""

    def digest(self) -> bytes:
        """Return the digest of all bytes so far."""


class Crc32:
    """CRC-32 with the methods of a hashlib digest."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, block: bytes, /) -> None:
        """Add some more bytes."""
        self._value = zlib.crc32(block, self._value)

    def digest(self) -> bytes:
        """Return the checksum, most significant byte first."""
        return self._value.to_bytes(4, "big")


_NEW: dict[str, Callable[[], Digest]] = {
    "sha256": hashlib.sha256,
    "sha1": hashlib.sha1,
    "crc32": Crc32,
    "md5": lambda: hashlib.md5(usedforsecurity=False),
}


@dataclass(frozen=True)
class Checksum:
    """The digest of an object, or of the digests of its parts.

    part_bytes: the size of the parts; None: of the object as a whole.
    """

    algorithm: str
    value: bytes
    part_bytes: int | None = None

    def agrees(self, content: BinaryIO, size: int) -> bool:
        """Return whether a stream, from its beginning, has this checksum and this many bytes."""
        content.seek(0)
        found = digest_of(content, size, self.algorithm, self.part_bytes)
        # one byte more would be too many
        return found == self.value and not content.read(1)


def digest_of(content: BinaryIO, size: int, algorithm: str, part_bytes: int | None = None) -> bytes:
    """Return the digest of the next `size` bytes of a stream.

    With `part_bytes` that of the digests of the parts.

    >>> from io import BytesIO
    >>> digest_of(BytesIO(b"123456789"), 9, "crc32").hex()
    'cbf43926'
    """
    if part_bytes is None:
        return _digest_part(content, size, algorithm)
    whole = _NEW[algorithm]()
    for start in range(0, size, part_bytes):
        whole.update(_digest_part(content, min(part_bytes, size - start), algorithm))
    return whole.digest()


def md5_tag(path: Path, size: int, part_bytes: int) -> str:
    """Return the ETag, without quotes, that a store gives a file sent in parts of this size.

    A file that is not larger than one part is sent as a whole.
    """
    with path.open("rb") as content:
        if size <= part_bytes:
            return digest_of(content, size, "md5").hex()
        # -(-a // b) is a / b rounded up: the number of parts
        return f"{digest_of(content, size, 'md5', part_bytes).hex()}-{-(-size // part_bytes)}"


def find_checksum(
    head: dict[str, Any], size: int, first_part_bytes: Callable[[], int]
) -> Checksum | None:
    """Return the best checksum that a store has of an object and we can compute, or None.

    Args:
        head: the answer to HEAD, with ChecksumMode.
        size: bytes of the object.
        first_part_bytes: asks the store how large the object's first part is; called only if that
            matters.
    """
    ours = head.get("Metadata", {}).get(MARK, "")
    if ours:
        return Checksum("sha256", bytes.fromhex(ours))
    tag = _MD5.match(head.get("ETag", ""))
    # the strongest first
    for algorithm in ("sha256", "sha1", "crc32"):
        value = head.get(f"Checksum{algorithm.upper()}")
        if value is None:
            continue
        text, count = _split_parts(value)
        if (
            count is None
            and head.get("ChecksumType") != "FULL_OBJECT"
            and tag is not None
            and tag[2]
        ):
            # some stores leave out the number of parts; the ETag has it
            count = int(tag[2])
        return _checksum(algorithm, base64.b64decode(text), count, size, first_part_bytes)
    # encrypted with a key of the customer's, the ETag is no MD5 of the content
    is_plain = head.get("ServerSideEncryption") in (None, "AES256") and not head.get(
        "SSECustomerAlgorithm"
    )
    if tag is None or not is_plain:
        return None
    return _checksum(
        "md5", bytes.fromhex(tag[1]), int(tag[2]) if tag[2] else None, size, first_part_bytes
    )


def _checksum(
    algorithm: str, value: bytes, count: int | None, size: int, first_part_bytes: Callable[[], int]
) -> Checksum | None:
    """Return a checksum of the whole, or of `count` parts of equal size but for the last one.

    None if the parts have another size.
    """
    if count is None:
        return Checksum(algorithm, value)
    part_bytes = max(size, 1) if count == 1 else first_part_bytes()
    return (
        Checksum(algorithm, value, part_bytes)
        if part_bytes and -(-size // part_bytes) == count
        else None
    )


def _split_parts(value: str) -> tuple[str, int | None]:
    found = _OF_PARTS.match(value)
    return (found[1], int(found[2])) if found else (value, None)


def _digest_part(content: BinaryIO, size: int, algorithm: str) -> bytes:
    digest, left = _NEW[algorithm](), size
    while left and (block := content.read(min(BLOCK, left))):
        digest.update(block)
        left -= len(block)
    return digest.digest()
