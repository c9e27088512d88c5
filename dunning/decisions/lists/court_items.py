"""Items of court cases, with the interest of each written out segment by segment."""

from math import gcd

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Places
from dunning.core.formats import format_days, format_minor_column
from dunning.core.frames import Bucket, Frame
from dunning.core.money import BGN_PER_EUR
from dunning.core.words import CURRENCIES, ITEM_KINDS, code
from dunning.decisions.lists.proposals import build_table
from dunning.decisions.tables import word_column
from dunning.policy.rules import Rules

_RATE_DECIMALS = 4  # of a yearly rate in percent; the policy has at most two
_SHOWN_DECIMALS = 4  # of a segment's interest: it is rounded to cents only once per item


def list_items(
    bucket: Bucket, items: Frame, segments: Frame, rules: Rules, refs: pa.Array, as_of: int
) -> pa.Table:
    """Return the table `court_items`.

    Args:
        items: rows of `Decision.open_items`.
        segments: interest segments of these items, by item and day.
        refs: the case reference of each item.
    """
    facts = bucket.items.take(items["item"])
    return build_table(
        "court_items",
        {
            "case_ref": refs,
            "invoice_no": facts.text("invoice_no"),
            "kind": word_column(ITEM_KINDS, facts["kind"]),
            "period_from": facts["period_from"],
            "period_to": facts["period_to"],
            "issued_on": facts["issued_on"],
            "due_on": facts["due_on"],
            "open_cents": items["open_cents"],
            "original_minor": facts["amount_minor"],
            "original_currency": word_column(CURRENCIES, facts["is_bgn"].astype(np.int8)),
            "interest_cents": items["interest_cents"],
            "interest_segments": write_segments(segments, items["item"], rules.interest.day_count),
            "equalisation_no": equalisation_numbers(bucket, facts, as_of),
            "limitation_on": items["limitation_on"],
        },
    )


def write_segments(segments: Frame, items: Places, day_count: int) -> pa.Array:
    """Return per item its interest segments as one text, joined by "; ".

    A segment is written "15.09.2025–31.12.2025: 108 × 11,91 % × 250,00 EUR = 8,9325".

    Days, yearly rate, principal, and the segment's interest in euro with four decimals; empty
    without a segment.
    """
    order = np.argsort(segments["item"], kind="stable")
    rows = segments.take(order)
    currency = word_column(CURRENCIES, rows["is_bgn"].astype(np.int8))
    interval = pc.binary_join_element_wise(
        format_days(rows["from_on"], "%d.%m.%Y"), format_days(rows["to_on"], "%d.%m.%Y"), "–"
    )
    factors = pc.binary_join_element_wise(
        pa.array(rows["days"]).cast(pa.string()),
        pc.binary_join_element_wise(rows.text("rate_percent"), "%", " "),
        pc.binary_join_element_wise(format_minor_column(rows["principal_minor"]), currency, " "),
        " × ",
    )
    amount = _format_interest(_segment_interest(rows, day_count))
    texts = pc.binary_join_element_wise(
        pc.binary_join_element_wise(interval, factors, ": "), amount, " = "
    )
    first = np.searchsorted(rows["item"], items, side="left")
    last = np.searchsorted(rows["item"], items, side="right")
    counts = last - first
    # Rows of the segments of each item, item after item:
    #
    # first    4     0        where an item's segments begin among `rows`
    # counts   2     3
    # inside   4 5   0 1 2
    inside = (
        np.arange(counts.sum())
        - np.repeat(np.cumsum(counts) - counts, counts)
        + np.repeat(first, counts)
    )
    offsets = pa.array(np.r_[0, np.cumsum(counts)].astype(np.int32))
    return pc.binary_join(pa.ListArray.from_arrays(offsets, texts.take(pa.array(inside))), "; ")


def _segment_interest(segments: Frame, day_count: int) -> npt.NDArray[np.int64]:
    """Return each segment's interest in ten-thousandths of a euro, exact, half-up."""
    rates = pc.cast(
        pc.replace_substring(segments.text("rate_percent"), ",", "."),
        pa.decimal128(12, _RATE_DECIMALS),
    )
    scaled = pc.multiply(rates, pa.scalar(10**_RATE_DECIMALS)).cast(pa.int64(), safe=False)
    product = (
        segments["principal_minor"]
        * scaled.to_numpy(zero_copy_only=False)
        * segments["days"].astype(np.int64)
    )
    # Rate scale, percent, days a year, and cents to ten-thousandths.
    whole = 10**_RATE_DECIMALS * 100 * day_count // 10 ** (_SHOWN_DECIMALS - 2)
    # gcd first: the products must stay within int64.
    above, below = BGN_PER_EUR.as_integer_ratio()
    shared = gcd(whole, below)
    product = np.where(segments["is_bgn"], product * (below // shared), product)
    divisor = np.where(segments["is_bgn"], whole // shared * above, whole)
    return (2 * product + divisor) // (2 * divisor)


def _format_interest(parts: npt.NDArray[np.int64]) -> pa.Array:
    scale = 10**_SHOWN_DECIMALS
    rest = pc.utf8_lpad(pa.array(parts % scale).cast(pa.string()), _SHOWN_DECIMALS, padding="0")
    return pc.binary_join_element_wise(pa.array(parts // scale).cast(pa.string()), rest, ",")


def equalisation_numbers(bucket: Bucket, facts: Frame, as_of: int) -> pa.Array:
    """Return the number of the bill that settles each heat forecast's season.

    Null for other items, or without one.

    The season's earliest due equalisation of the same account, issued on or before `as_of`.
    """
    bills = bucket.equalisations.take(
        bucket.equalisations["issued_on"] <= as_of
    )  # by account, season, due_on
    keys = _season_key(bills)
    wanted = _season_key(facts)
    place = np.searchsorted(keys, wanted)
    # The appended -1 is what a place after the last key reads.
    found = np.r_[keys, -1][place] == wanted
    found &= facts["kind"] == code(ITEM_KINDS, "forecast")
    return bills.text("invoice_no").take(pa.array(place, mask=~found))


def _season_key(rows: Frame) -> npt.NDArray[np.int64]:
    # Account and season (a year) in one number.
    return rows["account"].astype(np.int64) * 10_000 + np.maximum(
        rows["season"].astype(np.int64), 0
    )
