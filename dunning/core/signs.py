"""Normalised texts for comparison: only letters and digits, other signs replaced."""

import pyarrow as pa
import pyarrow.compute as pc

_SIGNS = r"[^\p{L}\p{N}]+"
# The letters and digits of nearly every text, and signs that surely are neither. RE2 needs two
# milliseconds to prepare all letters of Unicode, at every call: more than it needs for the texts of
# a bucket.
_PLAIN = r"0-9A-Za-zА-Яа-я"
_PLAIN_SIGNS = rf"[^{_PLAIN}]+"
_ELSE = rf"[^{_PLAIN}\x00-/:-@\[-`{{-\x7f\x{{a0}}§°«»–—‘’‚“”„…№]"


def replace_signs(texts: pa.Array, by: str) -> pa.Array:
    """Return texts with each run of signs (no letters, no digits) replaced by another text.

    >>> replace_signs(pa.array(["ул. „Шипка“ № 5", "Café – ½", None]), " ").to_pylist()
    ['ул Шипка 5', 'Café ½', None]
    """
    replaced = pc.replace_substring_regex(texts, _PLAIN_SIGNS, by)
    # Texts with other letters than these go through the slow, exact pattern.
    is_odd = pc.fill_null(pc.match_substring_regex(texts, _ELSE), False)
    if not pc.any(is_odd).as_py():
        return replaced
    return pc.replace_with_mask(
        replaced, is_odd, pc.replace_substring_regex(texts.filter(is_odd), _SIGNS, by)
    )
