"""Facts that are the same on all notices of a run, and the date format of each language."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dunning.core.formats import NBSP
from dunning.documents.notice.codes import payment_text
from dunning.documents.notice.wording import Wording, open_wording
from dunning.documents.words import TEMPLATES
from dunning.policy.rules import Profile, Rules


@dataclass(frozen=True)
class Press:
    """Facts that are the same on all notices of a run.

    since: documents issued after it are new. paid_until: newest payment that the ledger knew; None
    where it knew none.
    wording: version of the templates.
    """

    as_of: date
    since: date
    paid_until: date | None
    profile: Profile
    phone: str
    wording: int
    templates: Path = TEMPLATES

    @classmethod
    def of(
        cls,
        as_of: date,
        rules: Rules,
        since: date,
        paid_until: date | None,
        templates: Path = TEMPLATES,
    ) -> "Press":
        """Return the facts of the run of a date under these rules."""
        return cls(
            as_of,
            since,
            paid_until,
            rules.profile,
            rules.supplier.phone,
            rules.notices.wording,
            templates,
        )

    def open_wording(self, language: str, service: str) -> Wording:
        """Return the wording of a language for a service."""
        day = write_day(self.as_of, language)
        return open_wording(
            self.profile, self.phone, day, self.wording, language, service == "heat", self.templates
        )

    def payment_head(self) -> str:
        """Return the payment code's text up to the sum, the same for all payers."""
        # Any sum and remittance do: the text is cut after "EUR".
        text = payment_text(self.profile.name_latin, self.profile.iban, self.profile.bic, 1, "-")
        return text[: text.index("EUR") + 3]


def write_day(day: date, language: str) -> str:
    """Return a date in the format of a language.

    >>> write_day(date(2026, 11, 22), "bg").replace(NBSP, "_"), write_day(date(2026, 11, 22), "en")
    ('22.11.2026_г.', '22.11.2026')
    """
    return f"{day:%d.%m.%Y}{NBSP}г." if language == "bg" else f"{day:%d.%m.%Y}"
