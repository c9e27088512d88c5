"""The seal with which electronic notices are signed, as this installation is configured."""

from datetime import date, datetime, time
from typing import TYPE_CHECKING

from dunning.core.sofia_time import SOFIA
from dunning.gateways.settings.signing import SigningSettings

if TYPE_CHECKING:
    from dunning.documents.signature import Seal

REASON = "Месечно съобщение"


def find_seal(as_of: date) -> "Seal | None":
    """Return the seal for the notices of a date; None where no certificate is configured.

    The certificate must be valid at the moment that its signatures name, not at the current time:
    so a date can be run again.

    Raises:
        DunningError: the certificate or its password is wrong, or it is not valid at the moment
            that signatures name.
    """
    settings = SigningSettings.from_environment()
    if settings is None:
        return None
    # imported only here: only installations that sign need these libraries
    from dunning.documents.signature import open_seal

    return open_seal(settings.pkcs12, settings.password, signed_at(as_of), settings.timestamp_url)


def signed_at(as_of: date) -> datetime:
    """Return the moment that a signature names: the end of the notices' day in Sofia."""
    return datetime.combine(as_of, time(23, 59, 59), SOFIA)
