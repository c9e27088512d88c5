"""Columns of codes, translated into Bulgarian words."""

import pyarrow as pa
import pyarrow.compute as pc

from dunning.documents.words import CODES, word_of, word_or_text


def translate(codes: pa.Array, table: str = CODES, *, is_open: bool = False) -> pa.Array:
    """Return the Bulgarian words of a column of codes; several in a cell are separated by spaces.

    Null stays null.

    >>> translate(pa.array(["sms post", None, "sms"])).to_pylist()
    ['SMS; писмо', None, 'SMS']

    Args:
        is_open: texts that are no codes stay as they are.

    Raises:
        UnknownWordError: a code has no word in this table.
    """
    find = word_or_text if is_open else word_of
    encoded = codes.dictionary_encode()
    texts = [
        None if cell is None else "; ".join(find("bg", code, table) for code in cell.split())
        for cell in encoded.dictionary.to_pylist()
    ]
    return pa.array(texts, pa.string()).take(pc.cast(encoded.indices, pa.int32()))
