"""
What a browser holds of its session: a root that stays and a part that is replaced.

The token is `root.part`; only the SHA-256 of the whole is stored. Forms carry a secret made from
the root, so they stay good while the part is replaced, and no secret of theirs is stored either.
"""

import hashlib
import hmac

from schoolgate_policyd import secret_codes

MAX_TOKEN = 200


def new_token() -> str:
    """Return the token of a new session."""
    return f"{secret_codes.new_token()}.{secret_codes.new_token()}"


def next_token(token: str) -> str:
    """Return the token that replaces *token* in the same session."""
    return f"{_root_of(token)}.{secret_codes.new_token()}"


def csrf_secret_of(token: str) -> str:
    """Return the secret of the session's forms."""
    # One way from the root, so the secret that forms carry says nothing about the cookie.
    root = _root_of(token).encode("utf-8", "surrogateescape")
    return hmac.new(root, b"schoolgate csrf", hashlib.sha256).hexdigest()


def _root_of(token: str) -> str:
    return token.partition(".")[0]
