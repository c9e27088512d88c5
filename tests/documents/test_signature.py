import threading
from collections.abc import Iterator
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
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

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


def seal(kind: str = "rsa", timestamp_url: str = "") -> Seal:
    return open_seal(pack(key(kind), certificate(kind)), PASSWORD, NOW, timestamp_url)


@lru_cache
def document(needs_card: bool = False) -> bytes:
    (single,) = print_singles(table(notice(needs_card=needs_card, phone="+359888123456")), PRESS)
    return single.content


def check(signed: bytes, *roots: Any) -> Any:
    trusted = [x509.Certificate.load(root.public_bytes(DER)) for root in roots]
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
    assert "cannot be opened" in refuse(pack(key("rsa"), certificate("rsa")), "друга")
    assert "DUNNING_SIGN_PASSWORD_FILE" in refuse(pack(key("rsa"), certificate("rsa")), None)


def test_what_is_no_certificate_file_is_refused() -> None:
    assert "cannot be opened" in refuse(b"not a certificate")


def test_an_expired_certificate_and_one_of_tomorrow_are_refused() -> None:
    assert "has expired: it is valid from 2026-11-24 to 2026-12-24" in refuse(
        pack(key("rsa"), certificate("rsa")), now=NOW + timedelta(days=60)
    )
    assert "is not valid yet" in refuse(pack(key("rsa"), certificate("rsa")), now=NOW - timedelta(days=60))


def test_a_certificate_for_encryption_only_is_refused() -> None:
    assert "not for signing" in refuse(pack(key("rsa"), certify(key("rsa"), signs=False)))


@pytest.fixture
def stamp_url() -> Iterator[str]:
    """A timestamp server that answers over HTTP."""
    own = make_key()
    own_certificate = certify(own, stamps=True)
    der = own.private_bytes(DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    parsed = x509.Certificate.load(own_certificate.public_bytes(DER))
    store = SimpleCertificateStore()
    stamper = DummyTimeStamper(parsed, keys.PrivateKeyInfo.load(der), store, fixed_dt=NOW)

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
            answer = stamper.request_tsa_response(asked).dump()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Answer)
    server.root = own_certificate  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    STAMP_ROOTS.append(own_certificate)
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()


STAMP_ROOTS: list[Any] = []


def test_with_a_timestamp_server_the_moment_is_witnessed(stamp_url: str) -> None:
    signed = seal(timestamp_url=stamp_url).sign(document(), "Съобщение", NOW)
    status = check(signed, certificate("rsa"), STAMP_ROOTS[-1])

    assert status.trusted
    assert (True, True) == (status.timestamp_validity.intact, status.timestamp_validity.valid)


def test_a_timestamp_server_that_is_away_is_an_outage() -> None:
    with pytest.raises(OutageError, match="timestamp server"):
        seal(timestamp_url="http://127.0.0.1:9/").sign(document(), "Съобщение", NOW)
