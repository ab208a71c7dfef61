"""
The pages' certificate, signed by the school's authority, whose key is the proxy's alone.

The pages make a key of their own and ask; whatever they ask for, the certificate is for exactly
the host of `web.public_url`, for a server, for ninety days. So pages that were broken into get no
certificate for anything else.
"""

import asyncio
import ipaddress
import os
import stat
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from schoolgate_policyd.clock import Clock, SchoolClock
from schoolgate_policyd.config import Settings
from schoolgate_proxy.authority import LEEWAY, replace_for_all

LIFETIME = timedelta(days=90)
RENEWED_BEFORE_END = timedelta(days=30)
LOOK_EVERY_S = 5.0
LONGEST_REQUEST = 16 * 1024

log = structlog.get_logger(__name__)


async def keep_signing(
    settings: Settings, ca_file: Path, clock: Clock, school_clock: SchoolClock
) -> None:
    """
    Look for the pages' request, for ever, and sign what is due.

    Dates are those of *clock*, the machine's; *school_clock* says whether that is in doubt.
    """
    fault = ""
    while True:
        try:
            now, is_certain = clock.now(), school_clock.doubt is None
            if await asyncio.to_thread(sign_if_due, settings, ca_file, now, is_certain=is_certain):
                log.info("the pages' certificate was signed")
            fault = ""
        except (OSError, ValueError) as error:
            # Said once: the pages wait, and the next look is soon.
            if fault != str(error):
                fault = str(error)
                log.warning("the pages' certificate cannot be signed", cause=fault)
        await asyncio.sleep(LOOK_EVERY_S)


def sign_if_due(
    settings: Settings, ca_file: Path, now: datetime, *, is_certain: bool = True
) -> bool:
    """
    Sign what the pages ask for, where they ask and it is due; return whether it was.

    *now* is machine time. While that is not certain, a certificate that is not good yet stays: one
    by a clock that is far back would be over for everybody else. Raises OSError, ValueError for a
    request that is none.
    """
    asked = _read(settings.page_request_path)
    if asked is None:
        return False
    request = x509.load_pem_x509_csr(asked)
    key = request.public_key()
    if not request.is_signature_valid or not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError(f"{settings.page_request_path}: is not a request of the pages")
    host = urlsplit(settings.web.public_url).hostname or ""
    authority = ca_file.read_bytes()
    issuer = x509.load_pem_x509_certificate(authority)
    path = settings.page_certificate_path
    if path.exists() and _is_good(
        path.read_bytes(), key, host, issuer, now, is_certain=is_certain
    ):
        return False
    signing = serialization.load_pem_private_key(authority, password=None)
    if not isinstance(signing, ec.EllipticCurvePrivateKey):
        raise ValueError(  # noqa: TRY004 - the file is wrong, not a type in the program
            f"{ca_file}: has another kind of key than ours"
        )
    certificate = _certificate(key, host, issuer, signing, now)
    replace_for_all(path, certificate.public_bytes(serialization.Encoding.PEM))
    return True


def _read(path: Path) -> bytes | None:
    """Return the request, None without one. What is no file of a bounded size is not read."""
    try:
        # The folder is the pages': they may put a link or a pipe there.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError(f"{path}: is not a file")
        asked = file.read(LONGEST_REQUEST + 1)
    if len(asked) > LONGEST_REQUEST:
        raise ValueError(f"{path}: is too long for a request")
    return asked


def _is_good(
    pem: bytes,
    key: ec.EllipticCurvePublicKey,
    host: str,
    issuer: x509.Certificate,
    now: datetime,
    *,
    is_certain: bool,
) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - whatever is the matter with it, it is made anew
        return False
    end = certificate.not_valid_after_utc
    # One that lasts as long as the authority itself cannot be made to last longer.
    renewed_at = end if end >= issuer.not_valid_after_utc else end - RENEWED_BEFORE_END
    return (
        certificate.public_key() == key
        and list(names.value) == [_name(host)]
        and (certificate.not_valid_before_utc <= now or not is_certain)
        and now < renewed_at
    )


def _certificate(
    key: ec.EllipticCurvePublicKey,
    host: str,
    issuer: x509.Certificate,
    signing: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])]))
        .issuer_name(issuer.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - LEEWAY)
        .not_valid_after(min(now + LIFETIME, issuer.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_name(host)]), critical=False)
        .add_extension(identifier, critical=False)
        .sign(signing, hashes.SHA256())
    )


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
