"""
What a browser holds of its session: a root that stays and a part that is replaced.

The token is `root.part`; only the SHA-256 of the whole is stored. Forms carry a secret made from
the root, so they stay good while the part is replaced, and no secret of theirs is stored either.
"""

import hashlib
import hmac
import secrets

MAX_TOKEN = 200
_OCTETS = 32


def new_token() -> str:
    """Return the token of a new session."""
    return f"{secrets.token_urlsafe(_OCTETS)}.{secrets.token_urlsafe(_OCTETS)}"


def next_token(token: str) -> str:
    """Return the token that replaces *token* in the same session."""
    return f"{_root_of(token)}.{secrets.token_urlsafe(_OCTETS)}"


def hash_of(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def csrf_secret_of(token: str) -> str:
    """Return the secret of the session's forms."""
    # One way from the root, so the secret that forms carry says nothing about the cookie.
    root = _root_of(token).encode("utf-8", "surrogateescape")
    return hmac.new(root, b"schoolgate csrf", hashlib.sha256).hexdigest()


def _root_of(token: str) -> str:
    return token.partition(".")[0]
