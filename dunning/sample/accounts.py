"""The accounts of a chunk: behaviour, premise, payer, and since when."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from dunning.core.arrays import Days, Flags, Ints
from dunning.core.days import NEVER, to_day
from dunning.sample.behaviours import BEHAVIOURS, FIRST, PLACE
from dunning.sample.dice import Dice
from dunning.sample.numbers import digits, scramble

SERVICES = ("heat", "electricity")
CONTACTS = ("sms", "email", "post", "none")
IDENTIFIERS = ("ok", "missing", "wrong")
NAMINGS = ("all", "account", "payer", "premise", "invoice")

_ORDINARY = (
    "on_time",
    "forgets",
    "in_parts",
    "overpays",
    "corrected",
    "payment_bounced",
    "new",
    "moved_in",
)


@dataclass(frozen=True)
class SampleAccounts:
    """Grain: one account. Months are counted from year 0 (12 * year + month - 1).

    `home`, `person`: the account number under which the premise, the payer was first made;
    `months_from` (first one billed) through `months_to`. `unpaid_from`, `unpaid_until`: due days
    between which nothing is ever paid.
    """

    as_of: int
    month: int
    number: Ints
    behaviour: Ints
    home: Ints
    person: Ints
    service: Ints
    contact: Ints
    identifier: Ints
    naming: Ints
    is_company: Flags
    has_summer: Flags
    scale_cents: Ints
    months_from: Ints
    months_to: Ints
    valid_from: Days
    valid_until: Days
    unpaid_from: Days
    unpaid_until: Days
    premise_no: pa.Array
    payer_code: pa.Array

    def __len__(self) -> int:
        return len(self.number)

    def does(self, *names: str) -> Flags:
        """Return a mask of the accounts with one of these behaviours."""
        return np.isin(self.behaviour, [PLACE[name] for name in names])

    def is_ordinary(self) -> Flags:
        """Return a mask of the accounts that end with (nearly) no debt, without the first ones."""
        return self.does(*_ORDINARY) & (self.number >= len(FIRST))


def month_start(months: Ints) -> Days:
    """Return the first day of each month (counted from year 0).

    >>> month_start(np.array([1970 * 12 + 1])).tolist()
    [31]
    """
    starts = (np.asarray(months) - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]")
    return starts.astype(np.int64).astype(np.int32)


def make_accounts(dice: Dice, numbers: Ints, last: int, as_of: date) -> SampleAccounts:
    """Return the accounts with these numbers, the first of which is even.

    `last`: the last number of the sample.
    """
    behaviour = _behaviours(dice, numbers, last)
    names = [BEHAVIOURS[place].name for place in range(len(BEHAVIOURS))]
    follows_home = np.isin(behaviour, [names.index("moved_in"), names.index("part_owner")])
    follows_person = behaviour == PLACE["second_home"]
    # The second account of a pair uses the home, or the payer, of the number before it.
    home, person = numbers - follows_home, numbers - follows_person
    day, month = to_day(as_of), as_of.year * 12 + as_of.month - 1
    moved = month - dice.between(5, 9, "moved", home)
    months_to = np.where(behaviour == PLACE["moved_out"], moved - 1, month - 1)
    months_from = month - np.array([b.months for b in BEHAVIOURS])[behaviour]
    comes = np.isin(behaviour, [PLACE["new"], PLACE["moved_in"]])
    valid_from = np.where(
        comes, month_start(moved), day - dice.between(2600, 9000, "tenant since", numbers)
    )
    valid_until = np.where(behaviour == PLACE["moved_out"], month_start(moved), NEVER)
    unpaid_from, unpaid_until = _unpaid(dice, behaviour, numbers, day)
    unpaid_from = np.where(behaviour == PLACE["moved_out"], valid_until - 100, unpaid_from)
    return SampleAccounts(
        as_of=day,
        month=month,
        number=numbers,
        behaviour=behaviour,
        home=home,
        person=person,
        service=_services(dice, behaviour, numbers, follows_home),
        contact=_contacts(dice, numbers, person),
        identifier=_identifiers(dice, numbers, person),
        naming=_namings(dice, behaviour, numbers),
        is_company=_companies(dice, behaviour, person),
        has_summer=dice.chance(500, "hot water", home),
        scale_cents=_scales(dice, behaviour, home),
        months_from=np.where(comes, moved, months_from),
        months_to=months_to,
        valid_from=valid_from.astype(np.int32),
        valid_until=valid_until.astype(np.int32),
        unpaid_from=unpaid_from.astype(np.int32),
        unpaid_until=unpaid_until.astype(np.int32),
        premise_no=premise_numbers(dice, home),
        payer_code=digits(scramble(person, 10, dice.salt("payer codes")), 10),
    )


def premise_numbers(dice: Dice, homes: Ints) -> pa.Array:
    """Return the premise number of each home: six to ten digits.

    Numbers are distinct for up to five million homes.
    """
    # Distinct homes differ in their width (homes % 5) or in their number (homes // 5).
    widths = 6 + homes % 5
    return digits(
        scramble(homes // 5, widths, dice.salt("premise numbers") + widths * 7919), widths
    )


def _behaviours(dice: Dice, numbers: Ints, last: int) -> Ints:
    """Return the behaviour of each account.

    A pair begins at an even number; the odd number after it has the second behaviour.
    """
    drawn = _drawn(dice, numbers, last)
    followers = np.array([PLACE[b.follower] if b.follower else -1 for b in BEHAVIOURS])
    follower = followers[_drawn(dice, np.maximum(numbers - 1, 0), last)]
    return np.where((numbers % 2 == 1) & (follower >= 0), follower, drawn)


def _drawn(dice: Dice, numbers: Ints, last: int) -> Ints:
    weights = np.array([b.weight for b in BEHAVIOURS])
    # The first behaviour has the weight that the others leave of 10,000.
    weights[0] = 10_000 - weights.sum()
    # Draw by weight: the first running sum above the drawn number.
    #   weights 9000 600 400   running sums 9000 9600 10000   drawn 9650  ->  behaviour 2
    drawn = np.searchsorted(
        np.cumsum(weights), dice.below(10_000, "behaviour", numbers), side="right"
    )
    slots = np.array([PLACE[slot.behaviour] for slot in FIRST])
    drawn = np.where(numbers < len(FIRST), slots[np.minimum(numbers, len(FIRST) - 1)], drawn)
    comes_in_pairs = np.array([b.follower is not None for b in BEHAVIOURS])[drawn]
    # A pair cannot begin at an odd number, nor at the last one.
    return np.where(comes_in_pairs & ((numbers % 2 == 1) | (numbers >= last)), 0, drawn)


def _slots(field: str, words: tuple[str, ...], numbers: Ints) -> Ints:
    """Return the values that the slots of the first accounts prescribe, or -1."""
    wanted = [getattr(slot, field) for slot in FIRST]
    codes = np.array([words.index(word) if word else -1 for word in wanted])
    return np.where(numbers < len(FIRST), codes[np.minimum(numbers, len(FIRST) - 1)], -1)


def _companies(dice: Dice, behaviour: Ints, person: Ints) -> Flags:
    people = np.isin(behaviour, [PLACE["deceased"], PLACE["vulnerable"]]) | (person < len(FIRST))
    return (dice.chance(40, "company", person) & ~people) | (behaviour == PLACE["insolvent"])


def _services(dice: Dice, behaviour: Ints, numbers: Ints, follows_home: Flags) -> Ints:
    prescribed = np.array([SERVICES.index(b.service) if b.service else -1 for b in BEHAVIOURS])[
        behaviour
    ]
    slots = _slots("service", SERVICES, numbers)
    drawn = np.where(dice.chance(350, "service", numbers), 0, 1)
    services = np.where(prescribed >= 0, prescribed, np.where(slots >= 0, slots, drawn))
    # The account before it is the main one of the pair; chunks begin even, so it is in the chunk.
    return np.where(follows_home, np.roll(services, 1), services)


def _contacts(dice: Dice, numbers: Ints, person: Ints) -> Ints:
    slots = _slots("contact", CONTACTS, person)
    drawn = np.searchsorted(
        np.array([550, 750, 800]), dice.below(1000, "contact", person), side="right"
    )
    return np.where(slots >= 0, slots, drawn)


def _identifiers(dice: Dice, numbers: Ints, person: Ints) -> Ints:
    slots = _slots("identifier", IDENTIFIERS, person)
    drawn = np.searchsorted(
        np.array([991, 997]), dice.below(1000, "identifier", person), side="right"
    )
    return np.where(slots >= 0, slots, drawn)


def _namings(dice: Dice, behaviour: Ints, numbers: Ints) -> Ints:
    """Return the identifiers that a payer writes on his payments.

    Where two accounts share a home or a payer, he names the account.
    """
    drawn = np.searchsorted(
        np.array([600, 750, 850, 950]), dice.below(1000, "naming", numbers), side="right"
    )
    follower_names = {b.follower for b in BEHAVIOURS}
    shared = np.array([b.follower is not None or b.name in follower_names for b in BEHAVIOURS])[
        behaviour
    ]
    named = np.array([b.is_named for b in BEHAVIOURS])[behaviour]
    return np.where(named, 0, np.where(shared, drawn % 2, drawn))


def _scales(dice: Dice, behaviour: Ints, home: Ints) -> Ints:
    """Return the size of an average month's bill in cents.

    A part owner pays a fifth of the main owner's bill.
    """
    drawn = 1500 + dice.below(90, "small or large", home) * dice.below(90, "how large", home)
    lowest = np.array([b.scale_min_cents for b in BEHAVIOURS])[behaviour]
    part = np.where(behaviour == PLACE["part_owner"], 5, 1)
    return np.maximum(drawn // part, lowest)


def _unpaid(dice: Dice, behaviour: Ints, numbers: Ints, day: int) -> tuple[Ints, Ints]:
    low = np.array([b.unpaid_from[0] if b.unpaid_from else -1 for b in BEHAVIOURS])[behaviour]
    high = np.array([b.unpaid_from[1] if b.unpaid_from else -1 for b in BEHAVIOURS])[behaviour]
    until = np.array([b.unpaid_until if b.unpaid_until is not None else -1 for b in BEHAVIOURS])[
        behaviour
    ]
    start = day - dice.between(low, high, "stops paying", numbers)
    signs = np.isin(behaviour, [PLACE["keeps_plan"], PLACE["breaks_plan"]])
    until = until + signs * dice.below(30, "signs", numbers)
    return np.where(low >= 0, start, NEVER), np.where(until >= 0, day - until, NEVER)
