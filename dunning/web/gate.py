"""Refusals before Airflow reads a request: foreign addresses, guessed passwords, floods, forgery.

It filters all of Airflow's API server, not only our pages: the plugin installs it as a
root middleware.
"""

import json
import re
import time
from collections import deque
from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from starlette.exceptions import HTTPException

from dunning.core.loopback import is_loopback

BODY_BYTES_MAX = 2 * 1024 * 1024
_OURS = re.compile(r"/(dunning|auth)(/|$)")
_TOKEN = re.compile(r"/auth/token(/cli)?/?$")
_RESULTS = re.compile(r"/api/v2/.*/xcomEntries", re.I)
_RATE = re.compile(r"\s*(\d+)\s*(?:/|per)\s*(\d*)\s*(second|minute|hour|day)s?\s*")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
# Above this number of addresses the old ones are forgotten, so that memory stays bounded.
_ADDRESSES_MAX = 10_000
_OF_PROXIES = (
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-proto",
    b"x-real-ip",
    b"forwarded",
    b"via",
)

FAR = "The invented users of this machine are for trying out: they log in on this machine only. See docs/access.md."
OFTEN = "Too many logins from this address; wait a minute."
LARGE = "That is larger than any form of ours; nothing was read or changed."
FORGED = "What a task found out is written by the task itself; nobody else may change it."


class Gate:
    """An ASGI middleware; each refusal is one short JSON response."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.tries = Tries(*read_rate(conf.get("fab", "auth_rate_limit", fallback="")))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = self._refuse(scope)
        if refusal and scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif refusal:
            await _answer(send, *refusal)
        elif scope["type"] == "http" and _OURS.search(scope["path"]):
            measured = _Measured(receive, send)
            await self.app(scope, measured.receive, measured.send)
        else:
            await self.app(scope, receive, send)

    def _refuse(self, scope: Any) -> tuple[int, str] | None:
        """Return status and text of a refusal; None if the request may pass."""
        path, method = scope["path"], scope.get("method", "GET")
        if is_simple() and not _is_near(scope):
            return 403, FAR
        if _RESULTS.search(path) and method not in ("GET", "HEAD", "OPTIONS"):
            return 403, FORGED
        if _TOKEN.search(path) and not self.tries.may(str((scope.get("client") or ("",))[0])):
            return 429, OFTEN
        stated = _header(scope, b"content-length")
        if _OURS.search(path) and stated.isdigit() and int(stated) > BODY_BYTES_MAX:
            return 413, LARGE
        return None


class Tries:
    """Recent tries of each address; at most `most` tries in `seconds`."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds = most, seconds
        self._tried: dict[str, deque[float]] = {}

    def may(self, address: str) -> bool:
        """Return whether an address may try now, and record the try."""
        now = time.monotonic()
        if len(self._tried) > _ADDRESSES_MAX:
            self._tried = {
                name: at for name, at in self._tried.items() if at[-1] > now - self.seconds
            }
        # A full deque holds the last `most` tries: only its oldest one must be compared.
        #   most = 3   tries  |t1 t2 t3|  now     refused while t1 > now - seconds
        tried = self._tried.setdefault(address, deque(maxlen=self.most))
        if len(tried) == self.most and tried[0] > now - self.seconds:
            return False
        tried.append(now)
        return True


class _Measured:
    """The two ends of a request; its body is counted as it arrives.

    So a body without a length is cut off, too.
    """

    def __init__(self, receive: Any, send: Any) -> None:
        self._receive, self._send, self._bytes, self._answered = receive, send, 0, False

    async def receive(self) -> Any:
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        if self._bytes > BODY_BYTES_MAX:
            raise HTTPException(413, LARGE)
        return message

    async def send(self, message: Any) -> None:
        """Pass a response on; after a body that was cut off, send the refusal instead."""
        if self._bytes <= BODY_BYTES_MAX:
            await self._send(message)
        elif not self._answered:
            self._answered = True
            await _answer(self._send, 413, LARGE)


def is_simple() -> bool:
    """Return whether users log in with the invented users of this machine."""
    return "SimpleAuthManager" in conf.get("core", "auth_manager")


def read_rate(stated: str) -> tuple[int, float]:
    """Return the number of tries and the seconds of a rate limit; 20 a minute if it is invalid.

    >>> read_rate("20 per minute"), read_rate("5/2 seconds"), read_rate("")
    ((20, 60.0), (5, 2.0), (20, 60.0))
    """
    found = _RATE.fullmatch(stated)
    return (int(found[1]), float(int(found[2] or 1) * _SECONDS[found[3]])) if found else (20, 60.0)


def _is_near(scope: Any) -> bool:
    """Return whether a request comes from this machine, to this machine, and for it by name.

    The host name reveals a foreign name that resolves to this machine, and a proxy on it; so do the
    headers that proxies add. A proxy that adds none and passes its own name is revealed by the
    origin of the page from which a browser sends a form.
    """
    ends = [scope["client"][0]] if scope.get("client") else []
    if (
        scope.get("server") and scope["server"][1] is not None
    ):  # a socket in the file system has no port
        ends.append(scope["server"][0])
    host = _name_in(f"//{_header(scope, b'host')}")
    origin = _name_in(_header(scope, b"origin"))  # none where a browser says nothing, or `null`
    return all(map(is_loopback, [*ends, host, *([origin] if origin else [])])) and not any(
        _header(scope, name) for name in _OF_PROXIES
    )


def _name_in(address: str) -> str:
    """Return the host name of an address; a name of no host if the address is invalid."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return "?"


def _header(scope: Any, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


async def _answer(send: Any, status: int, detail: str) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    if status == 429:
        headers.append((b"retry-after", b"60"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"detail": detail}).encode()})
