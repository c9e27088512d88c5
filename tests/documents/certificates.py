"""Certificates that tests make for themselves."""

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
    return rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())


def certify(
    key: Any, start: datetime = NOW - timedelta(days=1), days: int = 30, signs: bool = True, stamps: bool = False
) -> x509.Certificate:
    """Return a certificate that a key made for itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Топлофикация Пример ЕАД")])
    usage = x509.KeyUsage(
        digital_signature=signs, content_commitment=signs, key_encipherment=not signs, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(17).not_valid_before(start).not_valid_after(start + timedelta(days=days))
    builder = builder.add_extension(usage, critical=True)
    if stamps:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return builder.sign(key, hashes.SHA256())


def pack(key: Any, certificate: x509.Certificate, password: str = PASSWORD) -> bytes:
    """Return both as a PKCS #12 file."""
    encryption = serialization.BestAvailableEncryption(password.encode())
    return pkcs12.serialize_key_and_certificates(b"seal", key, certificate, None, encryption)
