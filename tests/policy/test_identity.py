"""What a supplier's profile may say: numbers with right check digits, addresses that lead
somewhere, a drawing.
"""

import io
import tomllib

import pytest
from svglib.svglib import svg2rlg

from dunning.policy.identity import refuse_identity
from dunning.policy.policies import BUILT_IN

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><path d="M0 0h9v9z"/></svg>'
GOOD = {
    "company_id": ["999999995", "831609046"],
    "vat_no": ["BG831609046", "DE136695976"],
    "iban": ["BG80BNBG96611020345678", "BG15UNCR70001522604629", "DE89370400440532013000"],
    "bic": ["XXXXBGSF", "UNCRBGSFXXX"],
    "website": ["toplo.bg", "www.toplo.bg/klienti", "топло.бг"],
    "email": ["info@toplo.bg", "a.b+c@x-y.example"],
    "receipt_url": ["", "https://toplo.bg/r/", "https://toplo.bg:8443/r?t=", "https://топло.бг/п/"],
    "logo": [
        "",
        SVG,
        SVG.replace("0 0 64 64", "0,0, 64.5,32"),
        SVG.replace("0 0", "-3 -4.5"),
        SVG.replace("<path", "<!-- a --><path"),
    ],
    "name_latin": ["Toplofikatsia Primer EAD", "A" * 70],
    "name": ["Топлофикация Пример ЕАД"],
}
BAD = {
    "company_id": ["999999994", "99999999", "9999999950", "BG999999995", "٩٩٩٩٩٩٩٩٥", "7523169263"],
    "vat_no": ["831609046", "BG831609047", "BG 831609046", "bg831609046", "XX831609046"],
    "iban": [
        "BG81BNBG96611020345678",
        "BG80 BNBG 9661 1020 3456 78",
        "bg80bnbg96611020345678",
        "BG80",
    ],
    "bic": ["XXXXBGS", "XXXX BGSF", "xxxxbgsf", "XXXXQQSF"],
    "website": [
        "toplo",
        "https://toplo.bg",
        "toplo..bg",
        "www toplo.bg",
        "-toplo.bg",
        "toplo.bg klienti",
    ],
    "email": ["info", "info@toplo", "info @toplo.bg", "info@toplo.bg, b@toplo.bg", "a@b@toplo.bg"],
    "receipt_url": [
        "http://toplo.bg/r/",
        "https://toplo.bg/r",
        "https:///r/",
        "https://toplo.bg/ r/",
        "toplo.bg/",
    ],
    "logo": [
        "logo.svg",
        f" {SVG}",
        SVG.replace(' viewBox="0 0 64 64"', ""),
        SVG.replace("0 0 64 64", "0 0 64"),
        SVG.replace("0 0 64 64", "0 0 0 64"),
        SVG.replace("</svg>", ""),
        f"{SVG}\n1",
        f"<!DOCTYPE svg>{SVG}",
        SVG.replace("<path", "<g><text>П</text></g><path"),
        SVG.replace("<path", '<image href="a.png"/><path'),
    ],
    "name_latin": ["Топлофикация", "A" * 71, "Toplofikatsia – Sofia"],
    "name": ["Топлофикация\nПример", "Топлофикация\x00", "Топлофикация\x85Пример"],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in GOOD.items() for value in values]
)
def test_what_is_right_passes(key: str, value: str) -> None:
    assert refuse_identity(key, value) is None


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in BAD.items() for value in values]
)
def test_what_is_wrong_is_refused_with_a_cure(key: str, value: str) -> None:
    refusal = refuse_identity(key, value)
    assert refusal is not None
    problem, cure = refusal
    assert problem and not problem.endswith(".")
    assert cure.endswith(".")


def test_the_built_in_logo_can_be_drawn() -> None:
    (version,) = tomllib.loads((BUILT_IN / "profile.toml").read_text("utf-8"))["version"]
    drawing = svg2rlg(io.BytesIO(version["logo"].encode()))
    assert drawing is not None
    assert drawing.width == drawing.height > 0
    x0, y0, x1, y1 = drawing.getBounds()
    assert 0 <= x0 < x1 <= drawing.width
    assert 0 <= y0 < y1 <= drawing.height
