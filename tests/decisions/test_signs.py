"""Signs are told from letters and digits the short way; that must be what Unicode says of every one
of them.
"""

from random import Random

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.signs import replace_signs

EVERY_SIGN = [chr(place) for place in range(0x110000) if not 0xD800 <= place <= 0xDFFF]


def by_unicode(texts: pa.Array, by: str) -> pa.Array:
    return pc.replace_substring_regex(texts, r"[^\p{L}\p{N}]+", by)


def test_every_sign_is_what_unicode_says() -> None:
    assert replace_signs(pa.array(EVERY_SIGN), " ").equals(by_unicode(pa.array(EVERY_SIGN), " "))


def test_runs_of_signs_are_what_unicode_says_however_they_are_mixed() -> None:
    dice = Random(7)
    known = "абЯzQ09 .,-/„“№–\u00a0\tѝéІ½\u0301\u200b文"
    texts = ["".join(dice.choices(known, k=dice.randrange(12))) for _ in range(5_000)]
    column = pa.array([None, *texts], pa.string())

    for by in ("", " ", "  "):
        assert replace_signs(column, by).equals(by_unicode(column, by))
        plain = column.filter(
            pc.invert(pc.match_substring_regex(pc.fill_null(column, ""), "[ѝéІ½\u0301\u200b文]"))
        )
        assert replace_signs(plain, by).equals(by_unicode(plain, by))
