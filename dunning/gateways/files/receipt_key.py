"""The secret key of receipt tokens: with it anyone could compute the token of a notice.

A token is made from the notice's reference, so that the same notice gets the same one whenever it
is made again. The store keeps only its SHA-256.
"""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from dunning.core.errors import DunningError
from dunning.gateways.files.home import close_home
from dunning.gateways.files.publishing import write_private

# 24 bytes are 32 characters of base64 without padding
_KEY_BYTES, _TOKEN_BYTES = 32, 24
_VARIABLE = "DUNNING_RECEIPT_KEY"


@dataclass(frozen=True)
class ReceiptKey:
    """A secret of at least 32 bytes."""

    secret: bytes = field(repr=False)

    def token(self, reference: str) -> str:
        """Return the token of a notice: 192 bits as 32 characters that need no escape in a URL.

        >>> len(ReceiptKey(bytes(32)).token("20261115-NE-1-2"))
        32
        """
        made = hmac.new(self.secret, reference.encode(), hashlib.sha256).digest()[:_TOKEN_BYTES]
        return base64.urlsafe_b64encode(made).decode("ascii")


def hash_token(token: str) -> str:
    """Return a token's SHA-256 as hexadecimal text, as the store keeps it."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_receipt_key(home: Path, env: Mapping[str, str] | None = None) -> ReceiptKey:
    """Return DUNNING_RECEIPT_KEY, else the key of the home, made at first use.

    Several machines can share the variable.

    Raises:
        DunningError: the variable or the file holds no such key.
    """
    given = (os.environ if env is None else env).get(_VARIABLE)
    if given:
        return _parse(given, f"The environment variable {_VARIABLE}")
    path = home / "receipt.key"
    if not path.exists():
        _make(path)
    return _parse(path.read_text("ascii", "replace"), str(path))


def _make(path: Path) -> None:
    """Write a new key, whole or not at all; the key of a faster process is kept."""
    close_home(path.parent)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.unfinished")
    try:
        write_private(beside, secrets.token_hex(_KEY_BYTES).encode())
        # a link fails if the name exists, where a rename would replace the other process's key
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _parse(text: str, where: str) -> ReceiptKey:
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) < _KEY_BYTES:
        raise DunningError(
            f"{where} should hold a key of {_KEY_BYTES} bytes or more in hexadecimal ({2 * _KEY_BYTES} digits), and "
            "does not; without it no notice could be confirmed. Put back the key that was in use."
        )
    return ReceiptKey(secret)
