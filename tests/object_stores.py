"""A real S3 server (moto's) on a port of its own, and in front of it a line that can fail in all
the usual ways.
"""

import hashlib
import itertools
import json
import logging
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

from dunning.gateways.s3 import object_store
from dunning.gateways.s3.object_store import MIB, Bounds

QUICK = Bounds(connect_seconds=1, read_seconds=1.5, tries=3, part_bytes=5 * MIB, threads=2)
_numbers = itertools.count(1)
_BUSY = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"


@dataclass
class Fault:
    """Something that happens to requests of a method whose path matches, so many times, after so
    many were let pass.

    deed: `stall` (no answer at all), `busy` (503), `cut` (half an answer), `corrupt` (one bit of
    the body, whichever way it goes), `reset` (the connection breaks before the request arrives),
    `lose` (it breaks before the answer arrives), `whole` (a wanted range is ignored), `replace`
    (somebody writes another object of that name first), `extra` (somebody adds one beside it
    first); or the code of an error with which the store answers.
    """

    deed: str
    method: str = "GET|PUT|HEAD|POST|DELETE"
    path: str = ""
    times: int = 1
    after: int = 0

    def meets(self, method: str, path: str) -> bool:
        """Tell whether it happens to this request, and count."""
        if not re.fullmatch(self.method, method) or not re.search(self.path, path):
            return False
        self.after -= 1
        if self.after >= 0 or self.times == 0:
            return False
        self.times -= 1
        return True


@dataclass
class Store:
    """A bucket of a test's own behind a line that may fail. `client` goes round the line."""

    bucket: str
    client: Any
    line: "Line"
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    headers: list[list[str]] = field(default_factory=list)
    watch: Callable[[str, str], None] = lambda method, path: None

    def url(self, prefix: str = "") -> str:
        """Return the address of a place in the bucket."""
        return f"s3://{self.bucket}/{prefix}".rstrip("/")

    def put(self, key: str, content: bytes, **more: Any) -> None:
        """Write an object past the line."""
        self.client.put_object(Bucket=self.bucket, Key=key, Body=content, **more)

    def read(self, key: str) -> bytes:
        """Read an object past the line."""
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys below a prefix."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix
        )
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def contents(self) -> dict[str, bytes]:
        """Return the bytes of every object by its key, taken from the server's own memory: quick,
        and in one moment.
        """
        keys = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[self.bucket].keys
        return {name: key.value for name, key in keys.items()}

    def hashes(self, prefix: str) -> dict[str, str]:
        """Return the SHA-256 of every object below a prefix by its name there."""
        below = {
            name: content
            for name, content in self.contents().items()
            if name.startswith(f"{prefix}/")
        }
        return {
            name.removeprefix(f"{prefix}/"): hashlib.sha256(content).hexdigest()
            for name, content in below.items()
        }

    def broken_promises(self, prefix: str) -> list[str]:
        """Return what a reader who trusts the manifest of a date would not find, or not as
        promised.
        """
        manifest = self.contents().get(f"{prefix}/manifest.json")
        if manifest is None:
            return []
        found = self.hashes(prefix)
        promised = json.loads(manifest)["files"]
        return [name for name, sha256 in promised.items() if found.get(name) != sha256]

    def unfinished_uploads(self) -> list[str]:
        """Return the keys of uploads in parts that somebody began."""
        return [
            each["Key"]
            for each in self.client.list_multipart_uploads(Bucket=self.bucket).get("Uploads", ())
        ]

    def draw(self, method: str, path: str, headers: list[str]) -> str:
        """Return what happens to a request, empty where nothing does."""
        self.requests.append((method, path))
        self.headers.append(headers)
        return next((fault.deed for fault in self.faults if fault.meets(method, path)), "")


class Line(ThreadingHTTPServer):
    """Hands requests to the store behind it, and does to them what `draw` says."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, behind: tuple[str, int], direct: Any) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind, self.direct, self.stores, self.lock = (
            behind,
            direct,
            dict[str, Store](),
            threading.Lock(),
        )

    def store_of(self, path: str) -> Store:
        """Return the test's store whose bucket a path names."""
        return self.stores[re.split(r"[/?]", path)[1]]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: connections that break are what this is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Line

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        store = self.server.store_of(self.path)
        with self.server.lock:
            deed = store.draw(self.command, self.path, [name.lower() for name in self.headers])
        if deed == "stall":
            self.connection.recv(1)  # ends when the other side gives up
            self._break_off()
        elif deed == "reset":
            self._break_off()
        elif deed == "busy":
            self._answer(503, "SlowDown", {}, _BUSY)
        elif deed in ("", "cut", "corrupt", "lose", "whole", "replace", "extra"):
            self._forward(store, deed, body)
        else:
            self._answer(403, deed, {}, _BUSY.replace(b"SlowDown", deed.encode()))

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _serve  # noqa: N815

    def _forward(self, store: Store, deed: str, body: bytes) -> None:
        if deed == "corrupt" and body:
            body = _flip(body)
        if deed in ("replace", "extra"):
            key = self.path.split("/", 2)[2]
            store.put(key if deed == "replace" else f"{key}.csv", b"another")
        behind = HTTPConnection(*self.server.behind)
        left_out = ("expect", "range") if deed == "whole" else ("expect",)
        headers = {
            name: value for name, value in self.headers.items() if name.lower() not in left_out
        }
        behind.request(self.command, self.path, body, headers)
        answer = behind.getresponse()
        content = answer.read()
        behind.close()
        if self.command != "GET":
            with self.server.lock:
                store.watch(self.command, self.path)
        if deed == "lose":
            self._break_off()
        elif deed == "cut":
            self._answer(answer.status, answer.reason, answer.headers, content, len(content) // 2)
        else:
            damaged = (
                _flip(content)
                if deed == "corrupt" and content and self.command == "GET"
                else content
            )
            self._answer(answer.status, answer.reason, answer.headers, damaged)

    def _answer(
        self,
        status: int,
        reason: str,
        headers: HTTPMessage | dict[str, str],
        content: bytes,
        sent: int | None = None,
    ) -> None:
        self.send_response_only(status, reason)
        told = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(content))
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", told)
        self.end_headers()
        self.wfile.write(content[:sent])
        if sent is not None:
            self.wfile.flush()
            self.close_connection = True

    def _break_off(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, *words: Any) -> None:
        """Say nothing."""


def _flip(content: bytes) -> bytes:
    """Return content with one bit changed, in the middle."""
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@contextmanager
def serve_line() -> Iterator[Line]:
    """Run a store and the line in front of it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    keys = {
        "aws_access_key_id": "clerk",
        "aws_secret_access_key": "invented",
        "region_name": "us-east-1",
    }
    direct = boto3.session.Session().client("s3", endpoint_url=f"http://{host}:{port}", **keys)
    line = Line((host, port), direct)
    thread = threading.Thread(
        target=line.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    try:
        yield line
    finally:
        line.shutdown()
        line.server_close()
        moto.stop()


@contextmanager
def open_store(line: Line) -> Iterator[Store]:
    """Give a bucket of its own behind the line; the environment names the line, and our patience is
    short.
    """
    bucket = f"bucket-{next(_numbers)}"
    with pytest.MonkeyPatch.context() as environment:
        for name in (
            "AWS_PROFILE",
            "AWS_ENDPOINT_URL",
            "AWS_SESSION_TOKEN",
            "AWS_REQUEST_CHECKSUM_CALCULATION",
        ):
            environment.delenv(name, raising=False)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            environment.setenv(name, "/dev/null")
        environment.setenv("AWS_ACCESS_KEY_ID", "clerk")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "invented")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        environment.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{line.server_port}")
        environment.setattr(object_store, "BOUNDS", QUICK)
        line.direct.create_bucket(Bucket=bucket)
        line.stores[bucket] = store = Store(bucket, line.direct, line)
        yield store
