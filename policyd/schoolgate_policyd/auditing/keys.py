"""The audit's signing key: made on the box, and nobody's but policyd's."""

import os
import re
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.ledger.errors import NotANote
from schoolgate_policyd.ledger.notes import Signer, read_signer, read_verifier
from schoolgate_policyd.settings import Settings
from schoolgate_policyd.shared_folders import PRIVATE_FOLDER
from schoolgate_policyd.whole_files import write_whole

SIGNING_KEY = "signing-key"
PUBLIC_KEY = "public-key"
MAX_KEY = 1024
_OTHERS = 0o077
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.-]", re.ASCII)


class AuditError(SchoolgateError):
    """The audit cannot be exported or signed; the message says what to do."""


class AuditKeyError(AuditError):
    """The signing key cannot be read or made, or is not private."""


def give_to_owner(path: Path) -> None:
    """Give what root made in somebody else's folder to whoever owns it. Raises OSError."""
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.chown(path, folder.st_uid, folder.st_gid)


def signer_of(settings: Settings) -> Signer:
    """
    Return the audit's signer; its key is made when there is none.

    A key is never replaced: what it signed would have no key any more. Raises AuditKeyError.
    """
    path = settings.audit_dir / SIGNING_KEY
    try:
        settings.audit_dir.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        if not path.exists():
            _make(path, settings)
        return _read(path)
    except OSError as error:
        raise AuditKeyError(f"{path}: cannot be used: {error.strerror}") from error


def public_key_of(settings: Settings) -> str:
    """Return the public key, made with its signing key when there is none. Raises AuditError."""
    path = settings.audit_dir / PUBLIC_KEY
    if not path.exists():
        return str(signer_of(settings).verifier)
    try:
        with path.open("rb") as file:
            return str(read_verifier(file.read(MAX_KEY).decode("ascii")))
    except OSError as error:
        raise AuditKeyError(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, NotANote) as error:
        raise AuditKeyError(f"{path}: is not a public key") from error


def _make(path: Path, settings: Settings) -> None:
    host = urlsplit(settings.web.public_url).hostname or "localhost"
    # Random letters tell a box that was set up anew from the one whose log witnesses know.
    signer = Signer.made(f"{_NOT_IN_NAMES.sub('-', host)}/audit/{secrets.token_hex(4)}")
    # The public one first: there is never a signing key whose public key is nowhere.
    write_whole(path.parent / PUBLIC_KEY, f"{signer.verifier}\n".encode())
    write_whole(path, f"{signer.written()}\n".encode())
    for each in (path.parent / PUBLIC_KEY, path):
        give_to_owner(each)


def _read(path: Path) -> Signer:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & _OTHERS:
            raise AuditKeyError(
                f"{path}: others than its owner may use this key: `chmod 600` it, and find out "
                "who has read it"
            )
        octets = file.read(MAX_KEY)
    try:
        return read_signer(octets.decode("ascii"))
    except (UnicodeDecodeError, NotANote) as error:
        raise AuditKeyError(f"{path}: is not a signing key: restore it from a backup") from error
