"""The gateway's certificate and key: whether they can be used, and whether devices will."""

import ssl
from pathlib import Path
from typing import NoReturn

import structlog

from schoolgate_dns.errors import DnsError
from schoolgate_policyd.dns_settings import EncryptedDnsSettings

log = structlog.get_logger(__name__)


class CertificateFileError(DnsError):
    """A certificate or key cannot be used; the message names the setting, the file and why."""


class Certificate:
    """
    The certificate and key that *settings* name, and the TLS contexts that present them.

    Raises CertificateFileError.
    """

    def __init__(self, settings: EncryptedDnsSettings) -> None:
        self._settings = settings
        self._contexts: list[ssl.SSLContext] = []
        self._stamp = self._stamp_of_files()
        self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))

    def context(self, *protocols: str) -> ssl.SSLContext:
        """Return what a server that speaks *protocols* (their ALPN names) listens with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # RFC 8310 section 9 and RFC 9325: nothing older, and no compression or renegotiation.
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols(protocols)
        self._load(context)
        self._contexts.append(context)
        return context

    def reload(self) -> None:
        """
        Present the files as they are now, if they have changed.

        What cannot be used, a half-written file say, changes nothing and is looked at again.
        """
        try:
            stamp = self._stamp_of_files()
            if stamp == self._stamp:
                return
            # First where it can do no harm: a certificate and key that do not belong together
            # would leave a context with neither.
            self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
            for context in self._contexts:
                self._load(context)
        except CertificateFileError as error:
            log.error("the former certificate stays in use", cause=str(error))  # noqa: TRY400 - the sentence says it all
            return
        self._stamp = stamp
        log.info("a new certificate is in use", file=str(self._settings.certificate))

    def doubts(self, names: tuple[str, ...]) -> dict[str, str]:
        """
        Return for each of *names*, addresses among them, why a device would not believe it.

        That is asked of a device which trusts whoever signed the certificate.
        """
        return {name: why for name in names if (why := self._doubt(name)) is not None}

    def _doubt(self, name: str) -> str | None:
        device = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        device.load_verify_locations(self._settings.certificate)
        device.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._load(ours)
        # Two ends in memory: what OpenSSL says of the name and the dates is what devices say.
        up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = device.wrap_bio(down, up, server_hostname=name)
        server = ours.wrap_bio(up, down, server_side=True)
        try:
            for end in (client, server, client):
                _shake(end)
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
        return None

    def _stamp_of_files(self) -> tuple[tuple[int, int], ...]:
        return tuple(
            _stamp(setting, path)
            for setting, path in (
                ("certificate", self._settings.certificate),
                ("key", self._settings.key),
            )
        )

    def _load(self, context: ssl.SSLContext) -> None:
        files = self._settings
        try:
            context.load_cert_chain(files.certificate, files.key, password=_no_password)
        except CertificateFileError:
            raise
        except (OSError, ValueError) as error:
            _explain(files, error)


def _no_password() -> NoReturn:
    # Without this OpenSSL would ask on the terminal, and wait.
    raise CertificateFileError("dns.encrypted.key: the key has a password; store it without one")


def _shake(end: ssl.SSLObject) -> None:
    try:
        end.do_handshake()
    except ssl.SSLWantReadError:
        # It waits for the other end, which has its turn next.
        return


def _stamp(setting: str, path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
        with path.open("rb"):
            pass
    except OSError as error:
        raise CertificateFileError(
            f"dns.encrypted.{setting}: {path}: cannot be read: {error.strerror}"
        ) from error
    return found.st_mtime_ns, found.st_ino


def _explain(files: EncryptedDnsSettings, error: OSError | ValueError) -> NoReturn:
    reason = getattr(error, "reason", None) or ""
    if reason == "KEY_VALUES_MISMATCH":
        raise CertificateFileError(
            f"dns.encrypted.key: {files.key}: is not the key of {files.certificate}"
        ) from error
    has_certificate = b"-----BEGIN CERTIFICATE-----" in files.certificate.read_bytes()
    if not has_certificate:
        raise CertificateFileError(
            f"dns.encrypted.certificate: {files.certificate}: holds no certificate in PEM form"
        ) from error
    if b"PRIVATE KEY-----" not in files.key.read_bytes():
        raise CertificateFileError(
            f"dns.encrypted.key: {files.key}: holds no private key in PEM form"
        ) from error
    raise CertificateFileError(
        f"dns.encrypted.certificate: {files.certificate} with {files.key}: cannot be used: {error}"
    ) from error
