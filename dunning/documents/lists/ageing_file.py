"""The ageing as a workbook: what the page shows, row by row."""

from datetime import date

import pyarrow as pa

from dunning.documents.lists.columns import count, money, text, word
from dunning.documents.lists.xlsx_files import render_xlsx

_COLUMNS = (
    word("service", "Услуга"),
    text("district", "Район", 24),
    word("stage", "Етап", 26),
    word("band", "Възраст", 26),
    count("items", "Фактури", 12),
    money("cents", "Неплатено, €", "cents", 16),
)


def render_ageing(rows: pa.Table, as_of: date) -> bytes:
    """Return rows of `decisions.ageing.AGEING` as XLSX. near_limitation stands besides the ages,
    not among them.
    """
    return render_xlsx(rows, _COLUMNS, as_of, "Възраст на дълга")
