"""Premises, payers, tenancies and contacts as rows of the extract."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Flags, Ints
from dunning.core.days import NEVER
from dunning.sample import people, places
from dunning.sample.accounts import CONTACTS, SERVICES, SampleAccounts
from dunning.sample.behaviours import FIRST
from dunning.sample.columns import days, flags, only, words
from dunning.sample.dice import Dice
from dunning.sample.numbers import company_numbers, digits, personal_numbers

_BORN_FROM, _BORN_UNTIL = -43_829, -25_567  # 1850-01-01 … 1900-01-01
# Homes of one span are in all districts, so that a route in one of them has a few
# hundred.
_ROUTE_SPAN = 6_000
_CHANNEL_WORDS = CONTACTS[:3]


def _text(value: str, rows: int) -> pa.Array:
    return pa.array([value]).take(pa.array(np.zeros(rows, np.int64)))


def _joined(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


def _vulnerable(accounts: SampleAccounts) -> Flags:
    """Return a mask of the vulnerable accounts.

    Half of them are vulnerable by the premise, half by the payer.
    """
    return accounts.does("vulnerable")


def premises(dice: Dice, accounts: SampleAccounts) -> pa.Table:
    """Grain: one premise, made with the first of its accounts."""
    # A premise is written by its first account only: the second account has the same `home`.
    rows = np.flatnonzero(accounts.home == accounts.number)
    keys = accounts.home[rows]
    settlement, postcode, district, address = _addresses(dice, keys, accounts.service[rows])
    is_vulnerable = _vulnerable(accounts)[rows]
    life_support = is_vulnerable & (keys % 3 == 1)
    is_shared = (
        (accounts.service[rows] == 1) & dice.chance(2, "shared line", keys) & (keys >= len(FIRST))
    )
    return pa.table(
        {
            "premise_no": accounts.premise_no.take(pa.array(rows)),
            "service": words(SERVICES, accounts.service[rows]),
            "district": district,
            # Routes are ranges of home numbers, not drawn, so that their sizes are known.
            "route": _joined("01-", digits(keys // _ROUTE_SPAN + 1, 3)),
            "address": address,
            "settlement": settlement,
            "postcode": postcode,
            "meter_no": digits(dice.below(10**8, "meter", keys), 8, "M"),
            "disconnectable": only(_text("0", len(rows)), is_shared),
            "vulnerable": flags(is_vulnerable & ~life_support & (keys % 2 == 1)),
            "life_support": flags(life_support),
        }
    )


def _addresses(
    dice: Dice, keys: Ints, service: Ints
) -> tuple[pa.Array, pa.Array, pa.Array, pa.Array]:
    """Return settlement, postcode, district and address of each home.

    Heat: flats in Sofia's quarters; otherwise flats or houses elsewhere.
    """
    quarter = dice.below(len(places.QUARTERS), "quarter", keys)
    place = dice.below(len(places.SETTLEMENTS), "settlement", keys)
    heat = service == 0
    towns = places.SETTLEMENTS
    settlement = pc.if_else(pa.array(heat), "София", words(tuple(t[0] for t in towns), place))
    postcode = pc.if_else(
        pa.array(heat),
        words(tuple(q[1] for q in places.QUARTERS), quarter),
        words(tuple(t[1] for t in towns), place),
    )
    quarters = words(tuple(q[0] for q in places.QUARTERS), quarter)
    district = pc.if_else(pa.array(heat), quarters, words(tuple(t[2] for t in towns), place))
    has_blocks = np.array([t[3] for t in towns])[place] & dice.chance(600, "block", keys)
    estate = words(places.ESTATES, dice.below(len(places.ESTATES), "estate", keys))
    entrance = words(places.ENTRANCES, dice.below(len(places.ENTRANCES), "entrance", keys))
    block = _joined(
        "ж.к. ",
        pc.if_else(pa.array(heat), quarters, estate),
        ", бл. ",
        _plain(dice.between(1, 180, "block no", keys)),
        ", вх. ",
        entrance,
        ", ап. ",
        _plain(dice.between(1, 96, "flat", keys)),
    )
    street = words(places.STREETS, dice.below(len(places.STREETS), "street", keys))
    house = _joined("ул. ", street, " № ", _plain(dice.between(1, 120, "house", keys)))
    return settlement, postcode, district, pc.if_else(pa.array(heat | has_blocks), block, house)


def _plain(numbers: Ints) -> pa.Array:
    return pa.array(numbers).cast(pa.string())


def payers(dice: Dice, accounts: SampleAccounts) -> pa.Table:
    """Grain: one payer, made with the first of his accounts."""
    rows = np.flatnonzero(accounts.person == accounts.number)
    keys, is_company = accounts.person[rows], accounts.is_company[rows]
    elsewhere = dice.chance(120, "postal", keys) & (keys >= len(FIRST))
    # Other keys than those of premises, so that the postal address is another one.
    settlement, postcode, _, address = _addresses(dice, keys + 10**9, np.ones(len(rows), np.int64))
    is_vulnerable = _vulnerable(accounts)[rows] & (keys % 3 != 1) & (keys % 2 == 0)
    return pa.table(
        {
            "payer_code": accounts.payer_code.take(pa.array(rows)),
            "kind": words(("person", "company"), is_company.astype(np.int64)),
            "name": names(dice, keys, is_company),
            "national_id": _identifiers(dice, keys, is_company, accounts.identifier[rows]),
            "postal_address": only(address, elsewhere),
            "postal_settlement": only(settlement, elsewhere),
            "postal_postcode": only(postcode, elsewhere),
            "language": words(
                ("bg", "en"),
                (dice.chance(10, "language", keys) & (keys >= len(FIRST))).astype(np.int64),
            ),
            "vulnerable": flags(is_vulnerable),
            "life_support": flags(np.zeros(len(rows), bool)),
        }
    )


def _is_male(dice: Dice, keys: Ints) -> Flags:
    return dice.chance(500, "sex", keys)


def names(dice: Dice, keys: Ints, is_company: Flags) -> pa.Array:
    """Return three names that agree in gender, or a company's name."""
    male = _is_male(dice, keys)
    fathers = tuple(people.fathers_name(name) for name in people.MALE)
    both = (
        people.MALE + people.FEMALE,
        fathers + tuple(name + "а" for name in fathers),
        people.FAMILIES + tuple(people.womans(name) for name in people.FAMILIES),
    )
    parts = []
    for purpose, lists in zip(("given", "father", "family"), both, strict=True):
        half = len(lists) // 2
        # Each list has the male names in its first half and the female names in its second half.
        parts.append(words(lists, dice.below(half, purpose, keys) + np.where(male, 0, half)))
    person = pc.binary_join_element_wise(*parts, " ")
    return pc.if_else(pa.array(is_company), _companies(dice, keys, person), person)


def _companies(dice: Dice, keys: Ints, owner: pa.Array) -> pa.Array:
    word = words(people.COMPANY_WORDS, dice.below(len(people.COMPANY_WORDS), "company word", keys))
    named = _joined("„", word, " ", _plain(dice.between(1, 99, "company no", keys)), "“ ")
    form = words(people.COMPANY_FORMS, dice.below(len(people.COMPANY_FORMS), "company form", keys))
    sole = _joined("ЕТ „", word, " – ", owner, "“")
    return pc.if_else(pa.array(dice.chance(200, "sole trader", keys)), sole, _joined(named, form))


def _identifiers(dice: Dice, keys: Ints, is_company: Flags, state: Ints) -> pa.Array:
    born_on = _BORN_FROM + dice.below(_BORN_UNTIL - _BORN_FROM, "born", keys)
    is_wrong = state == 2
    people_no = personal_numbers(
        born_on, _is_male(dice, keys), dice.below(500, "birth order", keys), is_wrong
    )
    company_no = company_numbers(dice.below(10**7, "company number", keys), is_wrong)
    return only(pc.if_else(pa.array(is_company), company_no, people_no), state != 1)


def tenancies(accounts: SampleAccounts) -> pa.Table:
    """Grain: one tenancy; every account has one."""
    share = np.where(accounts.does("owner"), 0, np.where(accounts.does("part_owner"), 1, -1))
    return pa.table(
        {
            "premise_no": accounts.premise_no,
            "payer_code": accounts.payer_code,
            "valid_from": days(accounts.valid_from),
            "valid_until": days(accounts.valid_until),
            "share": words(("5/6", "1/6"), share),
        }
    )


def contacts(dice: Dice, accounts: SampleAccounts) -> pa.Table:
    """Grain: one contact of a payer.

    Some payers had another telephone before; some have revoked their only contact.
    """
    rows = np.flatnonzero((accounts.person == accounts.number) & (accounts.contact < 3))
    keys = accounts.number[rows]
    drawn = keys >= len(FIRST)
    withdrawn = drawn & dice.chance(20, "withdrawn", keys)
    registered = accounts.as_of - dice.between(400, 2500, "registered", keys)
    revoked = np.where(withdrawn, accounts.as_of - dice.between(5, 300, "revoked", keys), NEVER)
    old = np.flatnonzero(drawn & dice.chance(50, "old phone", keys))
    by_phone, since = np.zeros(len(old), np.int64), registered[old]
    current = _contact_rows(dice, accounts, rows, accounts.contact[rows], registered, revoked, 0)
    former = _contact_rows(dice, accounts, rows[old], by_phone, since - 700, since - 1, 1)
    return pa.concat_tables([current, former])


def _contact_rows(
    dice: Dice,
    accounts: SampleAccounts,
    rows: Ints,
    channel: Ints,
    registered: Ints,
    revoked: Ints,
    nth: int,
) -> pa.Table:
    keys = accounts.number[rows]
    phone = _joined(
        "+359",
        digits(870 + dice.below(30, f"operator {nth}", keys), 3),
        "000",
        digits(dice.below(1000, f"phone {nth}", keys), 3),
    )
    settlement, postcode, _, address = _addresses(
        dice, keys + 2 * 10**9, np.ones(len(rows), np.int64)
    )
    post = _joined(postcode, " ", settlement, ", ", address)
    texts = pc.choose(pa.array(channel), phone, _mail(dice, keys), post)
    sources = ("site", "desk", "call")
    return pa.table(
        {
            "payer_code": accounts.payer_code.take(pa.array(rows)),
            "channel": words(_CHANNEL_WORDS, channel),
            "address": texts,
            "registered_at": days(registered),
            "revoked_at": days(revoked),
            "source": words(sources, dice.below(3, "contact source", keys)),
        }
    )


def _mail(dice: Dice, keys: Ints) -> pa.Array:
    given = tuple(people.latin(name) for name in people.MALE + people.FEMALE)
    families = tuple(people.latin(name) for name in people.FAMILIES)
    half = len(given) // 2
    name = words(given, dice.below(half, "given", keys) + np.where(_is_male(dice, keys), 0, half))
    family = words(families, dice.below(len(families), "family", keys))
    domain = words(("example.com", "example.org"), dice.below(2, "domain", keys))
    return _joined(name, ".", family, _plain(dice.below(900, "mail", keys)), "@", domain)
