"""What a monthly notice looks at around accounts: people, places, contacts, lines of bills."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tests.oracle.facts import Facts

Row = dict[str, Any]
Key = tuple[str, str]
HOME: Row = {
    "service": "heat",
    "district": "Изток",
    "route": "03",
    "address": "ул. Примерна 1",
    "settlement": "София",
    "postcode": "1000",
}
PERSON: Row = {
    "name": "Росица Мнима",
    "language": "bg",
    "postal_address": None,
    "postal_settlement": None,
    "postal_postcode": None,
}


@dataclass(frozen=True)
class Contact:
    """A row of `contacts`; times as Sofia's clocks show them."""

    payer_code: str
    channel: str
    address: str
    registered_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class Line:
    """A row of `invoice_lines`."""

    invoice_no: str
    seq: int
    label: str
    amount_minor: int
    unit: str | None = None
    quantity: str | None = None
    unit_price: str | None = None


@dataclass
class Surroundings:
    """Accounts and what surrounds them. `premises`, `payers`: what differs from HOME and PERSON, by
    number.
    """

    crowd: Sequence[Facts]
    premises: dict[str, Row] = field(default_factory=dict)
    payers: dict[str, Row] = field(default_factory=dict)
    contacts: list[Contact] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    tenant_until: dict[Key, date] = field(default_factory=dict)
    refused: set[Key] = field(default_factory=set)
    card_age_days: int = 730

    def home(self, premise_no: str) -> Row:
        """Return the premise's cells."""
        return HOME | self.premises.get(premise_no, {})

    def person(self, payer_code: str) -> Row:
        """Return the payer's cells."""
        return PERSON | self.payers.get(payer_code, {})
