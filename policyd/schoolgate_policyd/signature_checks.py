"""
Whether a stored signature is right, from what is stored alone, as anybody could check it.

The text gives the challenge; what the browser said names the challenge; the passkey signed what
the browser said. Of a signature with a password nothing can be checked but that its digest is of
its text: the audit, whose entry names the digest, says that it was given.
"""

import hashlib
import hmac
import json
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature
from webauthn.helpers import (
    bytes_to_base64url,
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    verify_signature,
)
from webauthn.helpers.exceptions import WebAuthnException

from schoolgate_policyd.workflow.signing import Assertion, StoredSignature

_HASH_OCTETS = 32
_FLAGS_AT = 32
_LEAST_OCTETS = 37
_PRESENT, _VERIFIED = 0x01, 0x04


class Finding(msgspec.Struct, frozen=True):
    """What was checked, and what is *wrong* with it: nothing where it is empty."""

    what: str
    wrong: str = ""


def findings(signature: StoredSignature, kept_digest: str) -> tuple[Finding, ...]:
    """Return what was checked of *signature*; *kept_digest* is the one that stands beside it."""
    is_same = hmac.compare_digest(signature.digest, kept_digest)
    checked = [
        Finding(
            "the digest is of the text, its object, its version and its nonce",
            "" if is_same else "the text, its object, its version or its nonce was changed",
        )
    ]
    if signature.assertion is not None:
        challenge = bytes.fromhex(signature.digest)
        checked += [
            _client_data(signature.assertion, challenge),
            _authenticator_data(signature.assertion),
            _signed(signature.assertion),
        ]
    return tuple(checked)


def _client_data(assertion: Assertion, challenge: bytes) -> Finding:
    what = "the browser was asked to sign exactly that, at the school’s pages"
    try:
        said = json.loads(assertion.client_data)
        expected = ("webauthn.get", bytes_to_base64url(challenge), assertion.origin)
        found = (said["type"], said["challenge"].rstrip("="), said["origin"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Finding(what, "what the browser said cannot be read")
    if found != expected:
        return Finding(what, "the browser was asked to sign something else, or elsewhere")
    return Finding(what)


def _authenticator_data(assertion: Assertion) -> Finding:
    what = "the authenticator was asked for that address, and checked its person"
    data = assertion.authenticator_data
    host = urlsplit(assertion.origin).hostname or ""
    if len(data) < _LEAST_OCTETS:
        return Finding(what, "what the authenticator said is not whole")
    if data[:_HASH_OCTETS] != hashlib.sha256(host.encode()).digest():
        return Finding(what, "the authenticator was asked for another address")
    if data[_FLAGS_AT] & (_PRESENT | _VERIFIED) != _PRESENT | _VERIFIED:
        return Finding(what, "the authenticator did not check its person")
    return Finding(what)


def _signed(assertion: Assertion) -> Finding:
    what = "the passkey signed it"
    signed = assertion.authenticator_data + hashlib.sha256(assertion.client_data).digest()
    try:
        key = decode_credential_public_key(assertion.public_key)
        verify_signature(
            public_key=decoded_public_key_to_cryptography(key),
            signature_alg=key.alg,
            signature=assertion.signature,
            data=signed,
        )
    except (InvalidSignature, WebAuthnException, ValueError, TypeError, KeyError):
        return Finding(what, "it is not the passkey’s signature")
    return Finding(what)
