"""A small good ledger in several forms, of which one file is damaged at a time."""

import shutil
from pathlib import Path
from random import Random

from tests.fuzz.good_rows import VARIETIES, good_row, rows_beside
from tests.fuzz.row_ledgers import FORMS, Form, RowLedger


def good_ledger(form: Form) -> RowLedger:
    """Return the standing rows and two good rows of every variety."""
    ledger = RowLedger(form)
    n = 1
    for table, varieties in VARIETIES.items():
        for variety in varieties:
            for _ in range(2):
                for other, row in rows_beside(table, variety, n):
                    ledger.rows[other].append(row)
                ledger.rows[table].append(good_row(table, variety, n))
                n += 1
    return ledger


def write_good_ledgers(folder: Path) -> dict[str, Path]:
    """Write it in every form; return the folders by the form's name."""
    return {form.name: good_ledger(form).write(folder / str(i)) for i, form in enumerate(FORMS)}


def copy_ledger(
    random: Random, folders: dict[str, Path], names: tuple[str, ...], target: Path
) -> Path:
    """Copy one of the good ledgers, of one of these forms."""
    shutil.copytree(folders[random.choice(names)], target)
    return target
