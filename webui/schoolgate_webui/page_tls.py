"""
The pages over https: with the school's certificate, or one that the gateway's authority signs.

The authority's key is the proxy's alone. The pages keep a key of their own, ask in a folder that
the proxy reads, and wait until what it signed is there. A server takes a certificate when it
starts: when another one comes, the process ends, and whoever keeps it starts it again.
"""

import asyncio
import ipaddress
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from schoolgate_policyd.clock import Clock
from schoolgate_policyd.config import PageCertificate, Settings
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.whole_files import write_whole

WAIT_S = 120.0
LOOK_EVERY_S = 0.2
WATCH_EVERY_S = 60.0


class CannotServe(SchoolgateError):  # noqa: N818 - it says what is the matter
    """The pages cannot be served; the message names the remedy."""


class PageTls(msgspec.Struct, frozen=True):
    """The files that the pages are served with; *content* is the certificate as it was read."""

    certificate: Path
    key: Path
    content: bytes


async def page_tls(settings: Settings, clock: Clock, wait_s: float = WAIT_S) -> PageTls | None:
    """Return what the pages are served with, None for plain http. Raises CannotServe."""
    web = settings.web
    match web.tls:
        case PageCertificate.NONE:
            return None
        case PageCertificate.SCHOOL:
            if web.certificate is None or web.key is None:
                raise CannotServe("web.tls is `school`: name web.certificate and web.key too")
            return PageTls(web.certificate, web.key, _read(web.certificate))
        case PageCertificate.AUTHORITY:
            return await _signed(settings, clock, wait_s)


async def until_renewed(
    tls: PageTls | None, stopping: asyncio.Event, every_s: float = WATCH_EVERY_S
) -> None:
    """Set *stopping* when the certificate that the pages are served with is replaced."""
    if tls is None:
        return
    while True:
        await asyncio.sleep(every_s)
        try:
            now = tls.certificate.read_bytes()
        except OSError:
            # It is being replaced, or it was taken away: what is served goes on.
            continue
        if now != tls.content:
            stopping.set()
            return


def ensure_request(settings: Settings) -> ec.EllipticCurvePublicKey:
    """
    Return the pages' public key, made if there is none, and have a request for it stand.

    Raises OSError, ValueError.
    """
    path = settings.page_key_path
    if not path.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        secret = made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_whole(path, secret)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(  # noqa: TRY004 - the file is wrong, not a type in the program
            f"{path}: is not a key of ours: move it away to have a new one made"
        )
    host = _host(settings)
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])]))
        .sign(key, hashes.SHA256())
    )
    pem = request.public_bytes(serialization.Encoding.PEM)
    write_whole(settings.page_request_path, pem)
    return key.public_key()


async def _signed(settings: Settings, clock: Clock, wait_s: float) -> PageTls:
    try:
        key, name = ensure_request(settings), _name(_host(settings))
    except (OSError, ValueError) as error:
        raise CannotServe(f"web.tls is `authority`: {error}") from error
    path = settings.page_certificate_path
    try:
        async with asyncio.timeout(wait_s):
            # Another process writes the file, so there is no event to wait for.
            while not _is_for(path, key, name, clock.now()):  # noqa: ASYNC110 - see above
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError as error:
        raise CannotServe(
            f"{path}: the proxy, which has the authority, has signed no certificate for the pages"
            f" at {_host(settings)}: see whether it runs, with the same web.public_url"
        ) from error
    return PageTls(path, settings.page_key_path, _read(path))


def _host(settings: Settings) -> str:
    return urlsplit(settings.web.public_url).hostname or ""


def _is_for(
    path: Path, key: ec.EllipticCurvePublicKey, name: x509.GeneralName, now: datetime
) -> bool:
    """Whether the certificate at *path* is for *key* under *name*, and is not over."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        return False
    return (
        certificate.public_key() == key and name in names and now < certificate.not_valid_after_utc
    )


def _name(host: str) -> x509.GeneralName:
    """Return *host* as a certificate names it."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CannotServe(f"{path}: cannot be read: {error.strerror}") from error
