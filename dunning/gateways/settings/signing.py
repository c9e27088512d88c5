"""Where the certificate lies with which electronic notices are signed; nothing set: they are not
signed.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dunning.core.errors import DunningError


@dataclass(frozen=True)
class SigningSettings:
    """What signing needs.

    pkcs12: the content of the file that DUNNING_SIGN_PKCS12 names. password: DUNNING_SIGN_PASSWORD,
    or what the file DUNNING_SIGN_PASSWORD_FILE holds. timestamp_url: DUNNING_SIGN_TIMESTAMP_URL;
    empty: without a timestamp.
    """

    pkcs12: bytes = field(repr=False)
    password: str = field(repr=False)
    timestamp_url: str = field(default="", repr=False)

    @classmethod
    def from_environment(cls, env: Mapping[str, str] | None = None) -> "SigningSettings | None":
        """Read the environment and the files that it names; None where no certificate is named.

        Raises:
            DunningError: a file that it names cannot be read, or a password or address stands there
                without one.
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
