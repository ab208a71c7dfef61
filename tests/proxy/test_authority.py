"""The school's certificate authority: made once, its key for its owner alone."""

import resource
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from schoolgate_proxy.authority import (
    AUTHORITY_NAME,
    LIFETIME,
    AuthorityError,
    ensure_authority,
    trusted_authorities,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_the_first_start_makes_it_and_the_next_keeps_it(tmp_path: Path) -> None:
    certificate = tmp_path / "ca.pem"

    ca_file = ensure_authority(tmp_path / "ca", certificate, NOW)
    first = (ca_file.read_bytes(), certificate.read_bytes())
    certificate.unlink()

    assert ca_file == ensure_authority(tmp_path / "ca", certificate, NOW)
    assert first == (ca_file.read_bytes(), certificate.read_bytes())


@contextmanager
def no_room() -> Iterator[None]:
    """This process can write to no file, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_start_on_a_full_disk_uses_what_is_there(tmp_path: Path) -> None:
    folder, certificate, combined = tmp_path / "ca", tmp_path / "ca.pem", tmp_path / "all.pem"
    ca_file = ensure_authority(folder, certificate, NOW)
    trusted_authorities(certificate, certificate, combined)

    with no_room():
        assert ca_file == ensure_authority(folder, certificate, NOW)
        assert combined == trusted_authorities(certificate, certificate, combined)


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    certificate = tmp_path / "ca.pem"
    ensure_authority(tmp_path / "ca", certificate, NOW)
    new = tmp_path / "new"

    with no_room():
        with pytest.raises(AuthorityError, match=r"all\.pem: cannot be used"):
            trusted_authorities(certificate, certificate, new / "all.pem")
        with pytest.raises(AuthorityError, match=r"new: cannot be used"):
            ensure_authority(new, new / "ca.pem", NOW)

    assert [] == list(new.iterdir())


def test_it_can_sign_for_websites_and_nothing_beneath_it_can(tmp_path: Path) -> None:
    certificate_path = tmp_path / "ca.pem"
    ensure_authority(tmp_path / "ca", certificate_path, NOW)

    certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
    limits = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    name = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value

    assert (True, 0) == (limits.ca, limits.path_length)
    assert AUTHORITY_NAME == name
    shown = subprocess.run(
        ["openssl", "x509", "-in", str(certificate_path), "-noout", "-subject"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert AUTHORITY_NAME in shown.stdout


def test_the_key_is_for_its_owner_alone_even_if_somebody_opened_it(tmp_path: Path) -> None:
    folder = tmp_path / "ca"
    folder.mkdir(mode=0o755)
    ca_file = ensure_authority(folder, tmp_path / "ca.pem", NOW)
    ca_file.chmod(0o644)

    ensure_authority(folder, tmp_path / "ca.pem", NOW)

    assert 0o600 == stat.S_IMODE(ca_file.stat().st_mode)
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    assert b"PRIVATE KEY" in ca_file.read_bytes()
    assert b"PRIVATE KEY" not in (tmp_path / "ca.pem").read_bytes()


def test_a_damaged_or_expired_authority_is_named_and_never_replaced(tmp_path: Path) -> None:
    ca_file = ensure_authority(tmp_path / "ca", tmp_path / "ca.pem", NOW)

    later = NOW + LIFETIME + timedelta(seconds=1)
    with pytest.raises(AuthorityError, match=r"mitmproxy-ca\.pem: has expired"):
        ensure_authority(tmp_path / "ca", tmp_path / "ca.pem", later)
    ca_file.write_text("nothing")
    with pytest.raises(AuthorityError, match="is not a certificate authority"):
        ensure_authority(tmp_path / "ca", tmp_path / "ca.pem", NOW)
    assert "nothing" == ca_file.read_text()


def test_further_authorities_are_trusted_beside_the_usual_ones(tmp_path: Path) -> None:
    base = ensure_authority(tmp_path / "one", tmp_path / "one.pem", NOW)
    further = tmp_path / "two.pem"
    ensure_authority(tmp_path / "two", further, NOW)
    combined = tmp_path / "all.pem"

    assert base == trusted_authorities(base, None, combined)
    assert combined == trusted_authorities(tmp_path / "one.pem", further, combined)
    assert 2 == len(x509.load_pem_x509_certificates(combined.read_bytes()))


@pytest.mark.parametrize("content", ["", "no certificate"])
def test_a_file_without_certificates_is_named(tmp_path: Path, content: str) -> None:
    base = ensure_authority(tmp_path / "one", tmp_path / "one.pem", NOW)
    further = tmp_path / "two.pem"
    further.write_text(content)

    with pytest.raises(AuthorityError, match=r"two\.pem: holds no certificate"):
        trusted_authorities(base, further, tmp_path / "all.pem")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    base = ensure_authority(tmp_path / "one", tmp_path / "one.pem", NOW)

    with pytest.raises(AuthorityError, match=r"missing\.pem: cannot be used"):
        trusted_authorities(base, tmp_path / "missing.pem", tmp_path / "all.pem")
