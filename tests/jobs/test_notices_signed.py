"""Electronic notices under a seal: signed as configured, the same words under any signature, a
wrong one is seen.
"""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from sqlalchemy import Engine

from tests.documents.certificates import PASSWORD, certify, make_key, pack
from tests.jobs.nights import contents, hashes, nightly, say_fresh
from tests.jobs.notices import KEY, crowd, folder_of, mails_of, notices, recorded

START = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def key() -> Any:
    return make_key("ec")


@pytest.fixture
def out(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a closed night of the crowd."""
    monkeypatch.setenv("DUNNING_RECEIPT_KEY", KEY)
    ledger = say_fresh(crowd(12).write(tmp_path / "ledger"))
    assert nightly(ledger, tmp_path / "out").code == 0
    return tmp_path / "out"


def configure(
    environment: pytest.MonkeyPatch, folder: Path, content: bytes, password: str = PASSWORD
) -> None:
    (folder / "seal.p12").write_bytes(content)
    (folder / "password").write_text(f"{password}\n", "utf-8")
    environment.setenv("DUNNING_SIGN_PKCS12", str(folder / "seal.p12"))
    environment.setenv("DUNNING_SIGN_PASSWORD_FILE", str(folder / "password"))


def test_every_electronic_notice_is_signed_at_the_end_of_its_day(
    out: Path, key: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = certify(key, START)
    configure(monkeypatch, tmp_path, pack(key, certificate))
    run = notices(out)
    root = x509.Certificate.load(certificate.public_bytes(Encoding.DER))

    assert (run.code, run.told, run.manifest["is_signed"]) == (0, "", True)
    assert "(подписани)" in run.printed
    assert len(mails_of(run)) == 4
    for row in mails_of(run):
        (signature,) = PdfFileReader(
            BytesIO((run.folder / row["file"]).read_bytes())
        ).embedded_signatures
        moment = signature.self_reported_timestamp
        context = ValidationContext(trust_roots=[root], moment=moment, allow_fetching=False)
        status = validate_pdf_signature(signature, context, context, skip_diff=False)
        assert (status.intact, status.valid, status.trusted) == (True, True, True)
        assert moment.isoformat() == "2026-11-22T23:59:59+02:00"


def test_the_same_key_gives_the_same_bytes(
    out: Path, engine: Engine, key: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, tmp_path, pack(key, certify(key, START)))
    first = notices(out)
    before, files = contents(engine), hashes(first.folder)
    again = notices(out)

    assert (again.code, hashes(again.folder), contents(engine)) == (0, files, before)


def test_what_was_sent_under_another_signature_is_left_as_it_is(
    out: Path, engine: Engine, key: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a timestamp, which is never the same twice: the words are those that were sent, so
    all is well.
    """
    configure(monkeypatch, tmp_path, pack(key, certify(key, START)))
    first = notices(out)
    before, files = contents(engine), hashes(first.folder)
    other = make_key("ec")
    configure(monkeypatch, tmp_path, pack(other, certify(other, START)))
    again, elsewhere = notices(out), notices(tmp_path / "elsewhere")

    assert (again.code, again.told, hashes(first.folder), contents(engine)) == (
        0,
        "",
        files,
        before,
    )
    assert elsewhere.code == 0
    assert hashes(elsewhere.folder) != files
    assert all("същото съдържание" in run.printed for run in (again, elsewhere))


def test_if_they_are_gone_others_do_not_take_their_place(
    out: Path, key: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, tmp_path, pack(key, certify(key, START)))
    notices(out)
    (folder_of(out) / "manifest.json").unlink()
    monkeypatch.delenv("DUNNING_SIGN_PKCS12")
    monkeypatch.delenv("DUNNING_SIGN_PASSWORD_FILE")
    refused = notices(out)

    assert (refused.code, len(refused.messages)) == (1, 1)
    assert "The files are not those that were sent on 2026-11-22" in refused.told


@pytest.mark.parametrize(
    ("start", "password", "told"),
    [
        (START, "друга", "The signing certificate cannot be opened"),
        (datetime(2026, 10, 1, tzinfo=UTC), PASSWORD, "The signing certificate has expired"),
        (datetime(2026, 11, 23, tzinfo=UTC), PASSWORD, "The signing certificate is not valid yet"),
    ],
)
def test_a_wrong_certificate_stops_everything_at_once(
    start: datetime,
    password: str,
    told: str,
    out: Path,
    home: Path,
    engine: Engine,
    key: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure(monkeypatch, tmp_path, pack(key, certify(key, start)), password)
    refused = notices(out)

    assert (refused.code, len(refused.messages)) == (1, 1)
    assert told in refused.told
    assert password not in refused.told + refused.printed
    assert recorded(engine) == {"runs": [], "tokens": [], "templates": []}
    assert not (out / "notices").exists()
    assert list((home / "work").iterdir()) == []


def test_a_timestamp_server_that_is_away_stops_everything(
    out: Path, home: Path, engine: Engine, key: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, tmp_path, pack(key, certify(key, START)))
    monkeypatch.setenv("DUNNING_SIGN_TIMESTAMP_URL", "http://127.0.0.1:9/")
    refused = notices(out)

    assert (refused.code, len(refused.messages)) == (1, 1)
    assert "The timestamp server of DUNNING_SIGN_TIMESTAMP_URL" in refused.told
    assert not (out / "notices").exists()
