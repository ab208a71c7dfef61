"""An authenticator in software: it makes passkeys and signs with them, as a browser sends it."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
BACKUP = 0x08 | 0x10  # may be backed up, and is


def to_text(octets: bytes) -> str:
    """Return *octets* as base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def to_octets(text: str) -> bytes:
    """Return what base64url without padding says."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class SoftAuthenticator:
    """
    One passkey at *origin*; *flags* are what it says of its person, *count* how often it signed.

    A count of None is that of passkeys that are kept in an account: they count nothing.
    """

    origin: str
    flags: int = PRESENT | VERIFIED
    count: int | None = 0
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    handle: bytes = b""

    def make(self, options: Mapping[str, Any], **changed: object) -> str:
        """Return the answer to the options of a registration; *changed* falsifies client data."""
        self.handle = to_octets(options["user"]["id"])
        party = options["rp"]["id"]
        numbers = self.key.public_key().public_numbers()
        public = cbor2.dumps(
            {
                1: 2,
                3: -7,
                -1: 1,
                -2: numbers.x.to_bytes(32, "big"),
                -3: numbers.y.to_bytes(32, "big"),
            }
        )
        attested = (
            bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + public
        )
        authenticator = self._authenticator_data(party, self.flags | ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": authenticator})
        client = self._client_data("webauthn.create", options["challenge"], changed)
        return self._answer(
            {
                "clientDataJSON": to_text(client),
                "attestationObject": to_text(attestation),
                "transports": ["internal", "made-up"],
            }
        )

    def sign(self, options: Mapping[str, Any], **changed: object) -> str:
        """Return the answer to the options of signing in; *changed* falsifies client data."""
        if self.count is not None:
            self.count += 1
        authenticator = self._authenticator_data(options["rpId"], self.flags)
        client = self._client_data("webauthn.get", options["challenge"], changed)
        signed = authenticator + hashlib.sha256(client).digest()
        return self._answer(
            {
                "clientDataJSON": to_text(client),
                "authenticatorData": to_text(authenticator),
                "signature": to_text(self.key.sign(signed, ec.ECDSA(SHA256()))),
                "userHandle": to_text(self.handle),
            }
        )

    def _authenticator_data(self, party: str, flags: int) -> bytes:
        count = (self.count or 0).to_bytes(4, "big")
        return hashlib.sha256(party.encode()).digest() + bytes([flags]) + count

    def _client_data(self, kind: str, challenge: str, changed: Mapping[str, object]) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps({**said, **changed}).encode()

    def _answer(self, response: Mapping[str, object]) -> str:
        named = to_text(self.credential_id)
        return json.dumps(
            {"id": named, "rawId": named, "type": "public-key", "response": response}
        )
