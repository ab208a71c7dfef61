"""
Secrets that must be read again are sealed with a key that is not in the database.

So a copy of the database, and every backup of it, opens nothing by itself. AES-256-GCM; each
sealed text is bound to whose it is, so that one person's cannot be put in another's place.
"""

import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.whole_files import write_whole

KEY_OCTETS = 32
_NONCE_OCTETS = 12


class CannotUnseal(StoreError):  # noqa: N818 - it says what is the matter
    """A sealed secret cannot be read: its key is gone, or it is another one."""


class Seal:
    """
    Seals with the key in the file *path*, which is made with the first secret.

    None for a process that has no business with secrets: it can neither seal nor unseal.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def seal(self, secret: bytes, whose: str) -> bytes:
        """Return *secret* as only the holder of the key can read it. Raises StoreError."""
        nonce = secrets.token_bytes(_NONCE_OCTETS)
        return nonce + AESGCM(self._key(is_made=True)).encrypt(nonce, secret, whose.encode())

    def unseal(self, sealed: bytes, whose: str) -> bytes:
        """Return what was sealed. Raises CannotUnseal, StoreError."""
        nonce, rest = sealed[:_NONCE_OCTETS], sealed[_NONCE_OCTETS:]
        try:
            return AESGCM(self._key(is_made=False)).decrypt(nonce, rest, whose.encode())
        except (InvalidTag, ValueError) as error:
            raise CannotUnseal(
                f"{self._path}: is not the key that a one-time code's secret was sealed with: "
                "bring the right one back, or have codes set up again"
            ) from error

    def _key(self, *, is_made: bool) -> bytes:
        if self._path is None:
            raise CannotUnseal("this process was given no key for secrets")
        try:
            if is_made and not self._path.exists():
                write_whole(self._path, secrets.token_bytes(KEY_OCTETS))
            key = self._path.read_bytes()
        except OSError as error:
            raise CannotUnseal(f"{self._path}: cannot be read: {error.strerror}") from error
        if len(key) != KEY_OCTETS:
            raise CannotUnseal(f"{self._path}: is not a key: bring the right one back")
        return key
