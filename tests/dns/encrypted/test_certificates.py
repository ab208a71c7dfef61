"""A gateway's certificate and key: what is wrong with them, and what devices will say."""

import ssl
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from dns_encrypted import dns_settings
from dns_streams import GATEWAY, CertificateFiles, certificate_files

from schoolgate_dns.encrypted.certificates import Certificate, CertificateFileError


def certificate(files: CertificateFiles) -> Certificate:
    encrypted = dns_settings(files).encrypted
    assert encrypted is not None
    return Certificate(encrypted)


def with_password(key: Path) -> bytes:
    loaded = load_pem_private_key(key.read_bytes(), None)
    return loaded.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )


def name_presented(context: ssl.SSLContext, files: CertificateFiles) -> list[str]:
    """The names in the certificate with which *context* answers a client."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client_context = files.client_context()
    client_context.check_hostname = False
    client = client_context.wrap_bio(down, up)
    server = context.wrap_bio(up, down, server_side=True)
    for end in (client, server, client):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    presented = client.getpeercert()
    assert presented
    return [str(value) for _, value in presented["subjectAltName"]]


@pytest.mark.parametrize("setting", ["certificate", "key"])
@pytest.mark.parametrize(
    ("contents", "why"),
    [(None, "cannot be read: No such file"), (b"", "in PEM form"), (b"\0\xff", "in PEM form")],
)
def test_a_file_that_cannot_be_used_is_named_with_its_setting(
    tmp_path: Path, setting: str, contents: bytes | None, why: str
) -> None:
    files = certificate_files(tmp_path)
    path: Path = getattr(files, setting)
    path.unlink()
    if contents is not None:
        path.write_bytes(contents)

    with pytest.raises(CertificateFileError) as caught:
        certificate(files)
    assert str(caught.value).startswith(f"dns.encrypted.{setting}: {path}: ")
    assert why in str(caught.value)


def test_the_key_of_another_certificate_is_said_to_be_one(tmp_path: Path) -> None:
    files = certificate_files(tmp_path)
    files.key.write_bytes(trustme.CA().issue_cert(GATEWAY).private_key_pem.bytes())

    with pytest.raises(CertificateFileError, match="is not the key of"):
        certificate(files)


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    files = certificate_files(tmp_path)
    files.key.write_bytes(with_password(files.key))

    with pytest.raises(CertificateFileError, match="the key has a password"):
        certificate(files)


def test_devices_believe_the_names_and_addresses_in_the_certificate(tmp_path: Path) -> None:
    found = certificate(certificate_files(tmp_path, GATEWAY, "10.0.0.1"))
    doubts = found.doubts((GATEWAY, "10.0.0.1", "10.0.0.2", "other.example"))

    assert {"10.0.0.2", "other.example"} == set(doubts)
    assert "not valid for '10.0.0.2'" in doubts["10.0.0.2"]


def test_a_renewed_certificate_is_presented_without_a_restart(tmp_path: Path) -> None:
    authority = trustme.CA()
    files = certificate_files(tmp_path, "old.example", authority=authority)
    found = certificate(files)
    context = found.context("dot")
    before = name_presented(context, files)
    certificate_files(tmp_path, "new.example", authority=authority)
    found.reload()

    assert (["old.example"], ["new.example"]) == (before, name_presented(context, files))


def test_a_half_renewed_certificate_changes_nothing_until_it_is_whole(tmp_path: Path) -> None:
    authority = trustme.CA()
    files = certificate_files(tmp_path, "old.example", authority=authority)
    found = certificate(files)
    context = found.context("dot")
    old_key = files.key.read_bytes()
    certificate_files(tmp_path, "new.example", authority=authority)
    new_key = files.key.read_bytes()
    files.key.write_bytes(old_key)
    found.reload()
    meanwhile = name_presented(context, files)
    files.key.write_bytes(new_key)
    found.reload()

    assert (["old.example"], ["new.example"]) == (meanwhile, name_presented(context, files))


def test_no_context_speaks_anything_older_than_tls_1_2(tmp_path: Path) -> None:
    """Said here too, since many systems' OpenSSL refuses it whatever a program says."""
    context = certificate(certificate_files(tmp_path)).context("dot")

    assert ssl.TLSVersion.TLSv1_2 == context.minimum_version
