"""The certificate with which electronic notices are signed; without it they are not signed."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dunning.core.errors import DunningError


@dataclass(frozen=True)
class SigningSettings:
    """The certificate, its password and the timestamp service.

    pkcs12: the content of the file that DUNNING_SIGN_PKCS12 names. password: DUNNING_SIGN_PASSWORD,
    or the content of the file DUNNING_SIGN_PASSWORD_FILE. timestamp_url:
    DUNNING_SIGN_TIMESTAMP_URL; empty: without a timestamp.
    """

    pkcs12: bytes = field(repr=False)
    password: str = field(repr=False)
    timestamp_url: str = field(default="", repr=False)

    @classmethod
    def from_environment(cls, env: Mapping[str, str] | None = None) -> "SigningSettings | None":
        """Return the signing settings in the environment; None if no certificate is named.

        Raises:
            DunningError: a file that is named there cannot be read, or a password or address is set
                without a certificate.
        """
        env = os.environ if env is None else env
        file = env.get("DUNNING_SIGN_PKCS12")
        others = (
            "DUNNING_SIGN_PASSWORD",
            "DUNNING_SIGN_PASSWORD_FILE",
            "DUNNING_SIGN_TIMESTAMP_URL",
        )
        if not file:
            alone = [name for name in others if env.get(name)]
            if alone:
                raise DunningError(
                    f"{alone[0]} is set but DUNNING_SIGN_PKCS12 is not, so that notices would go out unsigned. "
                    "Name the certificate's file there, or unset both."
                )
            return None
        return cls(
            _read(file, "DUNNING_SIGN_PKCS12"),
            _password(env),
            env.get("DUNNING_SIGN_TIMESTAMP_URL", ""),
        )


def _password(env: Mapping[str, str]) -> str:
    file = env.get("DUNNING_SIGN_PASSWORD_FILE")
    if not file:
        return env.get("DUNNING_SIGN_PASSWORD", "")
    # editors end a file with a line break, which is no part of the password
    return _read(file, "DUNNING_SIGN_PASSWORD_FILE").decode("utf-8", "replace").rstrip("\r\n")


def _read(file: str, name: str) -> bytes:
    path = Path(file).expanduser()
    try:
        return path.read_bytes()
    except OSError as error:
        raise DunningError(
            f"The file {path} that {name} names cannot be read ({error.strerror}), so no notice can be signed. "
            "Correct it, or unset it to send notices unsigned."
        ) from error
