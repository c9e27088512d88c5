"""Flawed rows of the sample: copies of good rows under new numbers, each broken in one way.

At most one row in 250 is broken, none of holds, agreements, agreement_items and instalments. No
good row refers to a broken one, so that no other row is refused. A few good rows occur twice:
those are repetitions, not errors.
"""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Ints

_NOBODY = "00000"


@dataclass(frozen=True)
class Flaw:
    """One way to break a row: cells that replace its own; days as ISO, sums with a point.

    `reason`: all reasons that the contract knows for it, separated by a space. `keeps_number`:
    under no new one. `is_text`: possible in text only, so it is left out of Parquet. `is_pair`:
    occurs twice under one number, with another sum. `is_ragged`: the last cell is missing.
    """

    reason: str
    cells: dict[str, str] = field(default_factory=dict)
    is_text: bool = False
    is_pair: bool = False
    is_ragged: bool = False
    keeps_number: bool = False


KEYS = {
    "invoices": "invoice_no",
    "payments": "payment_no",
    "payers": "payer_code",
    "premises": "premise_no",
    "notices": "notice_no",
    "invoice_lines": "invoice_no",
}
FLAWS: dict[str, tuple[Flaw, ...]] = {
    "premises": (Flaw("bad_value", {"service": "water"}), Flaw("missing_value", {"address": ""})),
    "payers": (Flaw("bad_value", {"kind": "firm"}), Flaw("missing_value", {"name": ""})),
    "tenancies": (
        Flaw("missing_reference", {"payer_code": _NOBODY}),
        Flaw("missing_reference", {"premise_no": _NOBODY}),
        Flaw(
            "bad_date missing_reference",
            {"valid_from": "2024-02-30", "payer_code": _NOBODY},
            is_text=True,
        ),
    ),
    "invoices": (
        Flaw("due_before_issued", {"due_on": "1995-01-02"}),
        Flaw(
            "bgn_after_changeover",
            {"issued_on": "2026-02-03", "due_on": "2026-02-20", "currency": "BGN"},
        ),
        Flaw("bad_value", {"amount": "12.345"}, is_text=True),
        Flaw("missing_reference", {"premise_no": _NOBODY}),
        Flaw("bad_value", {"kind": "surcharge"}),
        Flaw("duplicate_key", is_pair=True),
        Flaw("bad_date", {"issued_on": "2026-02-30"}, is_text=True),
        Flaw(
            "no_single_payer",
            {"payer_code": "", "period_from": "1995-03-01", "period_to": "1995-03-31"},
        ),
        Flaw("missing_value", {"due_on": ""}),
        Flaw("wrong_sign", {"amount": "-12.30"}),
        Flaw("missing_reference", {"payer_code": _NOBODY}),
    ),
    "payments": (
        Flaw("bgn_after_changeover", {"paid_on": "2026-03-03", "currency": "BGN"}),
        Flaw("unmatched_payment", {"premise_no": "", "payer_code": "", "invoice_no": ""}),
        Flaw("bad_value", {"amount": "10.005"}, is_text=True),
        Flaw("duplicate_key", is_pair=True),
        Flaw("missing_reference", {"premise_no": _NOBODY}),
        Flaw("wrong_sign", {"amount": "-5.00", "reverses": ""}),
        Flaw("bad_reversal", {"amount": "-5.00", "reverses": _NOBODY}),
        Flaw("bad_date", {"paid_on": "2026-02-31"}, is_text=True),
        Flaw("missing_value", {"paid_on": ""}),
    ),
    "contacts": (
        Flaw("ragged_row", is_text=True, is_ragged=True),
        Flaw("bad_value", {"channel": "fax"}),
        Flaw("missing_reference", {"payer_code": _NOBODY}),
    ),
    "invoice_lines": (
        Flaw("missing_reference"),
        Flaw("bad_value", {"seq": "99", "amount": "1.234"}, is_text=True, keeps_number=True),
    ),
    "notices": (
        Flaw("missing_reference", {"payer_code": _NOBODY}),
        Flaw("bad_value", {"stage": "spoken"}),
    ),
}
_REPEATED = ("invoices", "payments", "contacts", "payers")


@dataclass(frozen=True)
class Flawed:
    """Rows to add to a table, all text.

    `flaw_of`: number of each row's flaw within the table; -1 for a repetition.
    """

    rows: pa.Table
    flaw_of: Ints

    def reasons(self, table: str) -> dict[str, int]:
        """Return the number of refused rows per reason."""
        counts: dict[str, int] = {}
        for place, count in zip(
            *np.unique(self.flaw_of[self.flaw_of >= 0], return_counts=True), strict=True
        ):
            reason = FLAWS[table][place].reason
            counts[reason] = counts.get(reason, 0) + int(count)
        return counts


def break_rows(table: str, good: pa.Table, eligible: Ints, chunk: int, is_text: bool) -> Flawed:
    """Return broken copies of some eligible rows, and a few repetitions.

    Args:
        table: its name.
        good: all rows of the chunk as text, days as ISO.
        eligible: rows that may be copied: of ordinary accounts only, so that no first account is
            withheld for it.
        chunk: number of the chunk; it turns the wheel of flaws where there is room for one only.
        is_text: whether cells are text in the file (CSV).
    """
    flaws = [
        place for place, flaw in enumerate(FLAWS.get(table, ())) if is_text or not flaw.is_text
    ]
    # One row in 500, or a single one in a small chunk; a pair becomes two rows.
    wanted = good.num_rows // 500 or int(good.num_rows >= 250)
    if not flaws or len(eligible) < wanted * 20:
        return Flawed(good.slice(0, 0), np.zeros(0, np.int64))
    # Evenly spaced over the eligible rows.
    sources = eligible[np.arange(wanted) * (len(eligible) // max(wanted, 1))]
    flaw_of = np.array(flaws)[(np.arange(wanted) + chunk) % len(flaws)]
    parts, places = [], []
    for place in flaws:
        copied = good.take(pa.array(sources[flaw_of == place]))
        for broken in _broken(table, copied, FLAWS[table][place]):
            parts.append(broken)
            places.append(np.full(broken.num_rows, place))
    twice = wanted // 4 or int(wanted > 0)
    if table in _REPEATED:
        # Shifted by seven rows against the broken ones.
        parts.append(
            good.take(pa.array(eligible[7 + np.arange(twice) * (len(eligible) // (twice + 1))]))
        )
        places.append(np.full(twice, -1))
    return Flawed(pa.concat_tables(parts), np.concatenate(places))


def _broken(table: str, rows: pa.Table, flaw: Flaw) -> list[pa.Table]:
    """Return the rows with the flaw, under new numbers where the table has numbers."""
    cells: dict[str, pa.Array | pa.ChunkedArray] = {
        name: pa.array([text] * rows.num_rows, pa.string()) for name, text in flaw.cells.items()
    }
    if table in KEYS and not flaw.keeps_number:
        cells[KEYS[table]] = pc.binary_join_element_wise(
            rows[KEYS[table]], "2" if flaw.is_pair else "1", "-"
        )
    broken = _with(rows, cells)
    if not flaw.is_pair:
        return [broken]
    return [broken, _with(broken, {"amount": pa.array(["33.33"] * rows.num_rows, pa.string())})]


def _with(rows: pa.Table, cells: dict[str, pa.Array | pa.ChunkedArray]) -> pa.Table:
    for name, column in cells.items():
        rows = rows.set_column(rows.column_names.index(name), name, column)
    return rows
