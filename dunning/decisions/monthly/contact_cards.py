"""Contact-data card (анкетна карта): payers asked for phone and e-mail, and known contacts."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Flags, Places
from dunning.core.frames import Bucket, Frame
from dunning.core.words import CHANNELS
from dunning.decisions.lists.contact_points import (
    EMAIL,
    SMS,
    Contact,
    known_contacts,
    newest_contact,
    registered_days,
)
from dunning.decisions.segments import latest_by
from dunning.policy.rules import Rules


@dataclass(frozen=True)
class Card:
    """Known contacts of payers, aligned with the accounts asked for.

    phone (E.164), email: the newest usable ones that are active; null without. is_needed: whether
    to ask for new ones.
    """

    phone: pa.Array
    email: pa.Array
    is_needed: Flags


def ask_for_contacts(
    bucket: Bucket, accounts: Places, history: Frame, rules: Rules, as_of: int
) -> Card:
    """Return the contacts of each account's payer, and whether new ones are needed.

    They are needed where they are missing, bounced or old.

    Missing: neither a mobile number nor an e-mail address that can be used. Bounced: a notice to
    this account by one of the two channels failed that was sent on or after the day on which the
    payer's contact of that channel was registered. Old: the newest contact of any channel was
    registered more than `card_age_days` ago.
    """
    payers = bucket.accounts["payer"][accounts]
    contacts = known_contacts(bucket, payers, as_of)
    mobile, email = (newest_contact(bucket, contacts, channel, payers) for channel in (SMS, EMAIL))
    active = contacts.take(~contacts["is_revoked"])
    # -NEVER where there is no contact at all: older than any number of days.
    newest = latest_by(active["payer"], registered_days(active), len(bucket.payers))[payers]
    is_missing = pc.and_(pc.is_null(mobile.address), pc.is_null(email.address)).to_numpy(
        zero_copy_only=False
    )
    is_needed = is_missing | (as_of - newest > rules.notices.card_age_days)
    for channel, contact in ((SMS, mobile), (EMAIL, email)):
        is_needed |= _is_bounced(bucket, accounts, history, channel, contact, as_of)
    return Card(mobile.address, email.address, is_needed)


def _is_bounced(
    bucket: Bucket, accounts: Places, history: Frame, channel: int, contact: Contact, as_of: int
) -> Flags:
    # Null for a notice without a channel: it failed by none of them.
    by_channel = pc.fill_null(pc.equal(history.text("channel"), CHANNELS[channel]), False)
    has_failed = (history["sent_on"] <= as_of) & (history["failed_on"] <= as_of)
    failed = history.take(by_channel.to_numpy(zero_copy_only=False) & has_failed)
    sent_on = latest_by(failed["account"], failed["sent_on"], len(bucket.accounts))[accounts]
    # A contact registered after the failed notice is a new one, which has not failed.
    return sent_on >= contact.registered_on
