"""What the store returns of passkeys, codes and tokens: frozen, without a tie to the database."""

from datetime import datetime

import msgspec

from schoolgate_policyd.workflow.people import Member


class StoredPasskey(msgspec.Struct, frozen=True):
    """A passkey of *person* (machine time, aware)."""

    id: int
    person: str
    credential_id: bytes
    public_key: bytes
    user_handle: bytes
    sign_count: int
    transports: frozenset[str]
    is_backed_up: bool
    name: str
    made_at: datetime
    last_used_at: datetime | None


class NewPasskey(msgspec.Struct, frozen=True):
    """A passkey as an authenticator made it, and as it was checked."""

    credential_id: bytes
    public_key: bytes
    user_handle: bytes
    sign_count: int
    transports: frozenset[str]
    is_backed_up: bool


class SecondFactors(msgspec.Struct, frozen=True):
    """What a person has beside a password; *codes_since* None: no one-time codes."""

    codes_since: datetime | None
    passkeys: int
    recovery_codes_left: int

    @property
    def has_one(self) -> bool:
        """Whether they have one; recovery codes alone are none, they are for when one is lost."""
        return self.codes_since is not None or self.passkeys > 0


class SessionLine(msgspec.Struct, frozen=True):
    """A session as its person sees it in a list."""

    id: int
    device: str
    address: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


class ApiToken(msgspec.Struct, frozen=True):
    """A token without its secret (machine time, aware)."""

    id: int
    person: str
    name: str
    scopes: frozenset[str]
    made_at: datetime
    ends_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    def works(self, at: datetime) -> bool:
        """Whether it opens anything at *at*."""
        return self.revoked_at is None and at < self.ends_at


class ApiCaller(msgspec.Struct, frozen=True):
    """Who asks with a token, and what the token lets them do."""

    token: ApiToken
    member: Member


class SetupCode(msgspec.Struct, frozen=True):
    """A code for setting an account up: shown once, kept nowhere."""

    code: str
    person: str
    ends_at: datetime

    def __repr__(self) -> str:
        return f"SetupCode(person={self.person!r})"
