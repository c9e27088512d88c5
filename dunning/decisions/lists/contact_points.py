"""Registered contacts of payers: mobile numbers, e-mail addresses, postal addresses."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Days, Flags, Places
from dunning.core.days import NEVER
from dunning.core.frames import Bucket, Frame
from dunning.core.words import CHANNELS, code

SMS, EMAIL, POST = (code(CHANNELS, channel) for channel in CHANNELS)
_DAY_SECONDS = 86_400
# Numbers that libphonenumber surely accepts as Bulgarian mobile numbers
# (tests/decisions/test_contact_points.py).
_PLAIN_MOBILE = r"\A(?:\+359|00359|0)(?:8[789]|98)\d\d\d\d\d\d\d\z"
# Addresses that the two patterns below accept in any case, at a tenth of their cost.
_PLAIN_EMAIL = r"\A[a-z0-9]+(?:[._][a-z0-9]+)*@[a-z0-9]+(?:[.-][a-z0-9]+)*\.[a-z][a-z]+\z"
# Without counted repetitions, which take the regular expression engine a tenth of a second to
# prepare.
_EMAIL = r"^[^\s@\"<>(),;:\\\[\]]+@[\p{L}\p{N}.\-]+\.\p{L}[\p{L}\p{N}\-]*\p{L}$"
_EMAIL_ODD = r"^\.|\.\.|\.@|@\.|@-|-\.|\.-"
_LOCAL_PART_MAX, _EMAIL_MAX = 64, 254


def normalise_mobiles(numbers: pa.Array) -> pa.Array:
    """Return Bulgarian mobile numbers as E.164; null for numbers that cannot receive an SMS.

    Those are landlines, 0700, and numbers of other countries.

    Numbers written plainly are recognised by their form; the others go one by one through
    libphonenumber, which is slow: pass only those that are needed.

    >>> normalise_mobiles(pa.array(["0888 123-456", "00359 (0) 98 1234567", "02 987 65 43", "0700 11 111"])).to_pylist()
    ['+359888123456', '+359981234567', None, None]
    >>> normalise_mobiles(pa.array(["+359888123456", "0888123456", "00359888123456", None])).to_pylist()
    ['+359888123456', '+359888123456', '+359888123456', None]
    """
    is_plain = pc.fill_null(pc.match_substring_regex(numbers, _PLAIN_MOBILE), False)
    written = pc.binary_join_element_wise("+359", pc.utf8_slice_codeunits(numbers, -9), "")
    odd = pa.array(
        [_as_mobile(number) for number in numbers.filter(pc.invert(is_plain)).to_pylist()],
        pa.string(),
    )
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
    """Return e-mail addresses without outer blanks; null for texts that are none.

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
    SMS: normalise_mobiles,
    EMAIL: normalise_emails,
    POST: pc.utf8_trim_whitespace,
}


def known_contacts(bucket: Bucket, payers: Places, as_of: int) -> Frame:
    """Return the contacts of some payers registered up to the end of `as_of`, Sofia time.

    With a flag `is_revoked`.
    """
    end = (as_of + 1) * _DAY_SECONDS
    contacts = bucket.contacts
    is_asked = np.zeros(len(bucket.payers), np.bool_)
    is_asked[payers] = True
    known = contacts.take((contacts["registered_at"] < end) & is_asked[contacts["payer"]])
    return known.with_columns(is_revoked=known["revoked_at"] < end)


@dataclass(frozen=True)
class Contact:
    """Newest contact of one channel, aligned with the payers asked for.

    address: E.164, e-mail or free text, null without; registered_on: Sofia time, `NEVER` without.
    is_out: the newest registration is revoked or cannot be used, so that the channel is out: no
    older address is used again.
    """

    address: pa.Array
    registered_on: Days
    is_out: Flags


def newest_contact(bucket: Bucket, contacts: Frame, channel: int, payers: Places) -> Contact:
    """Return each payer's contact of a channel: the newest registration decides.

    Of equal registrations it is the first by address of those that can be used.

    Args:
        contacts: those of `known_contacts`.
    """
    chosen = contacts.take(contacts["channel"] == channel)
    # Each different address is normalised once.
    different = chosen.text("address").dictionary_encode()
    address = blank_to_null(_NORMALISE[channel](different.dictionary).take(different.indices))
    usable = filled(address) & ~chosen["is_revoked"]
    # The last row per payer wins: newest registration, then usable, then the smaller address (rows
    # are sorted by payer, registration, address, so their numbers are negated).
    order = np.lexsort((-np.arange(len(chosen)), usable, chosen["registered_at"], chosen["payer"]))
    row = np.full(len(bucket.payers), -1, np.int64)
    row[chosen["payer"][order]] = order
    found = row[payers]
    is_out = (found >= 0) & ~np.r_[usable, False][found]
    found = np.where(is_out, -1, found)
    days = np.r_[registered_days(chosen), np.int32(NEVER)]
    return Contact(address.take(pa.array(found, mask=found < 0)), days[found], is_out)


def registered_days(contacts: Frame) -> Days:
    """Return the day on which each contact was registered, Sofia time."""
    return (contacts["registered_at"] // _DAY_SECONDS).astype(np.int32)


def blank_to_null(column: pa.Array) -> pa.Array:
    """Return texts without outer blanks; null for texts of blanks alone."""
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def filled(column: pa.Array) -> Flags:
    """Return which values are not null."""
    return pc.is_valid(column).to_numpy(zero_copy_only=False)
