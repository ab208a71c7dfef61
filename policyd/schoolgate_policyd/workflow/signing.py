"""
What a signature is: a person's proof, given for exactly the text that they were shown.

A document is signed in two steps, as a form's answers are checked before they are sent: the text
is put together and shown whole, then its signer proves who they are, for that text and no other.
The proof is a passkey's, or the password entered again with a one-time code.

    challenge = SHA-256 of six lines and the text:

        schoolgate signature 1
        <kind> <object>
        version <number of the object's version>
        nonce <64 hexadecimal digits>
        octets <length of the text in UTF-8>
        <empty>
        <the text>

A passkey signs that challenge (WebAuthn Level 3, 7.2), so what is stored proves who signed what
to anybody who has the text. With the password, the same digest says which text was meant.
"""

import hashlib
import re
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from schoolgate_policyd.workflow.errors import WrongState

# Long enough to read what is signed and to look for one's phone.
SIGNING_LASTS = timedelta(minutes=15)
# Every field of the longest form in characters of four octets, and some questions.
MAX_SIGNED_TEXT = 256 * 1024
# Stands for the digest in a decision that is put together to be read, before it is signed.
UNSIGNED = "0" * 64
_NONCE = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
_OBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,79}\Z", re.ASCII)


class SignedKind(StrEnum):
    """What is signed."""

    DECISION = "decision"
    DELEGATION = "delegation"
    STANDING = "standing"
    BLOCK = "block"
    DIFFERENT_DAY = "different-day"
    NETWORK = "network"
    POLICY = "policy"
    DUTY = "duty"


class Means(StrEnum):
    """With what a signer proved who they are."""

    PASSKEY = "passkey"
    PASSWORD_AND_CODE = "password-and-code"  # noqa: S105 - the name of a means
    # Only where the school does not ask for a second factor, as in the sample school.
    PASSWORD = "password"  # noqa: S105 - the name of a means


class Unsignable(ValueError):  # noqa: N818 - it is what the document is
    """What cannot be signed, whoever signs: it could be read in two ways, or not at all."""


class SignedDocument(msgspec.Struct, frozen=True):
    """
    A text to sign: the *version* of the object *object_id* that it is about.

    Raises Unsignable.
    """

    kind: SignedKind
    object_id: str
    version: int
    text: str

    def __post_init__(self) -> None:
        if not _OBJECT.match(self.object_id) or self.version < 0:
            raise Unsignable(
                f"The id `{self.object_id}` cannot be signed: what is signed has a plain id, of "
                "letters from A to Z, digits and hyphens. Give it such an id first."
            )
        if len(self.text.encode()) > MAX_SIGNED_TEXT:
            raise Unsignable(
                f"This is too long to be signed: its text has more than {MAX_SIGNED_TEXT} octets. "
                "Write less, or change less at once."
            )


class Signing(msgspec.Struct, frozen=True):
    """
    A signing that was begun in a session: its text was shown, its proof is still to come.

    *entered* is what was typed into the form that led here; times are machine time, aware.
    """

    nonce: str
    session: int
    person: str
    document: SignedDocument
    entered: dict[str, str]
    begun_at: datetime
    is_used: bool = False

    @property
    def challenge(self) -> bytes:
        """What a passkey signs."""
        return challenge_of(self.document, self.nonce)

    def require_open(self, at: datetime) -> None:
        """Raise WrongState once it was used, or took too long."""
        if self.is_used:
            raise WrongState("This was signed already.")
        if not self.begun_at <= at < self.begun_at + SIGNING_LASTS:
            raise WrongState("Signing took too long: look at it again, then sign.")


class Assertion(msgspec.Struct, frozen=True):
    """
    What a passkey said, kept whole so that it can be checked again by anybody.

    *public_key* (COSE) and *origin* stay with it: the passkey may be removed later.
    """

    credential_id: bytes
    public_key: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes
    origin: str


class StoredSignature(msgspec.Struct, frozen=True):
    """A signature as it is kept; *assertion* is there where a passkey signed."""

    id: int
    document: SignedDocument
    person: str
    nonce: str
    means: Means
    at: datetime
    assertion: Assertion | None = None

    @property
    def digest(self) -> str:
        """The challenge in hexadecimal: what forms print."""
        return challenge_of(self.document, self.nonce).hex()


def challenge_of(document: SignedDocument, nonce: str) -> bytes:
    """Return the digest that is signed. Raises ValueError for what is no nonce."""
    if not _NONCE.match(nonce):
        raise ValueError("a nonce has 64 hexadecimal digits")
    text = document.text.encode()
    head = (
        "schoolgate signature 1\n"
        f"{document.kind} {document.object_id}\n"
        f"version {document.version}\n"
        f"nonce {nonce}\n"
        f"octets {len(text)}\n"
        "\n"
    )
    return hashlib.sha256(head.encode() + text).digest()
