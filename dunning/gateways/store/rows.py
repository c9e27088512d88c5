"""The large tables of the store as Arrow schemas, in the column order of their COPY statements."""

import datetime

import pyarrow as pa

from dunning.decisions.account import ageing

_text, _day, _cents, _count = pa.string(), pa.date32(), pa.int64(), pa.int32()


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(list(columns.items()))


DECISIONS = _schema(
    as_of=_day,
    premise_no=_text,
    payer_code=_text,
    stage=_text,
    open_cents=_cents,
    overdue_cents=_cents,
    interest_cents=_cents,
    credit_cents=_cents,
    shielded_cents=_cents,
    overdue_items=_count,
    oldest_due_on=_day,
    days_overdue=_count,
    limitation_on=_day,
    reasons=_text,
    why_not=_text,
    rule=_text,
    next_stage=_text,
    next_on=_day,
    policy_version=_text,
)
PROPOSALS = _schema(
    as_of=_day,
    list=_text,
    premise_no=_text,
    payer_code=_text,
    stage=_text,
    channel=_text,
    principal_cents=_cents,
    total_cents=_cents,
    state=_text,
    reason=_text,
    reference=_text,
)
ACTIONS = _schema(
    premise_no=_text,
    payer_code=_text,
    stage=_text,
    as_of=_day,
    channel=_text,
    reference=_text,
    principal_cents=_cents,
    written_to=_text,
)
# What a later night reads of them: all but the sum.
PAST_ACTIONS = ACTIONS.remove(ACTIONS.get_field_index("principal_cents"))
RECEIPT_TOKENS = _schema(
    token_sha256=_text,
    reference=_text,
    as_of=_day,
    service=_text,
    document_sha256=_text,
    expires_on=_day,
)

SILENCES = _schema(premise_no=_text, payer_code=_text, since=_day)
HANDED_OVER = _schema(list=_text, premise_no=_text, payer_code=_text, as_of=_day)
SEEN_HOLDS = _schema(
    hold_no=_cents,
    premise_no=_text,
    payer_code=_text,
    reason=_text,
    note=_text,
    author=_text,
    valid_from=_day,
    valid_until=_day,
)
AGEING = ageing.AGEING.insert(0, pa.field("as_of", _day))


def shape_rows(rows: pa.Table, schema: pa.Schema, as_of: datetime.date) -> pa.Table:
    """Return the schema's columns of a table, in order and type, with `as_of` in every row.

    Other columns are left out; a missing one raises KeyError, a value that does not fit
    pyarrow.ArrowInvalid.
    """
    day = pa.repeat(pa.scalar(as_of, pa.date32()), rows.num_rows)
    columns = [
        day if field.name == "as_of" else rows[field.name].cast(field.type) for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)
