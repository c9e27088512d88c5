"""Number of parts of an SMS: GSM 7-bit if every character allows it, else UCS-2.

Source: 3GPP TS 23.038 (default alphabet and its extension) and 23.040 (headers of concatenated
messages).
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = "\f^{}\\[~]|€"  # two septets each
_WHOLE_GSM, _PART_GSM = 160, 153
_WHOLE_UCS2, _PART_UCS2 = 70, 67
_ONLY_BASIC = r"\A[" + "".join(f"\\x{{{ord(letter):x}}}" for letter in _BASIC) + r"]*\z"
_ONLY_SHORT = r"\A[\x{0}-\x{ffff}]*\z"


def count_parts(text: str) -> int:
    """Return the number of parts of one message.

    Neither an extension character nor a surrogate pair is split over two parts.

    >>> count_parts("a" * 160), count_parts("a" * 159 + "€"), count_parts("я" * 70), count_parts("я" * 135)
    (1, 2, 1, 3)
    """
    sizes = {**dict.fromkeys(_BASIC, 1), **dict.fromkeys(_EXTENSION, 2)}
    if all(letter in sizes for letter in text):
        return _pack([sizes[letter] for letter in text], _WHOLE_GSM, _PART_GSM)
    return _pack([1 + (ord(letter) > 0xFFFF) for letter in text], _WHOLE_UCS2, _PART_UCS2)


def _pack(sizes: list[int], whole: int, part: int) -> int:
    if sum(sizes) <= whole:
        return 1
    # Parts are filled in order: a character of two units that does not fit begins a new part.
    parts, used = 1, 0
    for size in sizes:
        if used + size > part:
            parts, used = parts + 1, 0
        used += size
    return parts


def count_parts_column(texts: pa.Array) -> npt.NDArray[np.int32]:
    """Return the number of parts of each message.

    Texts of characters of one size are counted by their length.
    """
    length = pc.utf8_length(texts).to_numpy(zero_copy_only=False)
    is_basic = pc.match_substring_regex(texts, _ONLY_BASIC).to_numpy(zero_copy_only=False)
    has_extension = pc.match_substring_regex(texts, r"[\f^{}\\\[~\]|€]").to_numpy(
        zero_copy_only=False
    )
    is_short = pc.match_substring_regex(texts, _ONLY_SHORT).to_numpy(zero_copy_only=False)
    gsm = np.where(length <= _WHOLE_GSM, 1, -(-length // _PART_GSM))
    ucs2 = np.where(length <= _WHOLE_UCS2, 1, -(-length // _PART_UCS2))
    parts = np.where(is_basic, gsm, ucs2).astype(np.int32)
    # Mixed sizes: only these few texts are packed character by character.
    for row in np.flatnonzero(~is_basic & (has_extension | ~is_short)):
        parts[row] = count_parts(texts[int(row)].as_py())
    return parts
