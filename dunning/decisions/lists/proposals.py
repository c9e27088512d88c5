"""Tables of the lists: one row per proposed message, disconnection, case or withheld row.

Each `propose_` function returns a `Proposed`: tables by name, for one bucket. `merge_proposed`
joins those of all buckets into the order in which they are listed, whatever the order they came in.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Flags
from dunning.core.frames import Frame, days_to_arrow

Proposed = dict[str, pa.Table]

_text = pa.string()
_day = pa.date32()
_cents = pa.int64()
_count = pa.int32()


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(list(columns.items()))


SCHEMAS: dict[str, pa.Schema] = {
    # One notice to send. stage: overdue or final_warning; principal_cents: the sum demanded, of
    # `items` items; name: of letters only; expired_cents: overdue, but past limitation: shown, not
    # demanded; answer_until: of last warnings; district: of the premise; may_be_cut: its supply, by
    # the rules in force, for a sum like this.
    "reminders": _schema(
        reference=_text,
        premise_no=_text,
        payer_code=_text,
        stage=_text,
        channel=_text,
        address=_text,
        language=_text,
        service=_text,
        name=_text,
        principal_cents=_cents,
        items=_count,
        oldest_due_on=_day,
        newest_due_on=_day,
        period_from=_day,
        period_to=_day,
        expired_cents=_cents,
        answer_until=_day,
        district=_text,
        may_be_cut=pa.bool_(),
    ),
    # One premise to disconnect. stage: of the account; warned_on: served day of the newest warning
    # that counts, which names all `items`.
    "disconnections": _schema(
        district=_text,
        route=_text,
        premise_no=_text,
        payer_code=_text,
        stage=_text,
        meter_no=_text,
        address=_text,
        principal_cents=_cents,
        items=_count,
        oldest_due_on=_day,
        warned_on=_day,
        not_before=_day,
        not_after=_day,
    ),
    # One case. person_reasons: sorted, separated by a space; empty where part is ready.
    "court": _schema(
        case_ref=_text,
        part=_text,
        person_reasons=_text,
        premise_no=_text,
        payer_code=_text,
        kind=_text,
        name=_text,
        national_id=_text,
        share=_text,
        premise_address=_text,
        postal_address=_text,
        service=_text,
        principal_cents=_cents,
        interest_cents=_cents,
        interest_from=_day,
        interest_to=_day,
        state_fee_cents=_cents,
        total_cents=_cents,
        items=_count,
        oldest_due_on=_day,
        limitation_on=_day,
        warned_on=_day,
        warned_by=_text,
    ),
    # One item of a case. original_minor: the invoice's amount in its own currency.
    "court_items": _schema(
        case_ref=_text,
        invoice_no=_text,
        kind=_text,
        period_from=_day,
        period_to=_day,
        issued_on=_day,
        due_on=_day,
        open_cents=_cents,
        original_minor=_cents,
        original_currency=_text,
        interest_cents=_cents,
        interest_segments=_text,
        equalisation_no=_text,
        limitation_on=_day,
    ),
    # One row that a list would have had. stage: that of the row, for reminders; else that of the
    # account. principal_cents: the sum that the row would have claimed; of a monthly notice, the
    # overdue sum.
    "withheld": _schema(
        list=_text,
        premise_no=_text,
        payer_code=_text,
        stage=_text,
        principal_cents=_cents,
        reason=_text,
    ),
}
# The order of the published lists. It does not depend on buckets or shards.
SORT_KEYS: dict[str, tuple[str, ...]] = {
    "reminders": ("premise_no", "payer_code", "stage"),
    "disconnections": ("district", "route", "premise_no"),
    "court": ("premise_no", "payer_code"),
    "court_items": ("case_ref", "due_on", "issued_on", "invoice_no"),
    "withheld": ("list", "premise_no", "payer_code"),
}


def build_table(name: str, columns: Mapping[str, npt.NDArray | pa.Array]) -> pa.Table:
    """Return a table with the schema of that name; day numbers become dates, `NEVER` null."""
    schema = SCHEMAS[name]
    return pa.Table.from_arrays(to_arrays(schema, columns), schema=schema)


def to_arrays(
    fields: Iterable[pa.Field], columns: Mapping[str, npt.NDArray | pa.Array]
) -> list[pa.Array]:
    """Return columns as Arrow arrays in the order and with the types of the fields.

    Day numbers become dates, `NEVER` null.
    """
    arrays = []
    for field in fields:
        values = columns[field.name]
        if isinstance(values, np.ndarray):
            values = days_to_arrow(values) if pa.types.is_date32(field.type) else pa.array(values)
        arrays.append(values.cast(field.type))
    return arrays


def merge_proposed(parts: Iterable[Proposed]) -> Proposed:
    """Return the tables of all buckets as one, sorted in the order of the lists.

    Every table is there, even if empty.
    """
    return {
        name: rows.sort_by([(key, "ascending") for key in SORT_KEYS[name]]).combine_chunks()
        for name, rows in join_proposed(parts).items()
    }


def join_proposed(parts: Iterable[Proposed]) -> Proposed:
    """Return the tables of all parts as one, in no order.

    Every table is there, even if empty.
    """
    parts = list(parts)
    return {
        name: pa.concat_tables(
            [schema.empty_table(), *(part[name] for part in parts if name in part)]
        )
        for name, schema in SCHEMAS.items()
    }


def join_account(prefix: pa.Array | pa.Scalar, accounts: Frame) -> pa.Array:
    """Return `<prefix>-<premise_no>-<payer_code>`, unique for each account.

    A hyphen (or percent sign) inside a code is written as %2D (%25), so that A-1, 2 and A, 1-2 stay
    apart.
    """
    codes = [accounts.text("premise_no"), accounts.text("payer_code")]
    # % first: the %2D of the second step must not be escaped again.
    for sign, written in (("%", "%25"), ("-", "%2D")):
        codes = [pc.replace_substring(column, sign, written) for column in codes]
    return pc.binary_join_element_wise(prefix, *codes, "-")


def first_reason(failures: Mapping[str, Flags], rows: int) -> pa.Array:
    """Return per row the first reason, in the order given, with its flag set; null if none."""
    words = [*failures, None]
    place = np.full(rows, len(failures), np.int64)
    # Backwards, so that the first reason is written last.
    for number, flags in reversed(list(enumerate(failures.values()))):
        place[flags] = number
    return pa.array(words, pa.string()).take(pa.array(place))
