"""Transfer files to and from an object store: in parts, with retries, compared by checksum."""

import base64
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from botocore.exceptions import (
    ClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from dunning.core.errors import DunningError, OutageError
from dunning.gateways.s3.checksums import BLOCK, MARK, Checksum, digest_of, find_checksum, md5_tag
from dunning.gateways.s3.object_store import ObjectPlace, Stored
from dunning.gateways.s3.refusals import DAMAGED

# tries of an object that arrives with another checksum
WHOLE_TRIES = 3
# a connection that broke while the bytes came: the rest is asked for again
_BROKEN = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)

Given = TypeVar("Given")
Made = TypeVar("Made")


def fetch_file(place: ObjectPlace, stored: Stored, path: Path) -> str:
    """Fetch one version of an object into a file; return its SHA-256 (hex).

    The file is readable by its owner only. It comes in parts, each continued where a connection
    broke. The file appears whole under its name, compared with the object's size and checksum (or,
    without one, with a second reading), or not at all.

    Raises:
        DunningError: the object was replaced meanwhile, arrives damaged every time, or cannot be
            read.
    """
    checksum = _checksum_of(place, stored)
    beside = path.with_name(f".{path.name}.unfinished")
    try:
        for _ in range(WHOLE_TRIES):
            _fetch_parts(place, stored, beside)
            with beside.open("rb") as content:
                if _has_arrived(place, stored, checksum, content):
                    content.seek(0)
                    sha256 = digest_of(content, stored.size, "sha256").hex()
                    os.replace(beside, path)
                    return sha256
    finally:
        beside.unlink(missing_ok=True)
    raise _damaged(place, stored.name, "arrived here")


def read_object(place: ObjectPlace, name: str) -> bytes | None:
    """Return the bytes of a small object, compared with its checksum; None if there is none."""
    stored = place.find(name)
    if stored is None:
        return None
    checksum = _checksum_of(place, stored)
    for _ in range(WHOLE_TRIES):
        content = b"".join(_blocks(place, stored, 0, stored.size))
        if _has_arrived(place, stored, checksum, BytesIO(content)):
            return content
    raise _damaged(place, name, "arrived here")


def put_file(place: ObjectPlace, name: str, path: Path) -> None:
    """Write a file as an object, in parts where it is large, whole or not at all.

    The store is given the SHA-256. Whether it checks that or not: the ETag that it then returns (an
    MD5) must agree, or else the object is read back.

    Raises:
        DunningError: it arrives damaged every time, or cannot be written.
    """
    size = path.stat().st_size
    with path.open("rb") as content:
        sha256 = digest_of(content, size, "sha256")
    tag = md5_tag(path, size, place.bounds.part_bytes)
    for _ in range(WHOLE_TRIES):
        if _send(place, name, path, sha256) == tag:
            return
        stored = place.find(name)
        if stored is not None and stored.size == size and _is_held(place, stored, tag, sha256):
            return
    raise _damaged(place, name, "arrived there")


def is_ours(place: ObjectPlace, stored: Stored) -> bool:
    """Return whether we wrote an object."""
    return MARK in place.describe(stored).get("Metadata", {})


def is_copy(place: ObjectPlace, stored: Stored, path: Path) -> bool:
    """Return whether we wrote an object from a file with these very bytes."""
    size = path.stat().st_size
    if stored.size != size:
        return False
    with path.open("rb") as content:
        sha256 = digest_of(content, size, "sha256").hex()
    return place.describe(stored).get("Metadata", {}).get(MARK) == sha256


def _checksum_of(place: ObjectPlace, stored: Stored) -> Checksum | None:
    return find_checksum(
        place.describe(stored), stored.size, lambda: place.first_part_bytes(stored.name)
    )


def _has_arrived(
    place: ObjectPlace, stored: Stored, checksum: Checksum | None, content: BinaryIO
) -> bool:
    """Return whether a stream has the bytes of an object.

    Where the store has no checksum that we can compute (an object encrypted with a key of the
    customer's, say), they are compared with a second reading: two are hardly damaged alike. TLS
    finds such damage itself.
    """
    if checksum is not None:
        return checksum.agrees(content, stored.size)
    if place.is_encrypted:
        return True
    again = _sha256(_blocks(place, stored, 0, stored.size))
    return Checksum("sha256", again).agrees(content, stored.size)


def _is_held(place: ObjectPlace, stored: Stored, tag: str, sha256: bytes) -> bool:
    if stored.etag.strip('"') == tag:
        return True
    # its tag is no MD5 of the content: only reading it back can show
    return _sha256(_blocks(place, stored, 0, stored.size)) == sha256


def _sha256(blocks: Iterable[bytes]) -> bytes:
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.digest()


def _fetch_parts(place: ObjectPlace, stored: Stored, path: Path) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        # of full size from the start, so that every part can be written at its own place
        file.truncate(stored.size)

    def fetch(start: int) -> None:
        stop = min(start + place.bounds.part_bytes, stored.size)
        with path.open("r+b") as part:
            part.seek(start)
            for block in _blocks(place, stored, start, stop):
                part.write(block)

    in_parallel(fetch, range(0, stored.size, place.bounds.part_bytes), place.bounds.threads)


def _blocks(place: ObjectPlace, stored: Stored, start: int, stop: int) -> Iterator[bytes]:
    """Yield the bytes from `start` (inclusive) to `stop` (exclusive) of this very version.

    Continues where a connection broke.
    """
    broken = 0
    while start < stop:
        with place.explained(stored.name):
            answer = _ask(place, stored, start, stop)
            try:
                with closing(answer["Body"]) as body:
                    while block := body.read(BLOCK):
                        # counted before it is given away: a retry asks only for the rest
                        start += len(block)
                        yield block
            except _BROKEN:
                broken += 1
                if broken == place.bounds.tries:
                    raise


def _ask(place: ObjectPlace, stored: Stored, start: int, stop: int) -> dict[str, Any]:
    whole = start == 0 and stop == stored.size
    # the range's end is inclusive in HTTP; a whole object needs none
    span = {} if whole else {"Range": f"bytes={start}-{stop - 1}"}
    answer: dict[str, Any] = place.client.get_object(
        Bucket=place.bucket, Key=place.key(stored.name), IfMatch=stored.etag, **span
    )
    # a store may ignore the range and send everything
    if answer["ContentLength"] != stop - start:
        answer["Body"].close()
        raise DunningError(
            f"The object store gave {answer['ContentLength']} bytes of {place.url_of(stored.name)} where bytes {start} "
            f"to {stop - 1} were asked for: what it says of its objects cannot be relied on. Run again; if it stays "
            "so, take the files from a local folder."
        )
    return answer


def _send(place: ObjectPlace, name: str, path: Path, sha256: bytes) -> str:
    """Write a file once; return the tag that the store gave it, or an empty text.

    Empty where only the object itself can show what was written.
    """
    send = _send_whole if path.stat().st_size <= place.bounds.part_bytes else _send_parts
    with place.explained(name):
        try:
            tag: str = send(place, name, path, sha256)["ETag"]
        except ClientError as error:
            # Damaged on the way, as the store found; or no such upload: it was completed, and the
            # answer got lost.
            if error.response["Error"]["Code"] not in (*DAMAGED, "NoSuchUpload"):
                raise
            return ""
    return tag.strip('"')


def _send_whole(place: ObjectPlace, name: str, path: Path, sha256: bytes) -> dict[str, Any]:
    with path.open("rb") as body:
        answer: dict[str, Any] = place.client.put_object(
            Bucket=place.bucket,
            Key=place.key(name),
            Body=body,
            Metadata={MARK: sha256.hex()},
            **_given(place, sha256),
        )
    return answer


def _send_parts(place: ObjectPlace, name: str, path: Path, sha256: bytes) -> dict[str, Any]:
    where = {"Bucket": place.bucket, "Key": place.key(name)}
    algorithm = {"ChecksumAlgorithm": "SHA256"} if _given(place, b"") else {}
    upload = place.client.create_multipart_upload(
        **where, Metadata={MARK: sha256.hex()}, **algorithm
    )["UploadId"]
    size, step = path.stat().st_size, place.bounds.part_bytes

    def send(start: int) -> dict[str, Any]:
        with path.open("rb") as file:
            file.seek(start)
            body = file.read(step)
        number = start // step + 1
        given = _given(place, hashlib.sha256(body).digest())
        answer = place.client.upload_part(
            **where, UploadId=upload, PartNumber=number, Body=body, **given
        )
        return {"PartNumber": number, "ETag": answer["ETag"], **given}

    try:
        parts = in_parallel(send, range(0, size, step), place.bounds.threads)
        answer: dict[str, Any] = place.client.complete_multipart_upload(
            **where, UploadId=upload, MultipartUpload={"Parts": parts}
        )
    except BaseException:
        # the first error is the one that matters
        with suppress(Exception):
            place.client.abort_multipart_upload(**where, UploadId=upload)
        raise
    return answer


def _given(place: ObjectPlace, sha256: bytes) -> dict[str, str]:
    """Return the checksum as the store takes it; nothing for a store without checksums.

    boto3 is configured so for such a store.
    """
    if place.client.meta.config.request_checksum_calculation == "when_required":
        return {}
    return {"ChecksumSHA256": base64.b64encode(sha256).decode("ascii")}


def in_parallel(work: Callable[[Given], Made], items: Iterable[Given], threads: int) -> list[Made]:
    """Return the results of the work for each item, in their order.

    The first error stops what has not begun.
    """
    pool = ThreadPoolExecutor(threads)
    try:
        return list(pool.map(work, items))
    finally:
        # cancels what is still waiting in the queue
        pool.shutdown(cancel_futures=True)


def _damaged(place: ObjectPlace, name: str, where: str) -> OutageError:
    return OutageError(
        f"{place.url_of(name)} {where} damaged {WHOLE_TRIES} times (its checksum differs): something between this "
        "machine and the object store changes bytes. Nothing was taken over. Check the network, and run again."
    )
