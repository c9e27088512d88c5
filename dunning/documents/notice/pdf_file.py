"""Writer of a PDF file from ready pages: constant objects, pages, cross-reference table.

ReportLab makes the constant objects (fonts, what is the same on every notice) and whatever the
plain way draws; here they are only numbered anew and put into one file. Nothing is held but the
offsets: a file may have any number of pages.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO
from xml.sax.saxutils import escape

from reportlab.lib.units import mm

from dunning.documents.notice import layout

_REFERENCE = re.compile(rb"\b(\d+) 0 R\b")
_TYPE = re.compile(rb"/Type\s*/(\w+)\b")
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Pages per node of the page tree.
_KIDS_MAX = 64
_HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
_MEDIA_BOX = f"[0 0 {layout.PAGE_WIDTH * mm:.3f} {layout.PAGE_HEIGHT * mm:.3f}]".encode()


@dataclass(frozen=True)
class Objects:
    """PDF objects as text, numbered from 1.

    `resources` is the content of a page's /Resources that refers to them.
    """

    texts: tuple[bytes, ...]
    resources: bytes

    @cached_property
    def start(self) -> tuple[bytes, list[int]]:
        """The first bytes of each file that has these objects, and the offset of each object."""
        data, offsets = bytearray(_HEADER), []
        for number, text in enumerate(self.texts, 1):
            offsets.append(len(data))
            data += b"%d 0 obj\n%b\nendobj\n" % (number, text)
        return bytes(data), offsets


@dataclass(frozen=True)
class TextField:
    """A form field: name, label for screen readers, rectangle in points, and its value."""

    name: str
    label: str
    rectangle: tuple[float, float, float, float]
    value: str
    appearance: bytes


class PdfFile:
    """Write a PDF file page by page.

    Args:
        target: where to; only written to.
        constants: what all pages share.
        title, language: as a reader or a screen reader shows them ("bg", "en").
        is_tagged: pages have marked content, and the file names the role of each piece (PDF/UA's
            basics).
    """

    def __init__(
        self,
        target: BinaryIO,
        constants: Objects,
        title: str,
        language: str,
        is_tagged: bool = False,
    ) -> None:
        self._target = target
        self._constants = constants
        self._title = title
        self._language = language
        self._is_tagged = is_tagged
        start, offsets = constants.start
        self._offsets: list[int] = list(offsets)
        self._position = 0
        self._nodes: list[tuple[int, list[int]]] = []
        self._fields: list[int] = []
        self._tags: list[tuple[int, Sequence[str]]] = []
        # The file's /ID is a hash of its content, so that the same pages give the same bytes.
        self._digest = hashlib.sha256(title.encode())
        self._put(start)
        # Numbers are reserved before the objects are written, because pages refer to them.
        self._root, self._catalog = self._reserve(), self._reserve()
        self.pages = 0

    def add_page(
        self, stream: bytes, roles: Sequence[str] = (), fields: Iterable[TextField] = ()
    ) -> None:
        """Append a page.

        Args:
            stream: its content, compressed (deflate).
            roles: what the pieces of marked content are, by their number; only of a tagged file.
            fields: form fields on it.
        """
        content = self._add(
            b"<</Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (len(stream), stream)
        )
        self._digest.update(stream)
        page, parent = self._reserve(), self._parent()
        widgets = [self._add_field(field, page) for field in fields]
        more = (
            b"/Annots[%b]" % b" ".join(b"%d 0 R" % widget for widget in widgets) if widgets else b""
        )
        if self._is_tagged:
            more += b"/Tabs/S/StructParents %d" % len(self._tags)
            self._tags.append((page, roles))
        self._fill(
            page, b"<</Type/Page/Parent %d 0 R/Contents %d 0 R%b>>" % (parent, content, more)
        )
        self._nodes[-1][1].append(page)
        self.pages += 1

    def add_foreign(self, document: bytes) -> None:
        """Append all pages of a document made by ReportLab."""
        texts = read_objects(document)
        self._digest.update(document)
        # All numbers first: objects of the document refer to each other in any order.
        numbers = {old: self._reserve() for old in texts if _type_of(texts[old]) not in _SKELETON}
        for old in _pages_of(texts):
            page, parent = numbers[old], self._parent()
            # The parent is an object of this file: its number must not be renumbered.
            text = re.sub(rb"/Parent \d+ 0 R", b"/Parent", texts[old])
            self._fill(
                page, _renumber(text, numbers).replace(b"/Parent", b"/Parent %d 0 R" % parent, 1)
            )
            self._nodes[-1][1].append(page)
            self.pages += 1
            if self._is_tagged:
                self._tags.append((page, ()))
        for old, new in numbers.items():
            if _type_of(texts[old]) != b"Page":
                self._fill(new, _renumber(texts[old], numbers))

    def finish(self) -> None:
        """Write page tree, catalog and cross-reference table; nothing may be appended after it."""
        self._finish_pages()
        self._finish_catalog()
        info = self._add(b"<</Title %b/Producer(dunning)>>" % _text(self._title))
        self._finish_table(info)

    def _finish_pages(self) -> None:
        """Write the page tree: each node with its pages, and the root with what all share."""
        for node, pages in self._nodes:
            values = (self._root, len(pages), _list(pages))
            self._fill(node, b"<</Type/Pages/Parent %d 0 R/Count %d/Kids[%b]>>" % values)
        kids = _list(node for node, _ in self._nodes)
        self._fill(
            self._root,
            b"<</Type/Pages/Count %d/Kids[%b]/MediaBox%b/Resources<<%b>>>>"
            % (self.pages, kids, _MEDIA_BOX, self._constants.resources),
        )

    def _finish_catalog(self) -> None:
        """Write the catalog: where pages, form fields and the structure tree begin."""
        catalog = [b"/Type/Catalog/Pages %d 0 R/Lang(%b)" % (self._root, self._locale())]
        catalog.append(
            b"/ViewerPreferences<</DisplayDocTitle true>>/Metadata %d 0 R" % self._metadata()
        )
        if self._fields:
            catalog.append(
                b"/AcroForm<</Fields[%b]/DA(/Helv 10 Tf 0 g)/DR<</Font<</Helv %d 0 R>>>>>>"
                % (_list(self._fields), self._helvetica())
            )
        if self._is_tagged:
            catalog.append(b"/MarkInfo<</Marked true>>/StructTreeRoot %d 0 R" % self._structure())
        self._fill(self._catalog, b"<<%b>>" % b"".join(catalog))

    def _finish_table(self, info: int) -> None:
        start, size = self._position, len(self._offsets) + 1
        mark = self._digest.hexdigest()[:32].encode()
        # The format prescribes exactly 20 bytes per entry, its end of line (space, \n) included.
        rows = b"".join(b"%010d 00000 n \n" % offset for offset in self._offsets)
        self._put(b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, rows))
        self._put(
            b"trailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]>>\nstartxref\n%d\n%%%%EOF\n"
            % (size, self._catalog, info, mark, mark, start)
        )

    def _locale(self) -> bytes:
        return b"bg-BG" if self._language == "bg" else b"en-GB"

    def _parent(self) -> int:
        # A flat tree: the root lists nodes, and each node lists up to 64 pages.
        #   root -> node -> pages 1 … 64
        #        -> node -> pages 65 … 128
        if not self._nodes or len(self._nodes[-1][1]) == _KIDS_MAX:
            self._nodes.append((self._reserve(), []))
        return self._nodes[-1][0]

    def _put(self, data: bytes) -> None:
        self._target.write(data)
        self._position += len(data)

    def _reserve(self) -> int:
        self._offsets.append(-1)
        return len(self._offsets)

    def _fill(self, number: int, text: bytes) -> None:
        self._offsets[number - 1] = self._position
        self._put(b"%d 0 obj\n%b\nendobj\n" % (number, text))

    def _add(self, text: bytes) -> int:
        number = self._reserve()
        self._fill(number, text)
        return number

    def _add_field(self, field: TextField, page: int) -> int:
        appearance = self._add_appearance(field)
        number = self._reserve()
        widget = [
            b"/Type/Annot/Subtype/Widget/FT/Tx/F 4/P %d 0 R/T(%b)" % (page, field.name.encode()),
            b"/TU %b/V %b" % (_text(field.label), _text(field.value)),
            b"/DA(/Helv 10 Tf 0 g)/Rect[%.2f %.2f %.2f %.2f]" % field.rectangle,
            b"/AP<</N %d 0 R>>" % appearance,
        ]
        if self._is_tagged:
            widget.append(b"/StructParent %d" % (_FIELD_PARENTS + len(self._fields)))
        self._fill(number, b"<<%b>>" % b"".join(widget))
        self._fields.append(number)
        return number

    def _add_appearance(self, field: TextField) -> int:
        """Write what a field shows before anybody types, in coordinates of its own."""
        left, bottom, right, top = field.rectangle
        shape = (right - left, top - bottom, self._constants.resources)
        return self._add(
            b"<</Type/XObject/Subtype/Form/BBox[0 0 %.2f %.2f]/Resources<<%b>>/Length %d>>stream\n%b\nendstream"
            % (*shape, len(field.appearance), field.appearance)
        )

    def _helvetica(self) -> int:
        return self._add(
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
        )

    def _structure(self) -> int:
        """Write the structure tree (the pieces in reading order) and return its root."""
        #   root -> document -> piece, piece, …, form, …     each piece: its page and its mark
        #        -> parent tree: page number -> its pieces;  _FIELD_PARENTS + n -> form n
        root, document = self._reserve(), self._reserve()
        kids: list[int] = []
        rows: list[bytes] = []
        # The order of the marks on a page is their reading order.
        for number, (page, roles) in enumerate(self._tags):
            pieces = [
                self._add(
                    b"<</Type/StructElem/S/%b/P %d 0 R/Pg %d 0 R/K %d>>"
                    % (role.encode(), document, page, mark)
                )
                for mark, role in enumerate(roles)
            ]
            kids += pieces
            rows.append(b"%d[%b]" % (number, _list(pieces)))
        for number, field in enumerate(self._fields):
            form = self._add(
                b"<</Type/StructElem/S/Form/P %d 0 R/K<</Type/OBJR/Obj %d 0 R>>>>"
                % (document, field)
            )
            kids.append(form)
            rows.append(b"%d %d 0 R" % (_FIELD_PARENTS + number, form))
        self._fill(
            document, b"<</Type/StructElem/S/Document/P %d 0 R/K[%b]>>" % (root, _list(kids))
        )
        self._fill(
            root,
            b"<</Type/StructTreeRoot/K %d 0 R/ParentTree<</Nums[%b]>>/ParentTreeNextKey %d>>"
            % (document, b" ".join(rows), _FIELD_PARENTS + len(self._fields)),
        )
        return root

    def _metadata(self) -> int:
        title = escape(_NOT_XML.sub("?", self._title))
        packet = (
            '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
            'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">'
            f"{title}</rdf:li></rdf:Alt></dc:title><dc:language><rdf:Bag><rdf:li>{self._locale().decode()}</rdf:li>"
            '</rdf:Bag></dc:language></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
        ).encode()
        return self._add(
            b"<</Type/Metadata/Subtype/XML/Length %d>>stream\n%b\nendstream" % (len(packet), packet)
        )


# Above every page's own number (`StructParents`), so that the keys of both do not meet.
_FIELD_PARENTS = 1000
_SKELETON = (b"Catalog", b"Pages", b"Outlines")


def read_objects(document: bytes) -> dict[int, bytes]:
    """Return the objects of a ReportLab document by number, without its information dictionary."""
    start = int(document[document.rindex(b"startxref") + 9 :].split()[0])
    info = int(re.search(rb"/Info (\d+) 0 R", document[start:])[1])  # type: ignore[index]
    entries = re.findall(
        rb"(\d{10}) \d{5} ([nf])", document[start : document.index(b"trailer", start)]
    )
    offsets = {number: int(offset) for number, (offset, kind) in enumerate(entries) if kind == b"n"}
    # An object ends where the next one begins; the last one at the cross-reference table.
    ends = sorted([*offsets.values(), start])
    texts = {}
    for number, offset in offsets.items():
        text = document[offset : ends[ends.index(offset) + 1]]
        texts[number] = text[text.index(b"obj") + 3 : text.rindex(b"endobj")].strip()
    texts.pop(info)
    return texts


def constants_of(document: bytes) -> Objects:
    """Return fonts, forms and page resources of a one-page document, without the page itself."""
    texts = read_objects(document)
    page = texts[_pages_of(texts)[0]]
    contents = int(re.search(rb"/Contents (\d+) 0 R", page)[1])  # type: ignore[index]
    kept = [
        old
        for old in texts
        if _type_of(texts[old]) not in (*_SKELETON, b"Page") and old != contents
    ]
    numbers = {old: new for new, old in enumerate(kept, 1)}
    resources = re.search(rb"/Resources <<(.*?)>> /Rotate", page, re.DOTALL)
    return Objects(
        tuple(_renumber(texts[old], numbers) for old in kept),
        _renumber(resources[1].strip(), numbers),  # type: ignore[index]
    )


def _pages_of(texts: dict[int, bytes]) -> list[int]:
    """Return the object numbers of a document's pages, in their order."""
    node = next(text for text in texts.values() if _type_of(text) == b"Pages")
    kids = re.search(rb"/Kids \[(.*?)\]", node, re.DOTALL)
    return [int(number) for number in _REFERENCE.findall(kids[1])]  # type: ignore[index]


def _type_of(text: bytes) -> bytes:
    # Before the stream only: compressed bytes may contain anything.
    found = _TYPE.search(text.split(b"stream", 1)[0])
    return found[1] if found else b""


def _renumber(text: bytes, numbers: dict[int, int]) -> bytes:
    """Return an object with renumbered references; the content of a stream is unchanged."""
    head, stream, data = text.partition(b"stream\n")
    return _REFERENCE.sub(lambda found: b"%d 0 R" % numbers[int(found[1])], head) + stream + data


def _list(numbers: Iterable[int]) -> bytes:
    """Return references to objects, as they are written inside brackets."""
    return b" ".join(b"%d 0 R" % number for number in numbers)


def _text(text: str) -> bytes:
    """Return a text as a PDF string outside of pages: UTF-16 in hexadecimal."""
    return b"<%b>" % ("\ufeff" + text).encode("utf-16-be").hex().upper().encode()
