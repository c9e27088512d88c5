"""The ageing of the debt as a workbook, with the same rows as the page."""

from datetime import date

import pyarrow as pa

from dunning.documents.lists.columns import count, money, text, word
from dunning.documents.lists.xlsx_files import render_xlsx
from dunning.documents.words import word_of

COLUMNS = (
    word("service"),
    text("district", 24),
    word("stage", 26),
    word("band", 26),
    count("items", 12),
    money("cents", "cents", 16),
)


def render_ageing(rows: pa.Table, as_of: date) -> bytes:
    """Return rows of `decisions.ageing.AGEING` as XLSX.

    Rows of near_limitation come in addition to the age classes; they are not one of them.
    """
    return render_xlsx(rows, COLUMNS, as_of, word_of("bg", "ageing", "sheet"))
