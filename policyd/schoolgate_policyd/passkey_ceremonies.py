"""
What is asked of authenticators, and whether what they answer is right (WebAuthn level 3).

Every passkey here is discoverable and checks its person (a PIN, a finger, a face): so it is two
factors at once, and may sign in alone. Which authenticator it is, is not asked: a school buys
what it likes, and attestations would tell whose devices are alike.

The answers come from browsers, so nothing in them is trusted before it is checked.
"""

import hashlib
import ipaddress
import json
from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec
import webauthn
from webauthn.helpers import base64url_to_bytes, options_to_json_dict
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.settings import Settings
from schoolgate_policyd.store.sign_in_records import NewPasskey, StoredPasskey
from schoolgate_policyd.workflow.signing import Assertion

LONGEST_ANSWER = 32 * 1024
LONGEST_CREDENTIAL_ID = 1023
TIMEOUT_MS = 120_000
_TRANSPORTS = frozenset(each.value for each in AuthenticatorTransport)


class BadPasskey(SchoolgateError):  # noqa: N818 - it says what the answer is
    """An authenticator's answer is not right; nothing was kept of it."""


class RelyingParty(msgspec.Struct, frozen=True):
    """For whom passkeys are made: the host of the pages, and the origins that they have there."""

    id: str
    name: str
    origins: tuple[str, ...]


class Checked(msgspec.Struct, frozen=True):
    """What a right answer says of the passkey."""

    sign_count: int
    is_backed_up: bool


def relying_party(settings: Settings) -> RelyingParty | None:
    """
    Return for whom passkeys are made; None where browsers have none.

    They need a secure context, https or localhost, and a name: an address is none.
    """
    public = urlsplit(settings.web.public_url)
    host = (public.hostname or "").lower()
    is_local = host == "localhost" or host.endswith(".localhost")
    if not host or _is_address(host) or not (public.scheme == "https" or is_local):
        return None
    origins = [f"{public.scheme}://{public.netloc.lower()}"]
    if is_local:
        # The sample school's networks have the same pages at ports of their own.
        origins += [
            f"{public.scheme}://{host}:{each.web_relay_port}"
            for each in settings.networks
            if each.web_relay_port
        ]
    return RelyingParty(host, settings.school_name, tuple(origins))


def registration_options(
    party: RelyingParty,
    *,
    username: str,
    name: str,
    challenge: bytes,
    existing: Iterable[StoredPasskey],
) -> dict[str, object]:
    """Return what a browser hands to `navigator.credentials.create()`, as JSON."""
    existing = tuple(existing)
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_name=username,
        user_display_name=name,
        user_id=handle_for(existing, challenge),
        challenge=challenge,
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[_descriptor(each) for each in existing],
    )
    return options_to_json_dict(options)


def request_options(
    party: RelyingParty, challenge: bytes, among: Iterable[StoredPasskey] = ()
) -> dict[str, object]:
    """Return what a browser hands to `navigator.credentials.get()`; *among* none: any passkey."""
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=[_descriptor(each) for each in among],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def new_passkey(
    party: RelyingParty, challenge: bytes, existing: Iterable[StoredPasskey], answer: str
) -> NewPasskey:
    """Return the passkey that *answer* to *challenge* holds. Raises BadPasskey."""
    read = _read(answer)
    try:
        verified = webauthn.verify_registration_response(
            credential=read,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise BadPasskey("the authenticator’s answer is not right") from error
    if len(verified.credential_id) > LONGEST_CREDENTIAL_ID:
        raise BadPasskey("the passkey’s id is too long")
    response = read.get("response")
    transports = response.get("transports") if isinstance(response, dict) else None
    named = transports if isinstance(transports, list) else []
    return NewPasskey(
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        user_handle=handle_for(tuple(existing), challenge),
        sign_count=verified.sign_count,
        transports=frozenset(
            each for each in named if isinstance(each, str) and each in _TRANSPORTS
        ),
        is_backed_up=verified.credential_backed_up,
    )


def credential_id_of(answer: str) -> bytes:
    """Return the passkey that *answer* says it is from. Raises BadPasskey."""
    named = _read(answer).get("rawId")
    if not isinstance(named, str):
        raise BadPasskey("the answer names no passkey")
    try:
        credential_id = base64url_to_bytes(named)
    except ValueError as error:
        raise BadPasskey("the answer names no passkey") from error
    if not 0 < len(credential_id) <= LONGEST_CREDENTIAL_ID:
        raise BadPasskey("the answer names no passkey")
    return credential_id


def challenge_of(answer: str) -> bytes:
    """Return the challenge that *answer* says it answers. Raises BadPasskey."""
    response = _read(answer).get("response")
    client = response.get("clientDataJSON") if isinstance(response, dict) else None
    if not isinstance(client, str):
        raise BadPasskey("the answer names no challenge")
    try:
        named = json.loads(base64url_to_bytes(client)).get("challenge")
        return base64url_to_bytes(named)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BadPasskey("the answer names no challenge") from error


def checked(party: RelyingParty, challenge: bytes, passkey: StoredPasskey, answer: str) -> Checked:
    """
    Return what *answer* to *challenge* says, if it is signed by *passkey*. Raises BadPasskey.

    Its person was there and was checked; a count that did not grow is of a copy.
    """
    read = _read(answer)
    try:
        verified = webauthn.verify_authentication_response(
            credential=read,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise BadPasskey("the authenticator’s answer is not right") from error
    if verified.credential_id != passkey.credential_id:
        raise BadPasskey("the answer is of another passkey")
    response = read["response"]
    handle = response.get("userHandle") if isinstance(response, dict) else None
    if isinstance(handle, str) and base64url_to_bytes(handle) != passkey.user_handle:
        raise BadPasskey("the answer is of somebody else’s passkey")
    return Checked(verified.new_sign_count, verified.credential_backed_up)


def assertion_of(passkey: StoredPasskey, answer: str) -> Assertion:
    """Return what is kept of a right *answer* of *passkey* where it signs. Raises BadPasskey."""
    response = _read(answer).get("response")
    said = response if isinstance(response, dict) else {}
    try:
        client = base64url_to_bytes(said["clientDataJSON"])
        return Assertion(
            credential_id=passkey.credential_id,
            public_key=passkey.public_key,
            client_data=client,
            authenticator_data=base64url_to_bytes(said["authenticatorData"]),
            signature=base64url_to_bytes(said["signature"]),
            origin=str(json.loads(client)["origin"]),
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadPasskey("the answer is not whole") from error


def handle_for(existing: tuple[StoredPasskey, ...], challenge: bytes) -> bytes:
    """
    Return the handle under which authenticators know the person.

    It is that of their passkeys, else a new one that follows from *challenge*, which is random:
    so it is the same when the answer comes, and nothing has to be kept until then.
    """
    if existing:
        return existing[0].user_handle
    return hashlib.sha256(b"schoolgate user handle\0" + challenge).digest()


def _read(answer: str) -> dict[str, object]:
    if len(answer) > LONGEST_ANSWER:
        raise BadPasskey("the answer is too long")
    try:
        read = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise BadPasskey("the answer is not JSON") from error
    if not isinstance(read, dict):
        raise BadPasskey("the answer is not an object")
    return read


def _descriptor(passkey: StoredPasskey) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(each) for each in sorted(passkey.transports)]
    return PublicKeyCredentialDescriptor(id=passkey.credential_id, transports=transports or None)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
