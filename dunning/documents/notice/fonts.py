"""The two faces of a notice (Bulgarian letterforms, figures of equal width): encoding and widths.

A face exists twice: small, with the alphabet of `ALPHABET` and one byte a character, which every
file of the fast renderer embeds unchanged; and whole, for the other characters that the plain
renderer draws. Both have the same letters and widths.
"""

import codecs
from collections.abc import Iterable, Sequence
from functools import lru_cache
from io import BytesIO

import numpy as np
import numpy.typing as npt
from fontTools import subset
from fontTools.ttLib import TTFont as FontFile
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from dunning.core.errors import DunningError

_SOURCES = {False: "figo", True: "figbo"}
_NAMES = {False: "Notice", True: "NoticeBold"}
_ASCII = "".join(map(chr, range(32, 127)))
# Bulgarian first; then Russian, Ukrainian and the Latin letters of our neighbours; no more than fit
# into one byte.
_SIGNS = "№€„“”‘’«»–—…•·§°×±½²³©®→"
_CYRILLIC = "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЬЮЯабвгдежзийклмнопрстуфхцчшщъьюяЍѝЫыЭэЁёІіЇїЄєЈј"
_LATIN = "ÁÄÇÉÖÜßàáâãäçèéêëíîïñóôöøúûüýăćčđęěğıłńňőřşšťůžČŠŽ"
# Codes with a meaning inside a PDF string or a list of lines: the fast renderer does not draw
# these characters.
_BARRED_CODES = {9: "¤", 10: "¦", 13: "¶"}
ALPHABET = _ASCII + _CYRILLIC + _SIGNS + _LATIN
NBSP = "\N{NO-BREAK SPACE}"
_BETWEEN = "\x00"
_POSTSCRIPT_NAME = 6


class Face:
    """One face: `name` as in ReportLab, `is_bold`, and the character widths of the small face.

    widths: by character, in thousandths of the size; the no-break space is a space.
    """

    def __init__(self, is_bold: bool) -> None:
        self.is_bold = is_bold
        self.name = _NAMES[is_bold]
        self._font = _register(self.name, _small_file(is_bold))
        self.widths = {char: round(self._font.face.charWidths[ord(char)]) for char in ALPHABET}
        self.widths[NBSP] = self.widths[" "]
        self.codes = _assign_codes(self._font)
        table = [
            _BETWEEN,
            *["\ufffe"] * 255,
        ]  # what stands between texts, and codes that mean nothing
        for char, code in self.codes.items():
            table[code] = char
        self._encoding = codecs.charmap_build("".join(table))
        self.code_widths = np.zeros(256, np.int64)
        for char, code in self.codes.items():
            self.code_widths[code] = self.widths[char]

    def knows(self, text: str) -> bool:
        """Return whether each character of a text is in the small face."""
        return self.widths.keys() >= set(text)

    def measure(self, text: str) -> int:
        """Return the width of a text in thousandths of the size.

        A character that only the whole face has is measured there.
        """
        try:
            return sum(map(self.widths.__getitem__, text))
        except KeyError:
            whole = whole_face(self.is_bold)
            return sum(
                self.widths.get(char) or round(whole.face.getCharWidth(ord(char))) for char in text
            )

    def encode(self, text: str) -> bytes:
        """Return a text as the content of a PDF string.

        Raises:
            UnicodeEncodeError: a character is not in the small face.
        """
        return _escape(self._encode(text))

    def encode_all(self, texts: Sequence[str]) -> tuple[list[bytes], list[int]]:
        """Return texts (without line breaks) as contents of PDF strings, and the bad rows.

        A row is bad if it has a character that is not in the small face; its text is empty.
        """
        # All texts are encoded in one call, joined by NUL; only if that fails each text is checked.
        try:
            joined = self._encode(_BETWEEN.join(texts))
        except UnicodeEncodeError:
            bad = [row for row, text in enumerate(texts) if not self.knows(text)]
            kept = list(texts)
            for row in bad:
                kept[row] = ""
            return self.encode_all(kept)[0], bad
        return _escape(joined).split(_BETWEEN.encode()), []

    def measure_all(self, texts: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return the width of each text in thousandths of the size.

        Each character must be in the small face.
        """
        # Widths of all texts by running sums; NUL (code 0, width 0) ends each text:
        #   codes     A  B \0  C \0
        #   total   0 6 13 13 20 20     at the ends: 13, 20   -> differences: 13, 7
        codes = np.frombuffer(self._encode(_BETWEEN.join([*texts, ""])), np.uint8)
        total = np.concatenate([[0], np.cumsum(self.code_widths[codes])])
        ends = np.flatnonzero(codes == 0)
        return np.diff(np.concatenate([[0], total[ends]]))

    def _encode(self, text: str) -> bytes:
        return codecs.charmap_encode(text.replace(NBSP, " "), "strict", self._encoding)[0]


@lru_cache(maxsize=2)
def face(is_bold: bool) -> Face:
    """Return the regular or the bold face; made once per process."""
    return Face(is_bold)


@lru_cache(maxsize=2)
def whole_face(is_bold: bool) -> TTFont:
    """Return the whole face, registered with ReportLab."""
    return _register(f"{_NAMES[is_bold]}All", _whole_file(is_bold, "All"))


@lru_cache(maxsize=2)
def story_face(is_bold: bool) -> TTFont:
    """Return the whole face under a separate name, for documents other than notices.

    ReportLab keeps what a face was used for; a notice must have the same bytes whatever was printed
    before it.
    """
    return _register(f"{_NAMES[is_bold]}Story", _whole_file(is_bold, "Story"))


def can_draw(text: str) -> bool:
    """Return whether the whole face has each character of a text."""
    known = whole_face(False).face.charToGlyph
    return all(ord(char) in known for char in text)


def prepare_codes(document: object) -> None:
    """Fix the names (F2, F3) and character codes of both faces in a ReportLab document."""
    for is_bold in (False, True):
        font = face(is_bold)._font
        # ReportLab assigns codes in the order of first use, so that order is fixed here.
        _hand_out_codes(font, document)
        font.getSubsetInternalName(0, document)


def _hand_out_codes(font: TTFont, document: object) -> None:
    for text in _in_order():
        font.splitString(text, document)


def _register(name: str, data: bytes) -> TTFont:
    font = TTFont(name, BytesIO(data))
    pdfmetrics.registerFont(font)
    return font


def _in_order() -> Iterable[str]:
    """Yield the characters beyond ASCII in the order of their codes (1 to 31, then 128 on).

    Barred codes get filler characters.
    """
    rest = iter([char for char in ALPHABET if char not in _ASCII])
    for code in [*range(1, 32), *range(128, 256)]:
        char = _BARRED_CODES.get(code) or next(rest, None)
        if char is None:
            return
        yield char


def _assign_codes(font: TTFont) -> dict[str, int]:
    """Return the code that ReportLab gives each character in every document.

    The codes are checked with a trial document.
    """
    trial = object.__new__(_Trial)
    _hand_out_codes(font, trial)
    state = font.state.pop(trial)
    codes = {char: state.assignments[ord(char)] for char in ALPHABET}
    if max(codes.values()) > 255:
        raise DunningError(
            "The alphabet of the notice has more characters than fit into one byte; shorten _LATIN."
        )
    return codes


class _Trial:
    """Placeholder for a document while codes are assigned."""


def _escape(raw: bytes) -> bytes:
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


@lru_cache(maxsize=2)
def _small_file(is_bold: bool) -> bytes:
    """Return the font file of a face with the alphabet only, without hints."""
    font = _with_forms(is_bold)
    options = subset.Options()
    options.hinting, options.layout_features, options.notdef_outline = False, [], True
    options.drop_tables += ["DSIG", "GPOS", "GSUB", "GDEF", "kern"]
    chooser = subset.Subsetter(options)
    chooser.populate(unicodes=[*map(ord, ALPHABET), *map(ord, _BARRED_CODES.values()), 0xA0])
    chooser.subset(font)
    return _save(font)


@lru_cache(maxsize=4)
def _whole_file(is_bold: bool, suffix: str = "All") -> bytes:
    font = _with_forms(is_bold)
    for record in font["name"].names:
        if record.nameID == _POSTSCRIPT_NAME:  # ReportLab takes two faces of one name for the same
            record.string = f"{record.toUnicode()}-{suffix}"
    return _save(font)


def _save(font: FontFile) -> bytes:
    target = BytesIO()
    font.save(target, reorderTables=True)
    return target.getvalue()


def _with_forms(is_bold: bool) -> FontFile:
    """Return FiraGO with its own Bulgarian letterforms and figures of equal width.

    Source: OpenType features `locl` (cyrl, BGR) and `tnum` of the font.
    """
    font = FontFile(BytesIO(_read_source(is_bold)), recalcTimestamp=False)
    forms, figures = _feature(font, "locl"), _feature(font, "tnum")
    for table in font["cmap"].tables:
        for code, glyph in table.cmap.items():
            glyph = forms.get(glyph, glyph)
            table.cmap[code] = figures.get(glyph, glyph) if chr(code).isdigit() else glyph
    return font


def _read_source(is_bold: bool) -> bytes:
    try:
        import pymupdf_fonts

        return bytes(pymupdf_fonts.myfont(_SOURCES[is_bold]))
    except (ImportError, OSError, KeyError, ValueError) as error:
        raise DunningError(
            f"The notice's font, FiraGO of the package pymupdf-fonts, cannot be read ({error}). Nothing was printed. "
            "Install the pinned packages again: pip install --require-hashes -r requirements.txt."
        ) from error


def _feature(font: FontFile, tag: str) -> dict[str, str]:
    """Return the single substitutions (glyph to glyph) of a feature of Bulgarian Cyrillic."""
    table = font["GSUB"].table
    records = [
        table.FeatureList.FeatureRecord[index]
        for script in table.ScriptList.ScriptRecord
        if script.ScriptTag == "cyrl"
        for language in script.Script.LangSysRecord
        if language.LangSysTag.strip() == "BGR"
        for index in language.LangSys.FeatureIndex
    ]
    lookups = [
        index
        for record in records
        if record.FeatureTag == tag
        for index in record.Feature.LookupListIndex
    ]
    subtables = [part for index in lookups for part in table.LookupList.Lookup[index].SubTable]
    mappings = [getattr(getattr(part, "ExtSubTable", part), "mapping", {}) for part in subtables]
    return {glyph: form for mapping in mappings for glyph, form in mapping.items()}
