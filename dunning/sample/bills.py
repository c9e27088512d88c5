"""Invoices of the sample: monthly bills, the heat season's settlement, and special documents."""

from dataclasses import dataclass, fields
from datetime import date

import numpy as np

from dunning.core.arrays import Cents, Days, Flags, Ints
from dunning.core.days import NEVER, to_day
from dunning.core.words import CREDIT_NOTE, ITEM_KINDS
from dunning.policy.ledger_dates import read_ledger_dates
from dunning.sample.accounts import SampleAccounts, month_start
from dunning.sample.dice import Dice

KINDS = (*ITEM_KINDS, CREDIT_NOTE)

# Percent of an average month, January to December.
_ELECTRICITY = np.array([150, 135, 115, 95, 80, 75, 85, 85, 75, 90, 115, 145])
_HEAT = np.array([190, 170, 140, 70, 16, 14, 12, 12, 15, 60, 130, 180])

# Places of an account's special documents behind those of its months (0 is the newest).
_EQUALISATION, _SHARE_FEE, _CREDIT_NOTE, _INTEREST, _FEE, _ADJUDGED = 60, 67, 74, 75, 76, 77


@dataclass(frozen=True)
class Bills:
    """Grain: one invoice or credit note, sorted by account, day of issue, place.

    `account`: row of the chunk's accounts; `key`: 100 * account number + place, distinct in the
    whole sample; `refers_to`: the key of another one or -1. `minor`: cents, or stotinki where
    `is_bgn`.
    """

    account: Ints
    key: Ints
    kind: Ints
    period_from: Days
    period_to: Days
    issued_on: Days
    due_on: Days
    minor: Cents
    is_bgn: Flags
    refers_to: Ints

    def __len__(self) -> int:
        return len(self.account)

    def take(self, rows: Ints) -> "Bills":
        """Return these rows."""
        return Bills(**{each.name: getattr(self, each.name)[rows] for each in fields(self)})

    def last_of_each(self, is_candidate: Flags) -> Ints:
        """Return, for each account with candidates, the row of its last candidate."""
        # A candidate is the last one where the next candidate belongs to another account.
        rows = np.flatnonzero(is_candidate)
        last = np.append(np.diff(self.account[rows]) != 0, True) if len(rows) else np.zeros(0, bool)
        return rows[last]


def to_stotinki(cents: Cents) -> Cents:
    """Return stotinki for euro cents, rounded half-up.

    >>> to_stotinki(np.array([511, -511])).tolist()
    [999, -999]
    """
    # Rounded on the absolute value, so that a credit note is the exact opposite of its bill.
    return np.sign(cents) * ((np.abs(cents) * 195_583 + 50_000) // 100_000)


def make_bills(dice: Dice, accounts: SampleAccounts) -> Bills:
    """Return all documents issued up to the sample's date."""
    bills = _joined(
        _monthly(dice, accounts), *_settlements(dice, accounts), *_specials(dice, accounts)
    )
    return _joined(bills, _credit_notes(dice, accounts, bills))


def _joined(*parts: Bills) -> Bills:
    whole = Bills(
        **{
            each.name: np.concatenate([getattr(part, each.name) for part in parts])
            for each in fields(Bills)
        }
    )
    return whole.take(np.lexsort((whole.key, whole.issued_on, whole.account)))


def _issue(
    accounts: SampleAccounts,
    rows: Ints,
    place: Ints | int,
    kind: str,
    period: tuple[Ints | Days, Ints | Days],
    issued_on: Ints,
    due_on: Ints,
    cents: Ints,
) -> Bills:
    """Return documents of these accounts, in the currency of their day.

    Documents after the sample's date are left out.
    """
    is_bgn = issued_on < read_ledger_dates().euro_from_day
    bills = Bills(
        account=rows,
        key=accounts.number[rows] * 100 + place,
        kind=np.full(len(rows), KINDS.index(kind)),
        period_from=np.asarray(period[0], np.int32),
        period_to=np.asarray(period[1], np.int32),
        issued_on=np.asarray(issued_on, np.int32),
        due_on=np.asarray(due_on, np.int32),
        minor=np.where(is_bgn, to_stotinki(cents), cents),
        is_bgn=is_bgn,
        refers_to=np.full(len(rows), -1),
    )
    return bills.take(np.flatnonzero(bills.issued_on <= accounts.as_of))


def _monthly(dice: Dice, accounts: SampleAccounts) -> Bills:
    """Return the monthly bills.

    Electricity: billed in the month after, 14 to 20 days to pay. Heat: on the month's last day,
    45 days to pay.
    """
    counts = np.maximum(accounts.months_to - accounts.months_from + 1, 0)
    rows = np.repeat(np.arange(len(accounts)), counts)
    # Months of each account, newest first: the running number within the account, subtracted.
    #   counts 3 2   rows 0 0 0 1 1   arange - start of the account: 0 1 2 0 1
    month = accounts.months_to[rows] - (
        np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    )
    is_heat = accounts.service[rows] == 0
    billed = ~is_heat | accounts.has_summer[rows] | ~np.isin(month % 12, [4, 5, 6, 7, 8])
    rows, month, is_heat = rows[billed], month[billed], is_heat[billed]
    place = accounts.month - 1 - month
    keys = accounts.number[rows] * 100 + place
    factor = np.where(is_heat, _HEAT[month % 12], _ELECTRICITY[month % 12])
    cents = (
        accounts.scale_cents[rows] * factor * dice.between(88, 112, "consumption", keys) // 10_000
    )
    is_empty = ~is_heat & accounts.is_ordinary()[rows] & dice.chance(4, "nothing used", keys)
    home = accounts.home[rows]
    first, last = month_start(month), month_start(month + 1) - 1
    issued_on = np.where(is_heat, last, last + 3 + home % 10)
    due_on = np.where(is_heat, last + 45, issued_on + dice.between(14, 20, "term", home))
    bills = _issue(
        accounts,
        rows,
        place,
        "bill",
        (first, last),
        issued_on,
        due_on,
        np.where(is_empty, 0, cents),
    )
    # Heat is billed by forecast; the season's settlement corrects it.
    forecast = accounts.service[bills.account] == 0
    bills.kind[forecast] = KINDS.index("forecast")
    return bills


def _settlements(dice: Dice, accounts: SampleAccounts) -> list[Bills]:
    """Return the documents of each heat season (1 May to 30 April).

    A share fee on its last day, the settlement on 31 July; 45 days to pay.
    """
    newest = accounts.month // 12
    return [
        bills
        for season in range(newest - 7, newest)
        for bills in _settle_season(dice, accounts, season, newest)
    ]


def _settle_season(
    dice: Dice, accounts: SampleAccounts, season: int, newest: int
) -> tuple[Bills, Bills]:
    """Return the share fees and the settlements of one season."""
    start, next_start = (
        to_day(date(year, read_ledger_dates().season_month, 1)) for year in (season, season + 1)
    )
    end = next_start - 1
    begins = np.maximum(start, accounts.valid_from)
    ends = np.minimum(end, accounts.valid_until - 1)
    is_settled = (
        (accounts.service == 0) & (begins < ends) & (month_start(accounts.months_from) <= end)
    )
    rows = np.flatnonzero(is_settled)
    keys, each = accounts.number[rows] * 100 + newest - season, np.ones(len(rows), np.int64)
    period = (begins[rows], ends[rows])
    place = newest - 1 - season
    fee = dice.between(2000, 3000, "share fee", keys)
    difference = _differences(dice, accounts, rows, keys)

    def issue(kind: str, first_place: int, day: int, minor: Ints) -> Bills:
        days = day * each
        return _issue(accounts, rows, first_place + place, kind, period, days, days + 45, minor)

    return (
        issue("share_fee", _SHARE_FEE, end, fee),
        issue("equalisation", _EQUALISATION, to_day(date(season + 1, 7, 31)), difference),
    )


def _differences(dice: Dice, accounts: SampleAccounts, rows: Ints, keys: Ints) -> Ints:
    """Return the sum that a season's settlement adds or gives back.

    Those who stop paying always have something to pay.
    """
    percent = dice.between(-90, 120, "season", keys)
    stops = (accounts.unpaid_from[rows] < NEVER - 1000) | accounts.does("adjudged")[rows]
    percent = np.where(
        stops, 20 + np.abs(percent), np.where(dice.chance(60, "season even", keys), 0, percent)
    )
    return np.sign(percent) * (accounts.scale_cents[rows] * np.abs(percent) // 100)


def _specials(dice: Dice, accounts: SampleAccounts) -> list[Bills]:
    """Return interest notes of late payers, reconnection fees, and sums awarded by courts."""
    late_on = int(month_start(np.array([accounts.month - 3]))[0]) + 4
    late = np.flatnonzero(
        accounts.does("chronic") | (accounts.does("in_parts") & (accounts.number % 3 == 0))
    )
    cut = np.flatnonzero(accounts.does("reconnected"))
    sued = np.flatnonzero(accounts.does("adjudged"))
    specials = [
        _special(
            accounts,
            late,
            _INTEREST,
            "interest_note",
            np.full(len(late), late_on),
            dice.between(150, 900, "interest", accounts.number[late]),
        ),
        _special(
            accounts,
            cut,
            _FEE,
            "fee",
            np.full(len(cut), accounts.as_of - 117),
            np.full(len(cut), 2000),
        ),
    ]
    awarded_on = accounts.as_of - dice.between(500, 800, "awarded", accounts.number[sued])
    principal = dice.between(30_000, 90_000, "principal", accounts.number[sued])
    costs = dice.between(4_000, 8_000, "costs", accounts.number[sued])
    sums = {"adjudged": principal, "adjudged_interest": principal * 12 // 100, "court_costs": costs}
    for place, (kind, cents) in enumerate(sums.items()):
        specials.append(_special(accounts, sued, _ADJUDGED + place, kind, awarded_on, cents))
    return specials


def _special(
    accounts: SampleAccounts, rows: Ints, place: int, kind: str, issued_on: Ints, cents: Ints
) -> Bills:
    never = np.full(len(rows), NEVER)
    return _issue(accounts, rows, place, kind, (never, never), issued_on, issued_on + 14, cents)


def _credit_notes(dice: Dice, accounts: SampleAccounts, bills: Bills) -> Bills:
    """Return credit notes of a third of a bill at least two months old, for wrong readings."""
    is_monthly = bills.kind <= KINDS.index("forecast")
    wrong = accounts.does("corrected")[bills.account] & is_monthly & (bills.minor > 0)
    # Bill and note are in one currency: on the same side of the changeover.
    in_time = (bills.issued_on <= accounts.as_of - 60) & (
        bills.is_bgn == (bills.issued_on + 20 < read_ledger_dates().euro_from_day)
    )
    read = bills.take(bills.last_of_each(wrong & in_time))
    note = Bills(
        account=read.account,
        key=accounts.number[read.account] * 100 + _CREDIT_NOTE,
        kind=np.full(len(read), KINDS.index(CREDIT_NOTE)),
        period_from=read.period_from,
        period_to=read.period_to,
        issued_on=read.issued_on + np.int32(20),
        due_on=read.issued_on + np.int32(20),
        minor=-(read.minor * 3 // 10),
        is_bgn=read.is_bgn,
        refers_to=read.key,
    )
    return note
