"""A place in an S3 object store, `s3://bucket/prefix`: its objects and their properties.

boto3 finds the store and the credentials as it does everywhere (AWS_ENDPOINT_URL_S3, AWS_REGION,
AWS_PROFILE, keys, a role). It is imported only when a place is opened: runs on local folders do not
load it.
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from dunning.core.errors import UsageError
from dunning.gateways.settings.environment import scheme_of

MIB = 1024 * 1024
SCHEME = "s3"
_URL = re.compile(r"[Ss]3://([A-Za-z0-9][A-Za-z0-9._-]{1,254})(?:/+(.*?))?/*\Z", re.DOTALL)
# answers of stores that do not support part numbers
_KNOWS_NO_PARTS = (
    "400",
    "405",
    "416",
    "501",
    "InvalidArgument",
    "InvalidPartNumber",
    "NotImplemented",
)


@dataclass(frozen=True)
class Bounds:
    """Timeouts, number of tries and sizes of transfers.

    connect_seconds, read_seconds: until a connection is made; without a byte on it.
    tries: of one request (with growing pauses in between), and of one part that breaks off while it
    is read.
    part_bytes: larger objects are sent in parts of this size; the protocol needs 5 MiB at least.
    threads: parts in transfer at once; each part that is being written is in memory.
    """

    connect_seconds: float = 10
    read_seconds: float = 30
    tries: int = 10
    part_bytes: int = 16 * MIB
    threads: int = 4


BOUNDS = Bounds()


@dataclass(frozen=True)
class Stored:
    """One version of an object.

    name: below the place. size: in bytes. etag: the store's tag of this very version.
    """

    name: str
    size: int
    etag: str


@dataclass(frozen=True)
class ObjectPlace:
    """A bucket, or a prefix in it. `prefix` is empty or ends in a slash."""

    bucket: str
    prefix: str = ""
    bounds: Bounds = BOUNDS

    def __str__(self) -> str:
        return self.url_of("").rstrip("/")

    def below(self, name: str) -> "ObjectPlace":
        """Return the place of that name below this one."""
        return replace(self, prefix=f"{self.prefix}{name}/")

    def key(self, name: str) -> str:
        """Return the key of an object of this place."""
        return self.prefix + name

    def url_of(self, name: str) -> str:
        """Return the address of an object of this place."""
        return f"{SCHEME}://{self.bucket}/{self.prefix}{name}"

    @property
    def client(self) -> Any:
        """The client of boto3, which any number of threads may use."""
        # part of the cache's key: with other credentials another client is made
        environment = tuple(
            sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_"))
        )
        with self.explained(""):
            return _make_client(self.bounds, environment)

    @property
    def is_encrypted(self) -> bool:
        """Whether what travels is encrypted, so that a changed bit breaks the connection."""
        return str(self.client.meta.endpoint_url).startswith("https://")

    @contextmanager
    def explained(self, name: str) -> Iterator[None]:
        """Turn boto3's errors about an object of this place into DunningError."""
        from botocore.exceptions import BotoCoreError, ClientError

        from dunning.gateways.s3.refusals import explain

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise explain(error, self.url_of(name)) from error

    def objects(self) -> list[Stored]:
        """Return every object below this place, however deep, sorted by name.

        Raises:
            DunningError: no such bucket, no access, or the store cannot be reached.
        """
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix
        )
        with self.explained(""):
            found = [entry for page in pages for entry in page.get("Contents", ())]
        stored = [
            Stored(entry["Key"][len(self.prefix) :], entry["Size"], entry["ETag"])
            for entry in found
        ]
        # some stores list the prefix itself as an empty object
        return sorted((entry for entry in stored if entry.name), key=lambda entry: entry.name)

    def find(self, name: str) -> Stored | None:
        """Return the present version of an object, or None if there is none."""
        from botocore.exceptions import ClientError

        with self.explained(name):
            try:
                head = self.client.head_object(Bucket=self.bucket, Key=self.key(name))
            except ClientError as error:
                if error.response["Error"]["Code"] not in ("404", "NoSuchKey", "NotFound"):
                    raise
                # raises if the bucket itself is missing: that is a different error
                self.client.head_bucket(Bucket=self.bucket)
                return None
        return Stored(name, head["ContentLength"], head["ETag"])

    def describe(self, stored: Stored) -> dict[str, Any]:
        """Return the store's description of this very version: metadata, checksums, encryption."""
        with self.explained(stored.name):
            head: dict[str, Any] = self.client.head_object(
                Bucket=self.bucket,
                Key=self.key(stored.name),
                IfMatch=stored.etag,
                ChecksumMode="ENABLED",
            )
        return head

    def first_part_bytes(self, name: str) -> int:
        """Return the size of an object's first part; 0 if the store does not report it."""
        from botocore.exceptions import ClientError

        with self.explained(name):
            try:
                head = self.client.head_object(Bucket=self.bucket, Key=self.key(name), PartNumber=1)
            except ClientError as error:
                if error.response["Error"]["Code"] not in _KNOWS_NO_PARTS:
                    raise
                return 0
        return int(head["ContentLength"])

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects; one that is missing is no error."""
        for name in names:
            with self.explained(name):
                self.client.delete_object(Bucket=self.bucket, Key=self.key(name))

    def remove_unfinished_uploads(self) -> None:
        """Remove uploads in parts that were never finished, where the store lists them.

        They take room that is paid for.
        """
        from botocore.exceptions import ClientError

        pages = self.client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self.bucket, Prefix=self.prefix
        )
        with self.explained(""):
            try:
                found = [upload for page in pages for upload in page.get("Uploads", ())]
                for upload in found:
                    self.client.abort_multipart_upload(
                        Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                    )
            except ClientError as error:
                if error.response["Error"]["Code"] not in (
                    "AccessDenied",
                    "NotImplemented",
                    "NoSuchUpload",
                ):
                    raise


@lru_cache(maxsize=4)
def _make_client(bounds: Bounds, environment: tuple[tuple[str, str], ...]) -> Any:
    """Return a client for an environment; the same one as long as the environment is the same."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=bounds.connect_seconds,
        read_timeout=bounds.read_seconds,
        tcp_keepalive=True,
        retries={"mode": "standard", "total_max_attempts": bounds.tries},
        max_pool_connections=max(bounds.threads, 10),
        # `s3.transfers` checks them, for parts as well
        response_checksum_validation="when_required",
    )
    return boto3.session.Session().client("s3", config=config)


def is_object_url(value: str) -> bool:
    """Return whether a text is the address of a place in an object store.

    >>> [is_object_url(text) for text in ("s3://bucket/prefix", "out", "ftp://host")]
    [True, False, False]
    """
    return scheme_of(value) == SCHEME


def open_place(url: str, bounds: Bounds | None = None) -> ObjectPlace:
    """Return the place of an address; the store is not asked yet.

    Raises:
        UsageError: the address is not of the form s3://bucket/prefix.

    >>> str(open_place("s3://lists/out//"))
    's3://lists/out'
    """
    found = _URL.match(url)
    if found is None or any(part in ("", ".", "..") for part in (found[2] or "x").split("/")):
        shown = "An s3:// address with something like a password in it" if "@" in url else url
        raise UsageError(
            f"{shown} names no place in an object store; write s3://bucket or s3://bucket/prefix. Credentials and "
            "another endpoint come from the environment (AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL_S3)."
        )
    return ObjectPlace(found[1], f"{found[2]}/" if found[2] else "", bounds or BOUNDS)
