r"""
C2SP signed notes (c2sp.org/signed-note) with Ed25519.

A note is text that ends in a line feed, an empty line, and signature lines
`— <key name> base64(<key id: 4 octets><signature>)`. The key id is the beginning of
SHA-256(name + "\n" + 0x01 + public key); signatures of keys that nobody asked for are passed
over, as the specification says. Keys are written as `<name>+<key id in hex>+base64(0x01 + key)`.
"""

import base64
import binascii
import hashlib
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from schoolgate_policyd.ledger.errors import NotANote, WrongSignature

ED25519 = b"\x01"
ID_SIZE = 4
KEY_SIZE = 32
MAX_NOTE = 64 * 1024
MAX_SIGNATURES = 100
MAX_NAME = 200
_DASH = "\u2014 "
_PRIVATE = "PRIVATE+KEY+"


class Signature(NamedTuple):
    """A line below the note, whoever made it."""

    name: str
    key_id: bytes
    octets: bytes


class Note(NamedTuple):
    """A note whose signatures nobody has looked at yet."""

    text: str
    signatures: tuple[Signature, ...]


class Verifier:
    """A public key by its *name*."""

    def __init__(self, name: str, key: bytes) -> None:
        self.name = _checked_name(name)
        if len(key) != KEY_SIZE:
            raise NotANote(f"an Ed25519 key has {KEY_SIZE} octets")
        self.key = key
        self.key_id = hashlib.sha256(name.encode() + b"\n" + ED25519 + key).digest()[:ID_SIZE]
        self._public = Ed25519PublicKey.from_public_bytes(key)

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_base64(ED25519 + self.key)}"

    def text_of(self, note: Note) -> str:
        """Return the text of *note* if this key signed it. Raises WrongSignature."""
        ours = [each for each in note.signatures if self._is_by_us(each)]
        if not ours:
            raise WrongSignature(f"there is no signature of the key `{self.name}`")
        for each in ours:
            try:
                self._public.verify(each.octets, note.text.encode())
            except InvalidSignature as error:
                raise WrongSignature(f"the signature of `{self.name}` is wrong") from error
        return note.text

    def _is_by_us(self, signature: Signature) -> bool:
        return signature.name == self.name and signature.key_id == self.key_id


class Signer:
    """A private key by its *name*; it never shows in a repr."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self._key = key
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.verifier = Verifier(name, public)

    @classmethod
    def made(cls, name: str) -> "Signer":
        """Return a signer with a new key."""
        return cls(name, Ed25519PrivateKey.generate())

    def signed(self, text: str) -> str:
        """Return *text*, which ends in a line feed, as a signed note. Raises NotANote."""
        _check_text(text)
        octets = self.verifier.key_id + self._key.sign(text.encode())
        return f"{text}\n{_DASH}{self.verifier.name} {_base64(octets)}\n"

    def written(self) -> str:
        """Return the private key for its file, as other tools for signed notes write it."""
        raw = self._key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        verifier = self.verifier
        return f"{_PRIVATE}{verifier.name}+{verifier.key_id.hex()}+{_base64(ED25519 + raw)}"


def read_verifier(text: str) -> Verifier:
    """Return the public key that *text* is. Raises NotANote."""
    name, key_id, key = _key_parts(text.strip())
    verifier = Verifier(name, key)
    if verifier.key_id != key_id:
        raise NotANote("the key's id is not that of its name and octets: it was copied wrongly")
    return verifier


def read_signer(text: str) -> Signer:
    """Return the private key that *text* is. Raises NotANote, without the key in it."""
    text = text.strip()
    if not text.startswith(_PRIVATE):
        raise NotANote("it is not a private key")
    name, key_id, key = _key_parts(text.removeprefix(_PRIVATE))
    signer = Signer(name, Ed25519PrivateKey.from_private_bytes(key))
    if signer.verifier.key_id != key_id:
        raise NotANote("the private key's id is not that of its name and octets")
    return signer


def read_note(text: str) -> Note:
    """Return the parts of the signed note *text*. Raises NotANote."""
    if len(text) > MAX_NOTE:
        raise NotANote(f"a note has at most {MAX_NOTE} characters")
    body, gap, below = text.rpartition("\n\n")
    if not gap or not below.endswith("\n"):
        raise NotANote("a note is text, an empty line and signatures, each line ended")
    body += "\n"
    _check_text(body)
    lines = below[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NotANote(f"a note has at most {MAX_SIGNATURES} signatures")
    return Note(body, tuple(_signature(line) for line in lines))


def _signature(line: str) -> Signature:
    name, space, octets = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise NotANote("a line below the note is not a signature")
    raw = _unbase64(octets)
    if len(raw) <= ID_SIZE:
        raise NotANote("a signature is too short")
    return Signature(_checked_name(name), raw[:ID_SIZE], raw[ID_SIZE:])


def _key_parts(text: str) -> tuple[str, bytes, bytes]:
    if len(text) > MAX_NAME + 100:
        raise NotANote("a key is shorter")
    name, _, rest = text.partition("+")
    id_text, _, key_text = rest.partition("+")
    key = _unbase64(key_text)
    try:
        key_id = bytes.fromhex(id_text)
    except ValueError as error:
        raise NotANote("a key is written as name+id+octets") from error
    if len(key) != 1 + KEY_SIZE or key[:1] != ED25519 or len(key_id) != ID_SIZE:
        raise NotANote("it is not an Ed25519 key for signed notes, written as name+id+octets")
    return name, key_id, key[1:]


def _checked_name(name: str) -> str:
    is_plain = name.isprintable() and not any(each.isspace() or each == "+" for each in name)
    if not name or not is_plain or len(name) > MAX_NAME:
        raise NotANote("a key's name is a short text without spaces and `+`")
    return name


def _check_text(text: str) -> None:
    if not text.endswith("\n") or any(ord(each) < ord(" ") and each != "\n" for each in text):
        raise NotANote("a note's text ends in a line feed and has no other control characters")


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


def _unbase64(text: str) -> bytes:
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotANote("a part of it is not base64") from error
    if _base64(octets) != text:
        raise NotANote("a part of it is not base64 in its canonical form")
    return octets
