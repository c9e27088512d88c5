"""All damaged rows, in every form of file, as counted outcomes."""

from collections import Counter

from tests.fuzz.batches import Counts
from tests.fuzz.row_ledgers import FORMS, Form, RowLedger, find_faults, load_rows
from tests.fuzz.rows import DamagedRow, known_rows, made_rows
from tests.fuzz.trials import FAULT, TAKEN, scratch

TEXTS_A_KIND = 260


def rows_for(form: Form, seed: int, texts_a_kind: int = TEXTS_A_KIND) -> list[DamagedRow]:
    """Return the damages known by heart, and for the forms that can say everything those that
    Hypothesis makes.
    """
    known = known_rows()
    return known + (
        made_rows(texts_a_kind, seed, len(known) + 1) if form in (FORMS[0], FORMS[-1]) else []
    )


def try_rows(form: Form, rows: list[DamagedRow]) -> tuple[Counts, list[str]]:
    """Load them all at once; return counts by outcome, and what is wrong."""
    ledger = RowLedger(form).add(rows)
    with scratch() as folder:
        faults = ledger.disagreements + find_faults(ledger, load_rows(ledger, folder))
    kind = f"rows, {form.name}"
    refused = sum(bool(reasons) for _, reasons in ledger.damaged.values())
    counts = Counter(
        {(kind, "in quarantine"): refused, (kind, TAKEN): len(ledger.damaged) - refused}
    )
    return counts + Counter({(kind, FAULT): len(faults)}), faults
