"""Figures of a notice as text in its language (sums, days, quantities), and clean texts."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.formats import NBSP, format_days, format_minor_column
from dunning.documents.words import word_of

# Whatever is no letter, sign or space: control and format characters, private and unassigned ones.
_UNPRINTABLE = r"[\p{Cc}\p{Cf}\p{Co}\p{Cs}]+"
_DASH = "–"


class Figures:
    """Format columns of figures in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._end = f"{NBSP}г." if language == "bg" else ""

    def euro(self, minor: npt.NDArray[np.int64], unit: str = "€") -> list[str]:
        """Return "84,20 €"."""
        texts = format_minor_column(minor, NBSP)
        if self.language != "bg":
            texts = pc.replace_substring(texts, ",", ".")
        return pc.binary_join_element_wise(texts, unit, NBSP).to_pylist()

    def leva(self, minor: npt.NDArray[np.int64]) -> list[str]:
        """Return "84,20 лв."."""
        return self.euro(minor, word_of(self.language, "BGN", "currency"))

    def days(self, days: npt.NDArray[np.int32]) -> list[str | None]:
        """Return "15.10.2026 г."; None where there is no day."""
        return format_days(days, f"%d.%m.%Y{self._end}").to_pylist()

    def periods(self, start: npt.NDArray[np.int32], end: npt.NDArray[np.int32]) -> list[str]:
        """Return "01.07.2026 – 31.08.2026 г."; an empty text where a day is missing."""
        # „г.“ is printed once, after the second day.
        cut = len(self._end)
        return [
            f"{first[: len(first) - cut]}{NBSP}{_DASH} {last}" if first and last else ""
            for first, last in zip(self.days(start), self.days(end), strict=True)
        ]

    def quantities(self, column: pa.Array) -> list[str]:
        """Return quantities and prices as they were read, with the language's decimal sign."""
        figures = pc.fill_null(clean(column), "")
        signs = (".", ",") if self.language == "bg" else (",", ".")
        # A quantity with other characters is not a plain number and is printed unchanged.
        is_plain = pc.match_substring_regex(figures, r"^-?\d+[.,]\d+$")
        return pc.if_else(is_plain, pc.replace_substring(figures, *signs), figures).to_pylist()


def clean(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return texts with a space for each run of unprintable characters."""
    # Nearly all columns are clean: one check of the column saves the regular expression.
    texts = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    is_printable = pc.utf8_is_printable(texts)
    if pc.all(is_printable, min_count=0).as_py():
        return texts
    cleaned = pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, _UNPRINTABLE, " "))
    return pc.if_else(is_printable, texts, cleaned)


def cents_of(flat: pa.StructArray, name: str) -> npt.NDArray[np.int64]:
    """Return a column of sums of flattened rows as int64."""
    return flat.field(name).to_numpy(zero_copy_only=False).astype(np.int64)


def offsets_of(lists: pa.ListArray) -> list[int]:
    """Return the position of each notice's first row in the flattened rows, and their number."""
    # The list array may be a slice of a larger one: its offsets then begin above 0.
    offsets = lists.offsets.to_numpy()
    return (offsets - offsets[0]).tolist()
