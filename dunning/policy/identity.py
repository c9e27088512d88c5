"""Check the supplier's own data: check digits, addresses, and the logo."""

import re
from collections.abc import Callable
from xml.etree import ElementTree

from stdnum import bic, iban
from stdnum.bg import vat as bg_vat
from stdnum.eu import vat as eu_vat

# A refusal: what is wrong, as it follows "`key` is ...", and the cure.
Refusal = tuple[str, str]

MAY_BE_EMPTY = ("logo", "receipt_url")
# The name of the beneficiary in a payment QR code (EPC069-12).
_NAME_LATIN_MAX = 70
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HOST = r"[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)+"
_WEBSITE = re.compile(rf"{_HOST}(?:/\S*)?")
_EMAIL = re.compile(rf"[^\s@]+@{_HOST}")
_RECEIPT_URL = re.compile(rf"https://{_HOST}(?::\d+)?(?:/\S*)?[/=]")
_VIEW_BOX = re.compile(
    r"(?:-?\d+(?:\.\d+)?[\s,]+){2}(?P<width>\d+(?:\.\d+)?)[\s,]+(?P<height>\d+(?:\.\d+)?)"
)


def refuse_identity(key: str, value: str) -> Refusal | None:
    """Return what is wrong with a text of `supplier.toml` or `profile.toml`, or None.

    Returned are the problem and its cure.

    >>> refuse_identity("bic", "XXXXBGSF")
    >>> refuse_identity("bic", "XXXXBGS")
    ('XXXXBGS, no BIC', 'Write the 8 or 11 characters that the bank gives, no spaces.')
    """
    if key != "logo" and _CONTROL.search(value):
        return "broken by a line end or another control character", "Write the text on one line."
    if key.endswith("_latin") and key != "service_names_latin":
        return _refuse_latin(key, value)
    return _CHECKS[key](value) if key in _CHECKS else None


def _refuse_latin(key: str, value: str) -> Refusal | None:
    if not value.isascii():
        return (
            f"not Latin alone: {value}",
            "Transliterate it; it goes into the English notice and to banks.",
        )
    if key == "name_latin" and len(value) > _NAME_LATIN_MAX:
        return (
            f"{len(value)} characters long",
            f"Banks take {_NAME_LATIN_MAX} in a payment code; shorten it.",
        )
    return None


def _refuse_phone(value: str) -> Refusal | None:
    if set(value) <= set("0123456789 +"):
        return None
    return f"{value}, not a telephone number", "Write digits and spaces: 0700 11 111."


def _refuse_company_id(value: str) -> Refusal | None:
    if len(value) == 9 and value.isdecimal() and bg_vat.is_valid(value):
        return None
    return f"{value}, no ЕИК", "Write the 9 digits of the register; the last one is a check digit."


def _refuse_vat_no(value: str) -> Refusal | None:
    if value.isalnum() and eu_vat.is_valid(value) and value[:2].isupper():
        return None
    return f"{value}, no VAT number", "Write country and digits, no spaces: BG and the ЕИК."


def _refuse_iban(value: str) -> Refusal | None:
    # `compact` removes spaces and the like: the value must be in its shortest form already.
    if value == iban.compact(value) and iban.is_valid(value):
        return None
    return (
        f"{value}, no IBAN",
        "Write it without spaces, as the bank gives it; a wrong digit is found by its check.",
    )


def _refuse_bic(value: str) -> Refusal | None:
    if value == bic.compact(value) and bic.is_valid(value):
        return None
    return f"{value}, no BIC", "Write the 8 or 11 characters that the bank gives, no spaces."


def _refuse_website(value: str) -> Refusal | None:
    if _WEBSITE.fullmatch(value):
        return None
    return f"{value}, no website", "Write it as people type it: www.example.bg."


def _refuse_email(value: str) -> Refusal | None:
    if _EMAIL.fullmatch(value):
        return None
    return f"{value}, no e-mail address", "Write one address: info@example.bg."


def _refuse_receipt_url(value: str) -> Refusal | None:
    if not value or _RECEIPT_URL.fullmatch(value):
        return None
    cure = "The token follows it: begin with https:// and end with / or =, or leave it out where there is no page."
    return f"{value}, no address before a token", cure


def _refuse_logo(value: str) -> Refusal | None:
    """Return what is wrong with an SVG, or None.

    One that begins with its root element cannot declare entities.
    """
    if not value:
        return None
    if not value.startswith("<svg"):
        return "no SVG", "Write the drawing itself, from <svg to </svg>, between ''' and '''."
    try:
        root = ElementTree.fromstring(value)
    except ElementTree.ParseError as error:
        return f"broken SVG: {error}", "Export the drawing again as plain SVG."
    size = _VIEW_BOX.fullmatch(root.get("viewBox", "").strip())
    # Without a size the logo could not be placed in the layout.
    if not size or not float(size["width"]) or not float(size["height"]):
        return "an SVG without a viewBox", 'Give its size: <svg viewBox="0 0 64 64" ...>.'
    for name in (node.tag.rpartition("}")[2] for node in root.iter() if isinstance(node.tag, str)):
        if name in ("text", "image"):
            return (
                f"an SVG with <{name}>",
                "Export it with texts as paths and no pictures: it must need nothing else.",
            )
    return None


_CHECKS: dict[str, Callable[[str], Refusal | None]] = {
    "phone": _refuse_phone,
    "company_id": _refuse_company_id,
    "vat_no": _refuse_vat_no,
    "iban": _refuse_iban,
    "bic": _refuse_bic,
    "website": _refuse_website,
    "email": _refuse_email,
    "receipt_url": _refuse_receipt_url,
    "logo": _refuse_logo,
}
