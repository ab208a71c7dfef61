"""
The school's certificate authority, made on the first start.

Its key never leaves its folder; devices get the certificate alone. The file's name and shape are
those that mitmproxy reads.
"""

import contextlib
import os
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from schoolgate_policyd.core.errors import SchoolgateError

AUTHORITY_NAME = "Schoolgate (this school)"
CA_FILE = "mitmproxy-ca.pem"
LIFETIME = timedelta(days=3650)
# Devices' clocks differ a little; a certificate from the future is refused.
LEEWAY = timedelta(days=2)


class AuthorityError(SchoolgateError):
    """The certificate authority cannot be used; the message names the file and the remedy."""


def ensure_authority(ca_dir: Path, certificate_path: Path, now: datetime) -> Path:
    """
    Return the authority's file in *ca_dir*, made if there is none, and publish its certificate.

    *now* is machine time (aware). Raises AuthorityError.
    """
    ca_file = ca_dir / CA_FILE
    try:
        ca_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        ca_dir.chmod(0o700)
        if not ca_file.exists():
            make_once(ca_file, _make(now))
        ca_file.chmod(0o600)
        certificate = x509.load_pem_x509_certificate(ca_file.read_bytes())
        certificate_path.parent.mkdir(parents=True, exist_ok=True)
        replace_for_all(certificate_path, certificate.public_bytes(serialization.Encoding.PEM))
    except OSError as error:
        place = error.filename or ca_dir
        raise AuthorityError(f"{place}: cannot be used: {error.strerror}") from error
    except ValueError as error:
        raise AuthorityError(
            f"{ca_file}: is not a certificate authority; move it away to have a new one made"
        ) from error
    if certificate.not_valid_after_utc <= now:
        raise AuthorityError(
            f"{ca_file}: has expired; move it away, start again and give devices the new one"
        )
    return ca_file


def _make(now: datetime) -> bytes:
    """Return a new key and its self-signed certificate, both in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, AUTHORITY_NAME),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, AUTHORITY_NAME),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - LEEWAY)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return secret + certificate.public_bytes(serialization.Encoding.PEM)


def make_once(path: Path, content: bytes) -> None:
    """
    Write *path* for its owner alone, whole or not at all; one that is there by now stays.

    Of workers that start together the first one's authority is everybody's.
    """
    beside = _beside(path)
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(beside)
    finally:
        beside.unlink()


def replace_for_all(path: Path, content: bytes) -> None:
    """Have *path* hold *content*, for everybody to read."""
    # A start must not need room on the disk for what is there already.
    if path.exists() and path.read_bytes() == content:
        return
    beside = _beside(path)
    try:
        beside.write_bytes(content)
        beside.chmod(0o644)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    """Return a path that no other process writes to."""
    return path.with_name(f"{path.name}.new-{os.getpid()}")


def trusted_authorities(base: Path, further: Path | None, combined: Path) -> Path:
    """
    Return a PEM file of the authorities that origins may be signed by.

    That is *base*, or *base* and *further* written to *combined*. Raises AuthorityError.
    """
    if further is None:
        return base
    try:
        both = base.read_bytes() + b"\n" + further.read_bytes()
        x509.load_pem_x509_certificates(further.read_bytes())
        combined.parent.mkdir(parents=True, exist_ok=True)
        replace_for_all(combined, both)
    except OSError as error:
        place = error.filename or combined
        raise AuthorityError(f"{place}: cannot be used: {error.strerror}") from error
    except ValueError as error:
        raise AuthorityError(f"{further}: holds no certificate in PEM") from error
    return combined
