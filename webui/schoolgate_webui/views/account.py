"""Your account as its page prints it."""

from datetime import timedelta
from urllib.parse import quote

import msgspec

from schoolgate_policyd.core.day_words import day_words
from schoolgate_policyd.store.sign_in_records import (
    ApiToken,
    SecondFactors,
    SessionLine,
    StoredPasskey,
)
from schoolgate_policyd.workflow.accounts import must_have_second_factor
from schoolgate_policyd.workflow.api_scopes import WORDS, known_scopes
from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.views.moments import Now, in_words, short_day_and_time
from schoolgate_webui.views.passkeys import PasskeyPlace

FEW_RECOVERY_CODES = 3
_JUST_NOW = timedelta(minutes=1)


class PasskeyRow(msgspec.Struct, frozen=True):
    """A passkey in the list."""

    href: str
    name: str
    made: str
    used: str
    is_backed_up: bool


class SessionRow(msgspec.Struct, frozen=True):
    """A session in the list; *end_action* is empty for the one that looks at it."""

    device: str
    address: str
    since: str
    seen: str
    end_action: str


class TokenRow(msgspec.Struct, frozen=True):
    """A token in the list; *revoke_action* is empty where it works no longer."""

    name: str
    scopes: tuple[str, ...]
    ends: str
    used: str
    state: str
    revoke_action: str


class AccountPage(msgspec.Struct, frozen=True):
    """Everything about somebody's account."""

    name: str
    username: str
    codes_since: str
    passkeys: tuple[PasskeyRow, ...]
    sessions: tuple[SessionRow, ...]
    tokens: tuple[TokenRow, ...]
    place: PasskeyPlace
    has_one: bool
    is_needed: bool
    recovery_codes_left: int
    has_few_recovery_codes: bool


def account_page(
    member: Member,
    *,
    has: SecondFactors,
    passkeys: tuple[StoredPasskey, ...],
    sessions: tuple[SessionLine, ...],
    here: int,
    tokens: tuple[ApiToken, ...],
    place: PasskeyPlace,
    is_required: bool,
    now: Now,
) -> AccountPage:
    """Return the page; *here* is the session that looks at it."""
    since = has.codes_since
    return AccountPage(
        name=member.name,
        username=member.username or "",
        codes_since="" if since is None else short_day_and_time(now.recorded(since)),
        passkeys=tuple(_passkey(each, now) for each in passkeys),
        sessions=tuple(_session(each, here, now) for each in sessions),
        tokens=tuple(_token(each, now) for each in tokens),
        place=place,
        has_one=has.has_one,
        is_needed=is_required and must_have_second_factor(member),
        recovery_codes_left=has.recovery_codes_left,
        has_few_recovery_codes=has.has_one and has.recovery_codes_left < FEW_RECOVERY_CODES,
    )


def provisioning_uri(secret: str, member: Member, school_name: str) -> str:
    """Return the address that an app for codes takes (Key Uri Format)."""
    issuer = quote(f"{school_name} Schoolgate", safe="")
    account = quote(member.username or member.id, safe="")
    return f"otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}"


def in_fours(secret: str) -> str:
    """Return *secret* as it is easiest to type."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def _passkey(passkey: StoredPasskey, now: Now) -> PasskeyRow:
    used = passkey.last_used_at
    return PasskeyRow(
        href=f"/account/passkeys/{passkey.id}",
        name=passkey.name,
        made=short_day_and_time(now.recorded(passkey.made_at)),
        used="Not yet" if used is None else short_day_and_time(now.recorded(used)),
        is_backed_up=passkey.is_backed_up,
    )


def _session(line: SessionLine, here: int, now: Now) -> SessionRow:
    age = now.age(line.last_seen_at)
    is_here = line.id == here
    return SessionRow(
        device=line.device or "A browser",
        address=line.address,
        since=short_day_and_time(now.recorded(line.created_at)),
        seen="Now" if is_here or age < _JUST_NOW else f"{in_words(age)} ago",
        end_action="" if is_here else f"/account/sessions/{line.id}/end",
    )


def _token(token: ApiToken, now: Now) -> TokenRow:
    works = token.works(now.machine)
    used = token.last_used_at
    over = "Revoked" if token.revoked_at is not None else "Over"
    scopes = known_scopes(token.scopes)
    return TokenRow(
        name=token.name,
        scopes=tuple(words for scope, words in WORDS.items() if scope in scopes),
        # It ends with a day: that day is named, not the midnight after it.
        ends=f"After {day_words((token.ends_at - _JUST_NOW).astimezone(now.zone))}",
        used="Not yet" if used is None else short_day_and_time(now.recorded(used)),
        state="Works" if works else over,
        revoke_action=f"/account/tokens/{token.id}/revoke" if works else "",
    )
