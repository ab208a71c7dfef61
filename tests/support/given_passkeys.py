"""Passkeys that people of a test have, without the pages on which they would make them."""

import secrets
from urllib.parse import urlsplit

from soft_authenticator import SoftAuthenticator
from web_school import MACHINE, WebSchool

from schoolgate_policyd.passkey_ceremonies import RelyingParty, new_passkey, registration_options


def passkey_of(school: WebSchool, person: str, origin: str) -> SoftAuthenticator:
    """Give *person* a passkey that was made at *origin*."""
    party = RelyingParty(urlsplit(origin).hostname or "", "School", (origin,))
    challenge, key = secrets.token_bytes(32), SoftAuthenticator(origin)
    options = registration_options(
        party, username=person, name=person, challenge=challenge, existing=()
    )
    made = new_passkey(party, challenge, (), key.make(options))
    school.decisions.passkeys.add(person, made, "Key", at=MACHINE, by=person)
    return key
