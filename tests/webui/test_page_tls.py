"""The pages over https: what the authority signs for them, and what they are served with."""

import asyncio
import contextlib
import dataclasses
import os
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from dns_local import until
from free_ports import free_port
from web_school import SteppedClock

from schoolgate_policyd.clock import ClockState, SchoolClock
from schoolgate_policyd.config import PageCertificate, Settings, WebSettings
from schoolgate_proxy import page_certificate
from schoolgate_proxy.authority import ensure_authority
from schoolgate_proxy.page_certificate import (
    LIFETIME,
    RENEWED_BEFORE_END,
    keep_signing,
    sign_if_due,
)
from schoolgate_webui.page_tls import (
    CannotServe,
    ensure_request,
    page_tls,
    until_renewed,
)
from schoolgate_webui.serve import serve

HOST = "gate.school.example"
NOW = datetime.now(UTC)


@dataclasses.dataclass
class Box:
    """A gateway's folders, with its authority."""

    settings: Settings
    ca_file: Path

    def sign(self, now: datetime = NOW, *, is_certain: bool = True) -> bool:
        return sign_if_due(self.settings, self.ca_file, now, is_certain=is_certain)

    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.settings.page_certificate_path.read_bytes())


@pytest.fixture
def box(tmp_path: Path) -> Box:
    web = WebSettings(public_url=f"https://{HOST}", tls=PageCertificate.AUTHORITY)
    settings = Settings(var_dir=tmp_path, web=web)
    return Box(settings, ensure_authority(settings.ca_dir, settings.ca_certificate_path, NOW))


def test_the_authority_signs_for_exactly_the_host_of_the_pages(box: Box) -> None:
    key = ensure_request(box.settings)

    assert box.sign()

    certificate = box.certificate()
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [HOST] == names.get_values_for_type(x509.DNSName)
    assert 1 == len(list(names))
    assert key == certificate.public_key()
    limits = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert not limits.ca
    assert not box.sign()
    assert 0o600 == stat.S_IMODE(box.settings.page_key_path.stat().st_mode)


def test_a_certificate_is_renewed_before_its_end_and_for_another_key(box: Box) -> None:
    ensure_request(box.settings)
    box.sign()
    first = box.certificate()

    due = NOW + LIFETIME - RENEWED_BEFORE_END
    assert not box.sign(due - timedelta(minutes=1))
    assert box.sign(due)
    assert first.serial_number != box.certificate().serial_number
    box.settings.page_key_path.unlink()
    ensure_request(box.settings)
    assert box.sign(due)
    elsewhere = dataclasses.replace(box.settings.web, public_url="https://other.example")
    box.settings = dataclasses.replace(box.settings, web=elsewhere)
    assert box.sign(due)
    box.settings.page_certificate_path.write_text("no certificate")
    assert box.sign(due)


def test_a_clock_that_is_far_back_and_doubted_leaves_the_certificate_as_it_is(box: Box) -> None:
    """Signed by such a clock it would be over for every browser, as long as the doubt lasts."""
    ensure_request(box.settings)
    box.sign()
    long_ago = NOW - timedelta(days=200)

    assert not box.sign(long_ago, is_certain=False)
    # Who never has a time server is in doubt for ever, and goes on having pages.
    assert box.sign(NOW + LIFETIME, is_certain=False)
    # What was signed while the clock was far ahead is replaced once that is known.
    assert box.sign(NOW)


class LookedAt(SteppedClock):
    """A clock that counts how often it was looked at."""

    looks = 0

    def now(self) -> datetime:
        """See `SteppedClock`."""
        self.looks += 1
        return super().now()


@pytest.mark.parametrize(("highest", "is_kept"), [(NOW, True), (None, False)])
def test_only_a_clock_in_doubt_keeps_the_proxy_from_signing_anew(
    box: Box, monkeypatch: pytest.MonkeyPatch, highest: datetime | None, *, is_kept: bool
) -> None:
    """A clock that is behind the highest time seen is one; without that it has to be believed."""
    monkeypatch.setattr(page_certificate, "LOOK_EVERY_S", 0.001)
    ensure_request(box.settings)
    box.sign()
    before = box.certificate()
    machine = LookedAt(NOW - timedelta(days=200))
    school_clock = SchoolClock(SteppedClock(machine.moment), ClockState(highest=highest))

    async def look() -> None:
        signing = asyncio.create_task(
            keep_signing(box.settings, box.ca_file, machine, school_clock)
        )
        # What the first look found to do is done before the second.
        await until(lambda: machine.looks > 1)
        signing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await signing

    asyncio.run(look())

    assert is_kept is (before == box.certificate())


def asked(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    """Return a request for more than the pages may have."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bank.example")])
    )
    builder = builder.add_extension(
        x509.SubjectAlternativeName([x509.DNSName("bank.example")]), critical=False
    )
    builder = builder.add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def put(box: Box, content: bytes) -> Path:
    path = box.settings.page_request_path
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def test_whatever_is_asked_for_nothing_but_the_host_is_signed(box: Box) -> None:
    put(box, asked(ec.generate_private_key(ec.SECP256R1())))

    assert box.sign()

    extensions = box.certificate().extensions
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [HOST] == names.get_values_for_type(x509.DNSName)
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_what_is_no_request_of_the_pages_is_not_signed(box: Box, tmp_path: Path) -> None:
    assert not box.sign()
    forged = bytearray(asked(ec.generate_private_key(ec.SECP256R1())))
    middle = len(forged) // 2
    forged[middle] = ord("A") if forged[middle] != ord("A") else ord("B")
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for content in (b"", b"nothing", bytes(forged), asked(rsa_key), b"x" * 100_000):
        put(box, content)
        with pytest.raises(ValueError):  # noqa: PT011 - each says something else
            box.sign()
    path = put(box, b"")
    path.unlink()
    (tmp_path / "elsewhere").write_bytes(asked(ec.generate_private_key(ec.SECP256R1())))
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        box.sign()
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ValueError, match="not a file"):
        box.sign()
    assert not box.settings.page_certificate_path.exists()


def test_the_pages_wait_for_their_certificate_and_say_when_none_comes(box: Box) -> None:
    clock = SteppedClock(NOW)

    async def wait() -> object:
        waiting = asyncio.create_task(page_tls(box.settings, clock, wait_s=20))
        while not box.settings.page_request_path.exists():  # noqa: ASYNC110 - a file, no event
            await asyncio.sleep(0.01)
        assert box.sign()
        return await waiting

    with pytest.raises(CannotServe, match="see whether it runs"):
        asyncio.run(page_tls(box.settings, clock, wait_s=0.01))
    box.settings.page_request_path.unlink()
    assert asyncio.run(wait()) is not None
    # One that is over is waited for anew.
    clock.go_on(LIFETIME + timedelta(days=1))
    with pytest.raises(CannotServe):
        asyncio.run(page_tls(box.settings, clock, wait_s=0.01))


@pytest.mark.parametrize("moved_to", ["other.example", "192.0.2.7"])
def test_a_certificate_for_the_host_from_before_is_not_served(box: Box, moved_to: str) -> None:
    ensure_request(box.settings)
    box.sign()
    web = dataclasses.replace(box.settings.web, public_url=f"https://{moved_to}")
    box.settings = dataclasses.replace(box.settings, web=web)
    clock = SteppedClock(NOW)

    with pytest.raises(CannotServe, match=moved_to):
        asyncio.run(page_tls(box.settings, clock, wait_s=0.01))
    assert box.sign()
    assert asyncio.run(page_tls(box.settings, clock, wait_s=20)) is not None


def test_a_school_that_brings_its_own_certificate_names_both_files(box: Box) -> None:
    web = WebSettings(public_url=f"https://{HOST}", tls=PageCertificate.SCHOOL)
    settings = dataclasses.replace(box.settings, web=web)

    with pytest.raises(CannotServe, match=r"web\.key"):
        asyncio.run(page_tls(settings, SteppedClock(NOW)))
    missing = dataclasses.replace(web, certificate=Path("/nowhere.pem"), key=Path("/nowhere.key"))
    with pytest.raises(CannotServe, match="nowhere"):
        asyncio.run(page_tls(dataclasses.replace(settings, web=missing), SteppedClock(NOW)))


@pytest.fixture
def origin_certificate(tmp_path: Path) -> tuple[Path, Path, ssl.SSLContext]:
    authority = trustme.CA()
    made = authority.issue_cert("localhost")
    certificate, key = tmp_path / "school.pem", tmp_path / "school.key"
    made.cert_chain_pems[0].write_to_path(certificate)
    made.private_key_pem.write_to_path(key)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    return certificate, key, trusting


def test_the_pages_are_served_over_https_until_the_certificate_is_renewed(
    box: Box, origin_certificate: tuple[Path, Path, ssl.SSLContext]
) -> None:
    certificate, key, trusting = origin_certificate
    port = free_port("127.0.0.1")
    web = WebSettings(tls=PageCertificate.SCHOOL, certificate=certificate, key=key)
    settings = dataclasses.replace(box.settings, web=web)

    async def app(scope: object, receive: object, send: object) -> None:
        del scope, receive
        assert callable(send)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"over https"})

    async def run() -> bytes:
        stopping, ready = asyncio.Event(), asyncio.Event()
        tls = await page_tls(settings, SteppedClock(NOW))
        serving = asyncio.create_task(
            serve(app, "127.0.0.1", port, stopping=stopping, on_ready=ready.set, tls=tls)
        )
        watching = asyncio.create_task(until_renewed(tls, stopping, every_s=0.01))
        await ready.wait()
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=trusting, server_hostname="localhost"
        )
        writer.write(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        assert not stopping.is_set()
        certificate.write_bytes(certificate.read_bytes() + b"\n")
        await watching
        await serving
        return answer

    assert asyncio.run(run()).endswith(b"over https")
