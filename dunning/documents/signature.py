"""The supplier's electronic seal on a notice: PAdES baseline B, or T with a timestamp server.

The key is read once. What is signed stays as it is: the signature is appended. The same document,
key and moment give the same bytes (RSA by PKCS #1 v1.5; elliptic curves by RFC 6979); a timestamp
never is the same twice.

Source: ETSI EN 319 142-1; Regulation (EU) 910/2014, art. 35.
"""

import asyncio
import hashlib
from datetime import datetime
from functools import cached_property
from io import BytesIO

from asn1crypto import algos
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import InvisSigSettings, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko.sign.signers.pdf_byterange import SignatureObject
from pyhanko.sign.signers.pdf_cms import ExternalSigner, select_suitable_signing_md
from pyhanko.sign.timestamps import HTTPTimeStamper, TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from dunning.core.errors import DunningError, OutageError

FIELD = "Signature"
# Hidden, so that a screen reader passes over the field (PDF/UA).
_FIELD_SPEC = SigFieldSpec(
    FIELD, invis_sig_settings=InvisSigSettings(set_print_flag=False, set_hidden_flag=True)
)
# Bytes that occur nowhere else: where a digest goes and, backwards, a signature.
_PLACE = b"".join(hashlib.sha512(bytes([n])).digest() for n in range(16))
_TIMESTAMP_SECONDS = 10
_CURE = "Give the right PKCS #12 file and its password (DUNNING_SIGN_PKCS12, DUNNING_SIGN_PASSWORD_FILE)."

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Seal:
    """A certificate with its key, for signing any number of documents; made by `open_seal`."""

    def __init__(self, key: Key, envelope: "_Envelope") -> None:
        self._key, self._envelope = key, envelope

    def sign(self, document: bytes, reason: str, signed_at: datetime) -> bytes:
        """Return the document with an invisible signature appended.

        A form in it keeps its fields.

        Args:
            reason: why it is signed, as a reader shows it.
            signed_at: the moment that the signature claims, with its zone.

        Raises:
            OutageError: the timestamp server does not answer.
            DunningError: the document cannot be signed.
        """
        writer = _Update(BytesIO(document))
        writer.register_extension(ESIC_EXTENSION_1)
        # A generator: each `send` hands in the next part and returns what the step after it needs.
        steps = PdfCMSEmbedder(_FIELD_SPEC).write_cms(FIELD, writer)
        try:
            next(steps)
            signature = SignatureObject(
                signed_at, SigSeedSubFilter.PADES, reason=reason, bytes_reserved=self._reserved
            )
            steps.send(SigObjSetup(signature))
            prepared, output = steps.send(SigIOSetup(self._envelope.digest, in_place=True))
            steps.send(self._seal(prepared.document_digest))
        except SigningError as error:
            raise DunningError(
                f"A notice could not be signed: {error}. Nothing was published. {_CURE}"
            ) from error
        return bytes(output.getvalue())

    @cached_property
    def _reserved(self) -> int:
        """Number of hexadecimal digits reserved for a signature.

        ECDSA signatures differ by some bytes; a timestamp may grow by a quarter.
        """
        # A trial signature has the size of all later ones, but for the differences named above.
        trial = len(self._seal(_PLACE[: self._envelope.hash.digest_size]))
        return 2 * (trial + (trial // 4 if self._envelope.timestamper else 16))

    def _seal(self, digest: bytes) -> bytes:
        """Return the CMS signature of a digest."""
        envelope = self._envelope
        signature = _sign(self._key, envelope.attributes(digest), envelope.hash)
        if envelope.timestamper is None:
            return envelope.close(digest, signature)
        try:
            return envelope.close_with_timestamp(digest, signature)
        except (OSError, ValueError) as error:
            cause = error.__cause__ or error
            raise OutageError(
                f"The timestamp server of DUNNING_SIGN_TIMESTAMP_URL gave no timestamp ({type(cause).__name__}). "
                "Nothing was published. Try again later, or leave the variable out to sign without a timestamp."
            ) from error


def open_seal(data: bytes, password: str | None, now: datetime, timestamp_url: str = "") -> Seal:
    """Return the seal of a PKCS #12 file.

    Args:
        data: the file.
        password: of the file; None or empty where it has none.
        now: the moment at which the certificate must be valid, with its zone.
        timestamp_url: of a timestamp server (RFC 3161); empty for none.

    Raises:
        DunningError: wrong password or file, no key in it, a certificate that is not valid now or
            not for signing.
    """
    key, certificate, chain = _read(data, password)
    _check_certificate(certificate, now)
    stamper = HTTPTimeStamper(timestamp_url, timeout=_TIMESTAMP_SECONDS) if timestamp_url else None
    return Seal(key, _Envelope(certificate, chain, stamper))


class _Envelope:
    """The CMS structure around a signature: the certificates and the signed attributes.

    Without a timestamp only the digest and the signature differ from file to file. So pyHanko makes
    it once for each length that a signature has, and both are put in their places: many times
    faster than to make it anew.
    """

    def __init__(
        self,
        certificate: x509.Certificate,
        chain: list[x509.Certificate],
        timestamper: TimeStamper | None,
    ) -> None:
        own, *others = (
            asn1_x509.Certificate.load(one.public_bytes(Encoding.DER))
            for one in (certificate, *chain)
        )
        self._certificate, self._chain = own, SimpleCertificateStore()
        self._chain.register_multiple(others)
        self.timestamper = timestamper
        self.digest = select_suitable_signing_md(own.public_key)
        self.hash: hashes.HashAlgorithm = getattr(hashes, self.digest.upper())()
        self._place = _PLACE[: self.hash.digest_size]
        mechanism = f"{self.digest}_{'rsa' if own.public_key.algorithm == 'rsa' else 'ecdsa'}"
        self._mechanism = algos.SignedDigestAlgorithm({"algorithm": mechanism})
        self._cut: dict[int, tuple[bytes, bytes, bytes]] = {}

    def attributes(self, digest: bytes) -> bytes:
        """Return the signed attributes of a digest: the bytes that the key signs."""
        before, after = self._attributes
        return before + digest + after

    # The CMS is made once with recognisable bytes, cut at them, and joined anew for each file:
    #   before | digest | between | signature | after
    def close(self, digest: bytes, signature: bytes) -> bytes:
        """Return the complete CMS signature without timestamp."""
        size = len(signature)
        if size not in self._cut:
            self._cut[size] = self._make(size)
        before, between, after = self._cut[size]
        return b"".join((before, digest, between, signature, after))

    def close_with_timestamp(self, digest: bytes, signature: bytes) -> bytes:
        """Return the complete CMS signature with a timestamp of the timestamp server."""
        signing = self._signer(signature).async_sign(
            digest, self.digest, use_pades=True, timestamper=self.timestamper
        )
        return bytes(asyncio.run(signing).dump())

    @cached_property
    def _attributes(self) -> tuple[bytes, bytes]:
        made = asyncio.run(
            self._signer(b"").signed_attrs(self._place, self.digest, use_pades=True)
        ).dump()
        before, after = made.split(self._place)
        return before, after

    def _make(self, size: int) -> tuple[bytes, bytes, bytes]:
        signature = _PLACE[:size][::-1]
        made = asyncio.run(
            self._signer(signature).async_sign(self._place, self.digest, use_pades=True)
        ).dump()
        before, rest = made.split(self._place)
        between, after = rest.split(signature)
        return before, between, after

    def _signer(self, signature: bytes) -> ExternalSigner:
        return ExternalSigner(self._certificate, self._chain, signature, self._mechanism)


class _Update(IncrementalPdfFileWriter):
    """Append to a PDF file without adding a clock, a random number or the library's name."""

    @classmethod
    def _handle_id(cls, prev: PdfFileReader) -> generic.ArrayObject:
        """Return the file's first identifier and a second one derived from its content."""
        own = generic.ByteStringObject(hashlib.sha256(prev.stream.getvalue()).digest()[:16])
        return generic.ArrayObject([prev.trailer["/ID"][0] if "/ID" in prev.trailer else own, own])

    def _update_meta(self) -> None:
        """Leave title, dates and producer unchanged."""


def _sign(key: Key, data: bytes, digest: hashes.HashAlgorithm) -> bytes:
    """Return a deterministic signature: the same bytes for the same data."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), digest)
    return key.sign(data, ec.ECDSA(digest, deterministic_signing=True))


def _read(
    data: bytes, password: str | None
) -> tuple[Key, x509.Certificate, list[x509.Certificate]]:
    """Return the key, its certificate and the certificates of its issuers."""
    try:
        key, certificate, chain = pkcs12.load_key_and_certificates(
            data, password.encode() if password else None
        )
    except ValueError as error:
        is_locked = "password" in str(error).lower()
        cause = "the password is wrong" if is_locked else "it is no PKCS #12 file (.p12, .pfx)"
        raise DunningError(
            f"The signing certificate cannot be opened: {cause}. Nothing was signed. {_CURE}"
        ) from error
    if key is None or certificate is None:
        raise DunningError(
            f"The signing certificate's file holds no private key with its certificate. {_CURE}"
        )
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise DunningError(
            "The signing key is neither RSA nor of an elliptic curve. Have a certificate of such a key."
        )
    return key, certificate, chain


def _check_certificate(certificate: x509.Certificate, now: datetime) -> None:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not start <= now <= end:
        state = "has expired" if now > end else "is not valid yet"
        raise DunningError(
            f"The signing certificate {state}: it is valid from {start:%Y-%m-%d} to {end:%Y-%m-%d}. Nothing was "
            "signed. Renew it, or leave DUNNING_SIGN_PKCS12 out to send unsigned notices."
        )
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise DunningError(
            "The signing certificate is not for signing (its key usage has neither digitalSignature nor "
            "nonRepudiation). Have a certificate for electronic seals issued."
        )
