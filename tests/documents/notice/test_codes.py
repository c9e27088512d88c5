"""Payment codes equal the library's bit for bit, and readers read them and the barcodes."""

import random
import string

import numpy as np
import pytest
import segno
import zxingcpp

from dunning.core.errors import DunningError
from dunning.documents.notice.codes import (
    FastQr,
    barcode_modules,
    payment_text,
    plain_matrix,
    version_for,
)

TEXT = payment_text("Primer AD", "BG05XXXX12341012345678", "XXXXBGSF", 8420, "AB 1 KP 2")
HEAD = TEXT[: TEXT.index("EUR") + 3]
PRINTABLE = string.printable[:95]


def pack(qr: FastQr, text: str) -> bytes:
    code = segno.make(text, error="M", boost_error=False, mode="byte", version=qr.version, mask=2)
    return np.packbits(np.array([list(row) for row in code.matrix], np.uint8), axis=1).tobytes()


def read(modules: np.ndarray) -> dict[str, str]:
    """Return what a reader sees in dark and light modules, with light around them."""
    picture = np.pad(np.kron(modules, np.ones((3, 3), np.uint8)), 30)
    return {
        found.format.name: found.text
        for found in zxingcpp.read_barcodes((1 - picture.astype(np.uint8)) * 255)
    }


@pytest.mark.parametrize("name", ["Primer AD", "P" * 70])
def test_a_fast_code_is_the_librarys_bit_for_bit(name: str) -> None:
    dice = random.Random(17)
    qr = FastQr(HEAD.replace("Primer AD", name), 56)

    for size in [*range(57), *(dice.randint(0, 56) for _ in range(200))]:
        alphabet = dice.choice(("0123456789.\n ABKP", PRINTABLE, "".join(map(chr, range(128)))))
        tail = "".join(dice.choices(alphabet, k=size))
        assert pack(qr, qr.head + tail) == qr.encode(tail.encode())


def test_a_fast_code_is_the_plain_one_and_is_read() -> None:
    qr = FastQr(HEAD, 56)
    rows = np.unpackbits(
        np.frombuffer(qr.encode(TEXT.removeprefix(HEAD).encode()), np.uint8)
    ).reshape(qr.size, -1)
    modules = rows[:, : qr.size]

    assert plain_matrix(TEXT, qr.version) == modules.astype(bool).tolist()
    assert {"QRCode": TEXT} == read(modules)


def test_barcodes_are_read() -> None:
    dice = random.Random(17)
    runs = (
        "1",
        "12",
        "123",
        "1234",
        "12345",
        "A123456",
        "A1234567B",
        "20261115-NE-0012344217-900000000001",
    )
    alphabets = [dice.choice(("0123456789", "01A-", PRINTABLE)) for _ in range(200)]
    texts = [
        *runs,
        *("".join(dice.choices(alphabet, k=dice.randint(1, 40))) for alphabet in alphabets),
    ]

    for text in texts:
        modules = barcode_modules(text)
        assert modules is not None
        assert {"Code128": text} == read(np.tile(np.array([list(modules)], np.uint8), (20, 1)))


@pytest.mark.parametrize("text", ["", "Ж", "1\n2", "\x7f", "é"])
def test_what_a_barcode_does_not_have_has_none(text: str) -> None:
    assert barcode_modules(text) is None


def test_limits_of_the_payment_code() -> None:
    assert 13 == version_for(331)
    with pytest.raises(DunningError, match="holds 331 bytes, not 332"):
        version_for(332)
    with pytest.raises(DunningError, match="takes 70 letters of a name"):
        payment_text("P" * 71, "BG05XXXX12341012345678", "XXXXBGSF", 1, "-")
    with pytest.raises(DunningError, match="140 of a text; given were 1 and 141"):
        payment_text("P", "BG05XXXX12341012345678", "XXXXBGSF", 1, "x" * 141)
