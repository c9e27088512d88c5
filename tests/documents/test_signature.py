import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from typing import Any

import pytest
from asn1crypto import keys, tsp, x509
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.pdf_cms import ExternalSigner
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore
from reportlab.pdfgen.canvas import Canvas

from dunning.core.errors import DunningError, OutageError
from dunning.documents.notice.printing import print_singles
from dunning.documents.signature import Seal, open_seal
from tests.documents.certificates import NOW, PASSWORD, certify, make_key, pack
from tests.documents.notice.notices import PRESS, notice, table

DER = serialization.Encoding.DER


@lru_cache
def key(kind: str) -> Any:
    return make_key(kind)


@lru_cache
def certificate(kind: str) -> Any:
    return certify(key(kind))


@lru_cache
def authority() -> tuple[Any, Any]:
    """Return the key and the certificate of one who certifies others."""
    own = make_key("ec")
    return own, certify(own, name="Удостоверител", certifies=True)


def parse(one: Any) -> x509.Certificate:
    return x509.Certificate.load(one.public_bytes(DER))


def seal(kind: str = "rsa", timestamp_url: str = "") -> Seal:
    return open_seal(pack(key(kind), certificate(kind)), PASSWORD, NOW, timestamp_url)


@lru_cache
def document(needs_card: bool = False) -> bytes:
    (single,) = print_singles(table(notice(needs_card=needs_card, phone="+359888123456")), PRESS)
    return single.content


def check(signed: bytes, *roots: Any) -> Any:
    trusted = [parse(root) for root in roots]
    context = ValidationContext(trust_roots=trusted, moment=NOW, allow_fetching=False)
    (signature,) = PdfFileReader(BytesIO(signed)).embedded_signatures
    return validate_pdf_signature(signature, context, context, skip_diff=False)


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_signed_notice_is_trusted_whole_and_pades(kind: str) -> None:
    signed = seal(kind).sign(document(), "Съобщение", NOW)
    status = check(signed, certificate(kind))

    assert (True, True, True) == (status.intact, status.valid, status.trusted)
    assert "ENTIRE_FILE" == status.coverage.name
    (signature,) = PdfFileReader(BytesIO(signed)).embedded_signatures
    assert SigSeedSubFilter.PADES.value == signature.sig_object["/SubFilter"]
    assert NOW == signature.self_reported_timestamp


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_the_same_is_signed_with_the_same_bytes_and_the_document_stays_as_it_is(kind: str) -> None:
    signed = seal(kind).sign(document(), "Съобщение", NOW)

    assert signed == seal(kind).sign(document(), "Съобщение", NOW)
    assert signed.startswith(document())
    assert signed != seal(kind).sign(document(), "Съобщение", NOW + timedelta(days=1))


def bare(word: str = "") -> bytes:
    """Return a document without an identifier, so that signing gives it one."""
    target = BytesIO()
    canvas = Canvas(target, invariant=1)
    canvas.drawString(50, 700, word)
    canvas.save()
    return re.sub(rb"/ID\s*\[.*?\]", b"", target.getvalue(), flags=re.DOTALL)


def test_neither_clock_nor_lot_shows_in_the_bytes() -> None:
    appended = seal().sign(bare(), "Съобщение", NOW).removeprefix(bare())

    assert appended == seal().sign(bare(), "Съобщение", NOW).removeprefix(bare())
    assert b"ModDate" not in appended and b"pyHanko" not in appended


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_the_signature_is_the_one_that_pyhanko_makes_whole(kind: str) -> None:
    packed = pack(key(kind), certificate(kind), others=[authority()[1]])
    signed = open_seal(packed, PASSWORD, NOW).sign(bare(), "x", NOW)
    (signature,) = PdfFileReader(BytesIO(signed)).embedded_signatures
    store = SimpleCertificateStore.from_certs([parse(authority()[1])])
    info = signature.signer_info
    signer = ExternalSigner(
        parse(certificate(kind)), store, info["signature"].native, info["signature_algorithm"]
    )
    whole = asyncio.run(
        signer.async_sign(signature.compute_digest(), "sha256", use_pades=True)
    ).dump()

    assert whole == signature.pkcs7_content[: len(whole)]
    assert {"content_type", "message_digest", "signing_certificate_v2"} == {
        attribute["type"].native for attribute in info["signed_attrs"]
    }


def test_signatures_of_every_length_fit() -> None:
    own = seal("ec")
    signed = [own.sign(bare(str(n)), "x", NOW) for n in range(30)]
    found = [PdfFileReader(BytesIO(one)).embedded_signatures[0] for one in signed]

    assert 1 < len({len(one.signer_info["signature"].native) for one in found})
    assert all(check(one, certificate("ec")).trusted for one in signed)


def test_the_certificates_above_go_along() -> None:
    own_key, (root_key, root) = make_key("ec"), authority()
    own = certify(own_key, name="Печат", issuer=(root_key, root))
    signed = open_seal(pack(own_key, own, others=[root]), PASSWORD, NOW).sign(
        document(), "Съобщение", NOW
    )

    assert check(signed, root).trusted
    assert [parse(root).dump()] == [
        one.dump()
        for one in PdfFileReader(BytesIO(signed)).embedded_signatures[0].other_embedded_certs
    ]


def test_what_is_signed_already_is_refused() -> None:
    with pytest.raises(DunningError, match="could not be signed"):
        seal().sign(seal().sign(document(), "Съобщение", NOW), "Съобщение", NOW)


def test_a_card_keeps_its_fields() -> None:
    signed = seal().sign(document(needs_card=True), "Съобщение", NOW)
    fields = PdfFileReader(BytesIO(signed)).root["/AcroForm"]["/Fields"]

    assert ["card_mobile", "card_email", "card_street", "card_town", "card_date", "Signature"] == [
        field.get_object()["/T"] for field in fields
    ]
    assert check(signed, certificate("rsa")).trusted


def test_a_turned_byte_is_noticed() -> None:
    signed = bytearray(seal().sign(document(), "Съобщение", NOW))
    signed[signed.index(b"/Title")] ^= 1

    assert not check(bytes(signed), certificate("rsa")).intact


def test_somebody_elses_signature_is_not_trusted() -> None:
    signed = seal().sign(document(), "Съобщение", NOW)

    assert not check(signed, certify(make_key())).trusted


def refuse(data: bytes, password: str | None = PASSWORD, now: datetime = NOW) -> str:
    with pytest.raises(DunningError) as refusal:
        open_seal(data, password, now)
    return str(refusal.value)


def test_a_wrong_password_is_refused() -> None:
    assert "cannot be opened: the password is wrong" in refuse(
        pack(key("rsa"), certificate("rsa")), "друга"
    )
    assert "DUNNING_SIGN_PASSWORD_FILE" in refuse(pack(key("rsa"), certificate("rsa")), None)


def test_what_is_no_certificate_file_is_refused() -> None:
    assert "cannot be opened: it is no PKCS #12 file" in refuse(b"not a certificate")


def test_a_certificate_without_its_key_is_refused() -> None:
    assert "holds no private key" in refuse(pack(None, certificate("rsa")))


def test_a_file_without_password_needs_none() -> None:
    open_file = pack(key("ec"), certificate("ec"), password="")

    for password in (None, ""):
        assert check(
            open_seal(open_file, password, NOW).sign(bare(), "x", NOW), certificate("ec")
        ).trusted


def test_an_expired_certificate_and_one_of_tomorrow_are_refused() -> None:
    assert "has expired: it is valid from 2026-11-24 to 2026-12-24" in refuse(
        pack(key("rsa"), certificate("rsa")), now=NOW + timedelta(days=60)
    )
    assert "is not valid yet" in refuse(
        pack(key("rsa"), certificate("rsa")), now=NOW - timedelta(days=60)
    )


def test_a_certificate_for_encryption_only_is_refused() -> None:
    assert "not for signing" in refuse(pack(key("rsa"), certify(key("rsa"), signs=False)))


def serve(answer: Callable[[tsp.TimeStampReq], bytes]) -> Iterator[str]:
    """Answer requests for timestamps over HTTP; yield the address."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(answer(asked))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def stamp_url() -> Iterator[str]:
    """A timestamp server; its certificate is appended to STAMP_ROOTS."""
    own = make_key()
    own_certificate = certify(own, stamps=True)
    der = own.private_bytes(DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_info = keys.PrivateKeyInfo.load(der)
    stamper = DummyTimeStamper(
        parse(own_certificate), key_info, SimpleCertificateStore(), fixed_dt=NOW
    )
    STAMP_ROOTS.append(own_certificate)
    yield from serve(lambda asked: stamper.request_tsa_response(asked).dump())


@pytest.fixture(
    params=[b"", b"<html>", bytes.fromhex("3003020105"), bytes.fromhex("30053003020102")]
)
def nonsense_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server that answers what is no timestamp; the last one, that it gives none."""
    yield from serve(lambda _: request.param)


STAMP_ROOTS: list[Any] = []


def test_with_a_timestamp_server_the_moment_is_witnessed(stamp_url: str) -> None:
    signed = seal(timestamp_url=stamp_url).sign(document(), "Съобщение", NOW)
    status = check(signed, certificate("rsa"), STAMP_ROOTS[-1])

    assert status.trusted
    assert (True, True) == (status.timestamp_validity.intact, status.timestamp_validity.valid)


def test_a_timestamp_server_that_answers_something_else_is_an_outage(nonsense_url: str) -> None:
    with pytest.raises(OutageError, match="timestamp server"):
        seal(timestamp_url=nonsense_url).sign(document(), "Съобщение", NOW)


def test_a_timestamp_server_that_is_away_is_an_outage() -> None:
    with pytest.raises(OutageError, match="timestamp server"):
        seal(timestamp_url="http://127.0.0.1:9/").sign(document(), "Съобщение", NOW)
