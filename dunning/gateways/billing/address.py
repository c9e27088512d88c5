"""The address of a billing database: the part that may be shown, and the names of extracts."""

import hashlib
import re
from dataclasses import dataclass, field
from urllib.parse import quote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from dunning.core.errors import DunningError

# options whose values may be secret, by their names
_SECRET = re.compile("pass|pwd|secret|token|key|credential|odbc_connect", re.I)


@dataclass(frozen=True)
class Address:
    """The SQLAlchemy URL of a database.

    It may hold a password, which no message, file or log may show.
    """

    url: URL = field(repr=False)

    @classmethod
    def of(cls, text: str) -> "Address":
        """Return the address as typed.

        Raises:
            DunningError: it is no URL. The message does not repeat it.
        """
        try:
            url = make_url(
                text.replace("postgres://", "postgresql://", 1)
                if text.startswith("postgres://")
                else text
            )
        # without the cause: its message may hold the password
        except (ArgumentError, ValueError):
            raise DunningError(
                "--ledger begins like the URL of a database, but is none (it is not shown: it may hold a password). "
                "Write postgresql://user@host:5432/database; in a user or password, @ is %40, : is %3A, / is %2F."
            ) from None
        return cls(url)

    @property
    def is_postgres(self) -> bool:
        """Return whether it is read by COPY, whatever driver the URL names."""
        return self.url.get_backend_name() == "postgresql"

    @property
    def shown(self) -> str:
        """The address as messages show it: without user, password and options.

        >>> Address.of("postgresql://clerk:secret@db:5433/billing?sslmode=require").shown
        'postgresql://db:5433/billing'
        """
        url = self.url
        return URL.create(
            url.drivername, host=url.host, port=url.port, database=url.database
        ).render_as_string()

    @property
    def key(self) -> str:
        """A text for database and user without any secret; used for a hash, not for reading."""
        options = sorted(
            (name, value) for name, value in self.url.query.items() if not _SECRET.search(name)
        )
        return repr(
            (
                self.url.drivername,
                self.url.username,
                self.url.host,
                self.url.port,
                self.url.database,
                options,
            )
        )

    def name_extract(self, *parts: str) -> str:
        """Return the extract folder's name for some parts (queries, day) and this database."""
        return "billing-" + hashlib.sha256("\n".join((self.key, *parts)).encode()).hexdigest()[:32]

    def scrub(self, message: str) -> str:
        """Return a driver's message without the secrets of the URL.

        >>> Address.of("mysql://clerk:s3cret@db/b").scrub("cannot log in with s3cret")
        'cannot log in with ***'
        """
        # the longest first: one secret may be a part of another
        for secret in sorted(self._secrets(), key=len, reverse=True):
            message = message.replace(secret, "***")
        return message

    def _secrets(self) -> set[str]:
        options = [value for name, value in self.url.query.items() if _SECRET.search(name)]
        values = [*options, self.url.password or ""]
        texts = {
            text for value in values for text in ((value,) if isinstance(value, str) else value)
        }
        # also as they are written in a URL, with %40 for @
        return {text for text in texts | {quote(text, safe="") for text in texts} if text}
