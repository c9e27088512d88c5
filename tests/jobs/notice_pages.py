"""Files of notices as whoever opens the envelope reads them, and whatever a reader complains of."""

import gc
import io
import logging
import warnings
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pdfplumber

from tests.documents.notice.notices import column_of


@dataclass(frozen=True)
class Page:
    """What is read on one page: its words, and the same as one string without blanks, in the order
    of drawing.

    column: the sums in the column of what is to pay, in cents.
    """

    words: frozenset[str]
    text: str
    column: tuple[int, ...]


class listening:  # noqa: N801 - reads as a word
    """Collects every warning, log record and line on stderr of a `with` block."""

    def __enter__(self) -> list[str]:
        gc.collect()  # what other tests left open complains now, not among the pages
        self.complaints: list[str] = []
        self._told, self._handler = io.StringIO(), logging.Handler(logging.WARNING)
        self._handler.emit = lambda record: self.complaints.append(record.getMessage())  # type: ignore[method-assign]
        logging.getLogger().addHandler(self._handler)
        self._caught, self._redirected = (
            warnings.catch_warnings(record=True),
            redirect_stderr(self._told),
        )
        self._warned = self._caught.__enter__()
        warnings.simplefilter("always")
        self._redirected.__enter__()
        return self.complaints

    def __exit__(self, *_: object) -> None:
        self._redirected.__exit__(None, None, None)
        self._caught.__exit__(None, None, None)
        logging.getLogger().removeHandler(self._handler)
        self.complaints += [str(warning.message) for warning in self._warned or ()]
        self.complaints += self._told.getvalue().splitlines()


def read_folder(folder: Path) -> dict[str, list[Page]]:
    """Return the pages of every PDF below a folder by its name there."""
    found = {}
    for path in sorted(folder.rglob("*.pdf")):
        with pdfplumber.open(path) as pdf:
            found[path.relative_to(folder).as_posix()] = [read_page(page) for page in pdf.pages]
    return found


def read_page(page: Any) -> Page:
    words = page.extract_words(use_text_flow=True)
    text = "".join(char["text"] for char in page.chars if not char["text"].isspace())
    column = column_of(page.chars)
    page.close()
    return Page(frozenset(word["text"].strip("(),.…") for word in words), text, tuple(column))
