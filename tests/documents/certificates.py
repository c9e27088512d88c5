"""Certificates that tests make for themselves."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PASSWORD = "парола"


def make_key(kind: str = "rsa") -> Any:
    """Return a new private key: "rsa" (2048) or "ec" (P-256)."""
    return (
        rsa.generate_private_key(65537, 2048)
        if kind == "rsa"
        else ec.generate_private_key(ec.SECP256R1())
    )


def certify(
    key: Any,
    start: datetime = NOW - timedelta(days=1),
    days: int = 30,
    signs: bool = True,
    stamps: bool = False,
    certifies: bool = False,
    name: str = "Топлофикация Пример ЕАД",
    issuer: tuple[Any, x509.Certificate] | None = None,
) -> x509.Certificate:
    """Return a certificate of a key, made by an issuer (key and certificate), or by itself."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(
        digital_signature=signs,
        content_commitment=signs,
        key_encipherment=not signs,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )
    issuer_key, issuer_name = (issuer[0], issuer[1].subject) if issuer else (key, subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
    )
    builder = builder.serial_number(18 if certifies else 17)
    builder = builder.not_valid_before(start).not_valid_after(start + timedelta(days=days))
    builder = builder.add_extension(usage, critical=True)
    if certifies:
        builder = builder.add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
    if stamps:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
        )
    return builder.sign(issuer_key, hashes.SHA256())


def pack(
    key: Any,
    certificate: x509.Certificate,
    password: str = PASSWORD,
    others: Sequence[x509.Certificate] = (),
) -> bytes:
    """Return a key and its certificate, and those above it, as a PKCS #12 file."""
    locked = (
        serialization.BestAvailableEncryption(password.encode())
        if password
        else serialization.NoEncryption()
    )
    return pkcs12.serialize_key_and_certificates(b"seal", key, certificate, others, locked)
