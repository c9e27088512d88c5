"""Postal addresses of payers: never a premise that the payer has left.

However that address is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Flags, Places
from dunning.core.frames import Bucket, Frame
from dunning.core.signs import replace_signs
from dunning.decisions.lists.contact_points import (
    POST,
    blank_to_null,
    filled,
    known_contacts,
    newest_contact,
)
from dunning.decisions.segments import any_by

Cells = Sequence[pa.Array]

_NOTHING = pa.scalar(None, pa.string())
_PARTS = ("address", "postcode", "settlement")
# Words that may be written, left out or shortened without changing the place.
_KINDS_OF_PLACE = r" (?:гр|град|с|село|ул|улица|бул|булевард|пл|площад|ж +к|жк|кв|квартал)(?: |$)"
_LONG_WORDS = r" (?:(бл)ок|(вх)од|(ет)аж|(ап)артамент)(?: |$)"


@dataclass(frozen=True)
class PostalAddress:
    """Postal addresses, aligned with the accounts asked for.

    street: null where there is no address for a letter; town: "postcode settlement", null where the
    address is one text of its own.
    """

    street: pa.Array
    town: pa.Array

    def one_line(self) -> pa.Array:
        """Return "street, postcode settlement"."""
        return _join(self.street, self.town, ", ")

    def take(self, rows: Places) -> "PostalAddress":
        """Return the addresses of these rows."""
        return PostalAddress(self.street.take(pa.array(rows)), self.town.take(pa.array(rows)))

    def only(self, chosen: Flags) -> "PostalAddress":
        """Return the same addresses, null where not chosen."""
        return PostalAddress(
            *(pc.if_else(pa.array(chosen), column, _NOTHING) for column in (self.street, self.town))
        )


@dataclass(frozen=True)
class AddressQuery:
    """Payers to find postal addresses for, and the day.

    is_asked: a flag for each payer of the bucket.
    """

    bucket: Bucket
    is_asked: Flags
    as_of: int


def postal_addresses(bucket: Bucket, accounts: Places, as_of: int) -> pa.Array:
    """Return the postal address of each account's payer in one line; null if none."""
    return find_letter_boxes(bucket, accounts, as_of).one_line()


def find_letter_boxes(bucket: Bucket, accounts: Places, as_of: int) -> PostalAddress:
    """Return the postal address of each account's payer.

    The payer's newest contact for post; without any ever the payer's postal address, else that of
    the premise, but only while the payer's own tenancy of it covers `as_of`: a letter must not go
    to the next tenant. So an address that is that of a premise which the payer has left counts as
    none; and a contact that is revoked ends the channel.
    """
    payers = bucket.accounts["payer"][accounts]
    all_payers = np.arange(len(bucket.payers))
    is_asked = any_by(payers, np.ones(len(payers), np.bool_), len(bucket.payers))
    contact = newest_contact(bucket, known_contacts(bucket, payers, as_of), POST, all_payers)
    known, own = bucket.payers, _own_addresses(bucket.payers)
    nothing = pa.nulls(len(known), pa.string())
    asked = AddressQuery(bucket, is_asked, as_of)
    postal_cells = [known.text(f"postal_{part}") for part in _PARTS]
    left_contact, left_postal = _are_left(asked, [contact.address, nothing, nothing], postal_cells)
    written = PostalAddress(contact.address, nothing).only(~left_contact)
    postal = own.only(~left_postal)
    home = locate_premises(bucket, accounts).only(has_tenancy(bucket, as_of)[accounts])
    boxes = _first_there(written.take(payers), postal.take(payers), home)
    return boxes.only(~contact.is_out[payers])


def _own_addresses(payers: Frame) -> PostalAddress:
    return _address(
        payers.text("postal_address"),
        payers.text("postal_postcode"),
        payers.text("postal_settlement"),
    )


def _first_there(*addresses: PostalAddress) -> PostalAddress:
    """Return per row the first address that is there."""
    street, town = addresses[-1].street, addresses[-1].town
    # Backwards, so that the first of the addresses is written last.
    for address in reversed(addresses[:-1]):
        is_there = pc.is_valid(address.street)
        street = pc.if_else(is_there, address.street, street)
        town = pc.if_else(is_there, address.town, town)
    return PostalAddress(street, town)


def premise_addresses(bucket: Bucket, accounts: Places) -> pa.Array:
    """Return the address of each account's premise in one line."""
    return locate_premises(bucket, accounts).one_line()


def locate_premises(bucket: Bucket, accounts: Places) -> PostalAddress:
    """Return the address of each account's premise."""
    premises = bucket.premises.take(bucket.accounts["premise"][accounts])
    return _address(
        premises.text("address"), premises.text("postcode"), premises.text("settlement")
    )


def has_tenancy(bucket: Bucket, as_of: int) -> Flags:
    """Return for every account of the bucket whether a tenancy of its own covers `as_of`."""
    tenancies = bucket.tenancies
    covers = (tenancies["valid_from"] <= as_of) & (tenancies["valid_until"] > as_of)
    return any_by(tenancies["account"], covers, len(bucket.accounts))


def compare_key(addresses: pa.Array) -> pa.Array:
    """Return a key that is equal for two spellings of one address; null becomes empty.

    Letters and digits alone, in lower case.

    >>> compare_key(pa.array(["ул. Явор 3,  София", "УЛ.ЯВОР 3 СОФИЯ", None])).to_pylist()
    ['улявор3софия', 'улявор3софия', '']
    """
    return pc.fill_null(replace_signs(pc.utf8_lower(addresses), ""), "")


def _place_key(addresses: pa.Array) -> pa.Array:
    """Return a key that is equal for two spellings of one place.

    Short words before its names (street, town, block) do not count.

    >>> _place_key(pa.array(["гр. София", "София", "улица „Явор“ № 3, блок 2", "Ул.Явор 3 бл.2", None])).to_pylist()
    ['софия', 'софия', 'явор3бл2', 'явор3бл2', '']
    """
    # Two spaces: each word keeps one of its own when its neighbour is removed.
    words = replace_signs(pc.utf8_lower(addresses), "  ")
    words = pc.binary_join_element_wise(" ", words, "")
    words = pc.replace_substring_regex(words, _LONG_WORDS, r" \1\2\3\4 ")
    return compare_key(pc.replace_substring_regex(words, _KINDS_OF_PLACE, " "))


def _place_keys(columns: list[pa.Array]) -> list[pa.Array]:
    """Return the place keys of columns of one length; each spelling is computed once."""
    spelt = pa.concat_arrays([column.cast(pa.string()) for column in columns]).dictionary_encode()
    keys = _place_key(spelt.dictionary).take(spelt.indices)
    size = len(columns[0])
    return [pc.fill_null(keys.slice(size * n, size), "") for n in range(len(columns))]


def _are_left(asked: AddressQuery, *written: Cells) -> Flags:
    """Return per kind of address which payers' address is a premise that they have left.

    And not also one that they still have.

    Comparing spellings is slow, so it is done only for payers who are asked for, have an address
    and have left a premise.

    Args:
        written: street, postcode and settlement, one a payer; null where there is none, or where it
            is not given separately.
    """
    homes = asked.bucket.homes
    as_of = asked.as_of
    size = len(asked.bucket.payers)
    # Only payers who have left some premise can have an outdated address.
    is_open = asked.is_asked & any_by(homes["payer"], homes["valid_until"] <= as_of, size)
    # Tenancies of the payers to compare, one set per kind of address, then stacked.
    rows = [np.flatnonzero((is_open & filled(street))[homes["payer"]]) for street, _, _ in written]
    homes = homes.take(np.concatenate(rows))
    kind = np.repeat(np.arange(len(written)), [len(row) for row in rows])
    if len(homes) == 0:
        return np.zeros((len(written), size), np.bool_)
    at = [pa.array(homes["payer"][kind == number]) for number in range(len(written))]
    found = [[part.take(of) for part in cells] for cells, of in zip(written, at, strict=True)]
    given = [pa.concat_arrays(of_part) for of_part in zip(*found, strict=True)]
    is_same = _are_same(_place_keys(given), _place_keys([homes.text(name) for name in _PARTS]))
    # One group per kind of address and payer.
    payer = kind * size + homes["payer"]
    had = any_by(payer, is_same & (homes["valid_until"] <= as_of), len(written) * size)
    has = is_same & (homes["valid_from"] <= as_of) & (homes["valid_until"] > as_of)
    return (had & ~any_by(payer, has, len(written) * size)).reshape(len(written), size)


def _are_same(given: list[pa.Array], home: list[pa.Array]) -> Flags:
    """Return which two addresses are the same place.

    Equal in their parts, as far as both have them, or all of one written in one cell.
    """
    street, postcode, settlement = given
    home_street, home_postcode, home_settlement = home
    same_town = _agree(settlement, home_settlement)
    has_town = pc.and_(pc.not_equal(settlement, ""), pc.not_equal(home_settlement, ""))
    same_place = pc.and_(same_town, pc.or_(has_town, _agree(postcode, home_postcode)))
    same = pc.and_(pc.equal(street, home_street), same_place)
    # Orders in which street (0), postcode (1) and settlement (2) are written in one cell.
    for order in ((0, 1, 2), (0, 2, 1), (0, 2), (1, 2, 0), (2, 1, 0), (2, 0)):
        written, known = (
            pc.binary_join_element_wise(*(of[part] for part in order), "") for of in (given, home)
        )
        same = pc.or_(same, pc.equal(street, known))
        same = pc.or_(same, pc.and_(pc.equal(written, home_street), pc.not_equal(settlement, "")))
    same = pc.or_(
        same, pc.equal(street, pc.binary_join_element_wise(home_street, home_postcode, ""))
    )
    there = pc.and_(pc.not_equal(street, ""), pc.not_equal(home_street, ""))
    return pc.and_(same, there).to_numpy(zero_copy_only=False)


def _agree(left: pa.Array, right: pa.Array) -> pa.Array:
    return pc.or_(pc.or_(pc.equal(left, ""), pc.equal(right, "")), pc.equal(left, right))


def _address(street: pa.Array, postcode: pa.Array, settlement: pa.Array) -> PostalAddress:
    """Return an address in its two parts; both are null without a street."""
    town = _join(blank_to_null(postcode), blank_to_null(settlement), " ")
    street = blank_to_null(street)
    return PostalAddress(street, pc.if_else(pc.is_valid(street), town, _NOTHING))


def _join(left: pa.Array, right: pa.Array, separator: str) -> pa.Array:
    """Return both texts joined, or the one that is there.

    `null_handling="skip"` would drop rows without any.
    """
    return pc.coalesce(pc.binary_join_element_wise(left, right, separator), left, right)
