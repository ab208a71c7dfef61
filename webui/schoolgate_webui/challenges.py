"""
Challenges for authenticators: each good for one thing, one browser, five minutes, and once.

A challenge carries its own proof, so asking for a thousand of them writes nothing anywhere; only
those that were answered rightly are kept, until they would be over anyway. The key lives as long
as the process: after a restart whoever is in the middle presses the button again.
"""

import hashlib
import hmac
import secrets
import threading
from datetime import datetime, timedelta
from enum import StrEnum

LASTS = timedelta(minutes=5)
_NONCE_OCTETS = 16
_MOMENT_OCTETS = 8
_PROOF_OCTETS = 32
_LENGTH = _NONCE_OCTETS + _MOMENT_OCTETS + _PROOF_OCTETS


class Purpose(StrEnum):
    """What a challenge is good for."""

    SIGN_IN = "sign-in"
    SECOND_FACTOR = "second-factor"
    NEW_PASSKEY = "new-passkey"


class Challenges:
    """The challenges of this process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(_PROOF_OCTETS)
        self._answered: dict[bytes, datetime] = {}
        self._lock = threading.Lock()

    def new(self, purpose: Purpose, whose: str, now: datetime) -> bytes:
        """Return a challenge for *whose*, a secret of their browser or the id of their session."""
        begun = secrets.token_bytes(_NONCE_OCTETS) + _octets(now + LASTS)
        return begun + self._proof(begun, purpose, whose)

    def is_good(self, challenge: bytes, purpose: Purpose, whose: str, now: datetime) -> bool:
        """Whether *challenge* was made here for this, is not over and was not answered."""
        if len(challenge) != _LENGTH:
            return False
        begun, proof = challenge[:-_PROOF_OCTETS], challenge[-_PROOF_OCTETS:]
        if not hmac.compare_digest(proof, self._proof(begun, purpose, whose)):
            return False
        with self._lock:
            # Moments are compared as octets of one length, most significant first.
            return begun[_NONCE_OCTETS:] > _octets(now) and challenge not in self._answered

    def answer(self, challenge: bytes, now: datetime) -> bool:
        """Use *challenge* up; False where it was before."""
        with self._lock:
            self._answered = {each: until for each, until in self._answered.items() if until > now}
            if challenge in self._answered:
                return False
            self._answered[challenge] = now + LASTS
            return True

    def _proof(self, begun: bytes, purpose: Purpose, whose: str) -> bytes:
        bound = b"\0".join((begun, purpose.encode(), whose.encode("utf-8", "replace")))
        return hmac.digest(self._key, bound, hashlib.sha256)


def _octets(moment: datetime) -> bytes:
    return int(moment.timestamp()).to_bytes(_MOMENT_OCTETS, "big")
