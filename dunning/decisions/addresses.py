"""Where a message may reach a payer on a day: his mobile number, his e-mail address, or a postal address."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.days import NEVER, Days, to_day
from dunning.core.frames import Bucket, Frame
from dunning.core.words import CHANNELS, code
from dunning.decisions.segments import Places, any_by
from dunning.policy.rules import Rules

Flags = npt.NDArray[np.bool_]

SMS, EMAIL, POST = (code(CHANNELS, channel) for channel in CHANNELS)
_DAY_SECONDS = 86_400
# What libphonenumber takes for a Bulgarian mobile number beyond doubt (tests/decisions/test_addresses.py).
_PLAIN_MOBILE = r"\A(?:\+359|00359|0)(?:8[789]|98)\d\d\d\d\d\d\d\z"
# What the two after it let pass in any case, at a tenth of their cost.
_PLAIN_EMAIL = r"\A[a-z0-9]+(?:[._][a-z0-9]+)*@[a-z0-9]+(?:[.-][a-z0-9]+)*\.[a-z][a-z]+\z"
# Without counted repetitions, which take the regular expression engine a tenth of a second to prepare.
_EMAIL = r"^[^\s@\"<>(),;:\\\[\]]+@[\p{L}\p{N}.\-]+\.\p{L}[\p{L}\p{N}\-]*\p{L}$"
_EMAIL_ODD = r"^\.|\.\.|\.@|@\.|@-|-\.|\.-"
_LOCAL_PART_MAX, _EMAIL_MAX = 64, 254
_NOTHING = pa.scalar(None, pa.string())


def normalise_mobiles(numbers: pa.Array) -> pa.Array:
    """Return Bulgarian mobile numbers as E.164; null for what cannot receive an SMS (landlines, 0700, other countries).

    Numbers written plainly are told by their form; the others go one by one through libphonenumber, which is slow: ask
    only for those that are needed tonight.

    >>> normalise_mobiles(pa.array(["0888 123-456", "00359 (0) 98 1234567", "02 987 65 43", "0700 11 111"])).to_pylist()
    ['+359888123456', '+359981234567', None, None]
    >>> normalise_mobiles(pa.array(["+359888123456", "0888123456", "00359888123456", None])).to_pylist()
    ['+359888123456', '+359888123456', '+359888123456', None]
    """
    is_plain = pc.fill_null(pc.match_substring_regex(numbers, _PLAIN_MOBILE), False)
    written = pc.binary_join_element_wise("+359", pc.utf8_slice_codeunits(numbers, -9), "")
    odd = pa.array([_as_mobile(number) for number in numbers.filter(pc.invert(is_plain)).to_pylist()], pa.string())
    return pc.replace_with_mask(written, pc.invert(is_plain), odd)


def _as_mobile(number: str | None) -> str | None:
    try:
        parsed = phonenumbers.parse(number or "", "BG")
    except phonenumbers.NumberParseException:
        return None
    is_mobile = phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.MOBILE
    if not (is_mobile and phonenumbers.is_valid_number_for_region(parsed, "BG")):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def normalise_emails(addresses: pa.Array) -> pa.Array:
    """Return e-mail addresses without outer blanks; null for what is none.

    >>> normalise_emails(pa.array([" a.b@example.bg ", "a@b", "a..b@example.bg"])).to_pylist()
    ['a.b@example.bg', None, None]
    """
    trimmed = pc.utf8_trim_whitespace(addresses)
    looks_right = pc.match_substring_regex(trimmed, _PLAIN_EMAIL)
    if not pc.all(looks_right).as_py():
        looks_right = pc.and_not(
            pc.match_substring_regex(trimmed, _EMAIL), pc.match_substring_regex(trimmed, _EMAIL_ODD)
        )
    is_short = pc.less_equal(pc.utf8_length(trimmed), _EMAIL_MAX)
    is_short = pc.and_(is_short, pc.less_equal(pc.find_substring(trimmed, "@"), _LOCAL_PART_MAX))
    looks_right = pc.and_(looks_right, is_short)
    return pc.if_else(looks_right, trimmed, pa.scalar(None, pa.string()))


_NORMALISE: dict[int, Callable[[pa.Array], pa.Array]] = {
    SMS: normalise_mobiles, EMAIL: normalise_emails, POST: pc.utf8_trim_whitespace
}


@dataclass(frozen=True)
class Reach:
    """How accounts are reached, aligned with the accounts asked for.

    channel: words.CHANNELS, -1 where there is no address; address: E.164, e-mail or postal address, null without.
    """

    channel: npt.NDArray[np.int8]
    address: pa.Array


def reach(bucket: Bucket, accounts: Places, rules: Rules) -> Reach:
    """Return channel and address of each account's payer on `as_of`: sms, else e-mail, else post."""
    payers = bucket.accounts["payer"][accounts]
    contacts = active_contacts(bucket, payers, to_day(rules.as_of))
    mobile, email = (newest_contact(bucket, contacts, channel, payers).address for channel in (SMS, EMAIL))
    post = postal_addresses(bucket, accounts, rules)
    has_mobile, has_email, has_post = (_filled(column) for column in (mobile, email, post))
    channel = np.select([has_mobile, has_email, has_post], [SMS, EMAIL, POST], -1).astype(np.int8)
    return Reach(channel, pc.coalesce(mobile, email, post))


def active_contacts(bucket: Bucket, payers: Places, as_of: int) -> Frame:
    """Return the contacts of some payers registered and not revoked at the end of `as_of`, Sofia time."""
    end = (as_of + 1) * _DAY_SECONDS
    contacts = bucket.contacts
    is_asked = np.zeros(len(bucket.payers), np.bool_)
    is_asked[payers] = True
    is_active = (contacts["registered_at"] < end) & (contacts["revoked_at"] >= end)
    return contacts.take(is_active & is_asked[contacts["payer"]])


@dataclass(frozen=True)
class PostalAddress:
    """Postal addresses, aligned with the accounts asked for.

    street: null where no letter reaches; town: "postcode settlement", null where the address is one text of its own.
    """

    street: pa.Array
    town: pa.Array

    def one_line(self) -> pa.Array:
        """Return "street, postcode settlement"."""
        return _join(self.street, self.town, ", ")

    def only(self, chosen: Flags) -> "PostalAddress":
        """Return the same, null where it is not chosen."""
        return PostalAddress(*(pc.if_else(pa.array(chosen), column, _NOTHING) for column in (self.street, self.town)))


def postal_addresses(bucket: Bucket, accounts: Places, rules: Rules) -> pa.Array:
    """Return where a letter reaches each account's payer in one line; null where nothing does."""
    return find_letter_boxes(bucket, accounts, rules).one_line()


def find_letter_boxes(bucket: Bucket, accounts: Places, rules: Rules) -> PostalAddress:
    """Return where a letter reaches each account's payer.

    An active contact for post, else the payer's postal address, else that of the premise, but only while the payer's
    own tenancy of it covers `as_of`: a letter must not go to whoever lives there after him.
    """
    payers = bucket.accounts["payer"][accounts]
    as_of = to_day(rules.as_of)
    contact = newest_contact(bucket, active_contacts(bucket, payers, as_of), POST, payers).address
    own = bucket.payers.take(payers)
    postal = _address(own.text("postal_address"), own.text("postal_postcode"), own.text("postal_settlement"))
    home = locate_premises(bucket, accounts).only(has_tenancy(bucket, as_of)[accounts])
    town = pc.if_else(pc.is_valid(postal.street), postal.town, home.town)
    return PostalAddress(
        pc.coalesce(contact, postal.street, home.street), pc.if_else(pc.is_valid(contact), _NOTHING, town)
    )


def premise_addresses(bucket: Bucket, accounts: Places) -> pa.Array:
    """Return the address of each account's premise in one line."""
    return locate_premises(bucket, accounts).one_line()


def locate_premises(bucket: Bucket, accounts: Places) -> PostalAddress:
    """Return the address of each account's premise."""
    premises = bucket.premises.take(bucket.accounts["premise"][accounts])
    return _address(premises.text("address"), premises.text("postcode"), premises.text("settlement"))


def has_tenancy(bucket: Bucket, as_of: int) -> Flags:
    """Return for every account of the bucket whether a tenancy of its own covers `as_of`."""
    tenancies = bucket.tenancies
    covers = (tenancies["valid_from"] <= as_of) & (tenancies["valid_until"] > as_of)
    return any_by(tenancies["account"], covers, len(bucket.accounts))


@dataclass(frozen=True)
class Contact:
    """The newest usable contact of one channel, aligned with the payers asked for.

    address: E.164, e-mail or free text, null without; registered_on: Sofia time, `NEVER` without.
    """

    address: pa.Array
    registered_on: Days


def newest_contact(bucket: Bucket, contacts: Frame, channel: int, payers: Places) -> Contact:
    """Return each payer's usable contact of a channel: the newest registered, of those the first by address.

    Args:
        contacts: those of `active_contacts`.
    """
    chosen = contacts.take(contacts["channel"] == channel)
    different = chosen.text("address").dictionary_encode()
    address = _blank_to_null(_NORMALISE[channel](different.dictionary).take(different.indices))
    usable = _filled(address)
    order = np.flatnonzero(usable)
    registered, payer = chosen["registered_at"][order], chosen["payer"][order]
    # Rows stand by payer, registration, address: of equal registrations the first row wins, so look from behind.
    order = order[np.lexsort((-np.arange(len(order)), registered, payer))]
    row = np.full(len(bucket.payers), -1, np.int64)
    row[chosen["payer"][order]] = order
    found = row[payers]
    days = np.r_[registered_days(chosen), np.int32(NEVER)]
    return Contact(address.take(pa.array(found, mask=found < 0)), days[found])


def registered_days(contacts: Frame) -> Days:
    """Return the day on which each contact was registered, Sofia time."""
    return (contacts["registered_at"] // _DAY_SECONDS).astype(np.int32)


def _address(street: pa.Array, postcode: pa.Array, settlement: pa.Array) -> PostalAddress:
    """Return an address in its two parts; null without a street."""
    town = _join(_blank_to_null(postcode), _blank_to_null(settlement), " ")
    street = _blank_to_null(street)
    return PostalAddress(street, pc.if_else(pc.is_valid(street), town, _NOTHING))


def _join(left: pa.Array, right: pa.Array, separator: str) -> pa.Array:
    """Return both texts joined, or the one that is there. (`null_handling="skip"` would drop rows without any.)"""
    return pc.coalesce(pc.binary_join_element_wise(left, right, separator), left, right)


def _blank_to_null(column: pa.Array) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _filled(column: pa.Array) -> Flags:
    return pc.is_valid(column).to_numpy(zero_copy_only=False)
