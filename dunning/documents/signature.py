"""The supplier's electronic seal on a notice: PAdES, baseline B, and T where a timestamp server is given.

The key is read once. What is signed stays as it is: the signature is appended. The same document, key and moment give
the same bytes (RSA by PKCS #1 v1.5; elliptic curves by RFC 6979); a timestamp never is the same twice.

Source: ETSI EN 319 142-1; Regulation (EU) 910/2014, art. 35.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from asn1crypto import keys, x509
from cryptography import x509 as certificates
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from pyhanko.pdf_utils.generic import ArrayObject, ByteStringObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.general import SigningError
from pyhanko.sign.timestamps import HTTPTimeStamper, TimestampRequestError
from pyhanko_certvalidator.registry import SimpleCertificateStore

from dunning.core.errors import DunningError, OutageError

FIELD = "Signature"
_HASH = "sha256"
# The certificates come on top; a timestamp brings those of its server.
_BYTES_RESERVED, _BYTES_RESERVED_TIMESTAMP = 4096, 16384
_CURE = "Give the right PKCS #12 file and its password (DUNNING_SIGN_PKCS12, DUNNING_SIGN_PASSWORD_FILE)."


class _KeptKey(signers.SimpleSigner):
    """Signs with a key that is parsed already."""

    kept: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

    def sign_raw(self, data: bytes, digest_algorithm: str) -> bytes:
        if isinstance(self.kept, rsa.RSAPrivateKey):
            return self.kept.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self.kept.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))


class _AtMoment(signers.PdfSigner):
    """Signs at a moment that is data, not the clock's."""

    signed_at: datetime

    def init_signing_session(self, pdf_out, existing_fields_only=False):  # type: ignore[no-untyped-def]
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self.signed_at
        return session


@dataclass(frozen=True)
class Seal:
    """A key, its certificates and, where there is one, the timestamp server."""

    signer: _KeptKey
    timestamp_url: str
    bytes_reserved: int

    def sign(self, document: bytes, reason: str, signed_at: datetime) -> bytes:
        """Return a document with an invisible signature appended.

        Args:
            reason: why it is signed, as a reader shows it.
            signed_at: the moment that the signature claims, with its zone.

        Raises:
            OutageError: the timestamp server does not answer.
            DunningError: the document cannot be signed.
        """
        meta = signers.PdfSignatureMetadata(
            field_name=FIELD, md_algorithm=_HASH, subfilter=fields.SigSeedSubFilter.PADES, reason=reason
        )
        stamper = HTTPTimeStamper(self.timestamp_url) if self.timestamp_url else None
        work = _AtMoment(meta, self.signer, timestamper=stamper)
        work.signed_at = signed_at
        try:
            writer = IncrementalPdfFileWriter(BytesIO(document))
            _fix_identity(writer, document, signed_at)
            return bytes(work.sign_pdf(writer, bytes_reserved=self.bytes_reserved).getvalue())
        except (TimestampRequestError, OSError) as error:
            raise OutageError(
                f"The timestamp server of DUNNING_SIGN_TIMESTAMP_URL did not answer ({type(error).__name__}). Nothing "
                "was published. Try again later, or leave the variable out to sign without a timestamp."
            ) from error
        except SigningError as error:
            raise DunningError(f"A notice could not be signed: {error}. Nothing was published. {_CURE}") from error


def open_seal(data: bytes, password: str | None, now: datetime, timestamp_url: str = "") -> Seal:
    """Return the seal of a PKCS #12 file.

    Args:
        data: the file.
        password: of the file; None where it has none.
        now: the moment at which the certificate must be valid, with its zone.
        timestamp_url: of a timestamp server (RFC 3161); empty for none.

    Raises:
        DunningError: wrong password or file, no key in it, a certificate that is not valid now or not for signing.
    """
    try:
        held = pkcs12.load_pkcs12(data, password.encode() if password else None)
    except ValueError as error:
        raise DunningError(f"The signing certificate cannot be opened: {error}. {_CURE}") from error
    if held.key is None or held.cert is None:
        raise DunningError(f"The signing certificate's file holds no private key with its certificate. {_CURE}")
    if not isinstance(held.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise DunningError("The signing key is neither RSA nor of an elliptic curve. Have a certificate of such a key.")
    _check_certificate(held.cert.certificate, now)
    chain = [held.cert.certificate, *(other.certificate for other in held.additional_certs)]
    parsed = [x509.Certificate.load(one.public_bytes(serialization.Encoding.DER)) for one in chain]
    der = held.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    store = SimpleCertificateStore()
    store.register_multiple(parsed)
    signer = _KeptKey(parsed[0], keys.PrivateKeyInfo.load(der), store)
    signer.kept = held.key
    size = sum(len(one.dump()) for one in parsed)
    return Seal(signer, timestamp_url, 2 * (size + (_BYTES_RESERVED_TIMESTAMP if timestamp_url else _BYTES_RESERVED)))


def _check_certificate(certificate: certificates.Certificate, now: datetime) -> None:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not start <= now <= end:
        state = "has expired" if now > end else "is not valid yet"
        raise DunningError(
            f"The signing certificate {state}: it is valid from {start:%Y-%m-%d} to {end:%Y-%m-%d}. Nothing was "
            "signed. Renew it, or leave DUNNING_SIGN_PKCS12 out to send unsigned notices."
        )
    try:
        usage = certificate.extensions.get_extension_for_class(certificates.KeyUsage).value
    except certificates.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise DunningError(
            "The signing certificate is not for signing (its key usage has neither digitalSignature nor "
            "nonRepudiation). Have a certificate for electronic seals issued."
        )


def _fix_identity(writer: IncrementalPdfFileWriter, document: bytes, signed_at: datetime) -> None:
    """Give the signed document an identity that follows from what is signed; pyHanko would draw lots."""
    mark = hashlib.sha256(document + signed_at.isoformat().encode()).digest()[:16]
    first = writer.document_id[0]
    writer._document_id = ArrayObject([first, ByteStringObject(mark)])
