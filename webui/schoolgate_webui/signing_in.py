"""What the routes of signing in share: where to go on to, cookies, waits, passkeys' answers."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote, urlsplit

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette import status

from schoolgate_policyd.config import SecondFactorRule
from schoolgate_policyd.passkey_ceremonies import (
    BadPasskey,
    RelyingParty,
    challenge_of,
    checked,
    credential_id_of,
)
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.records import SignedIn, TooSoon, WebSession
from schoolgate_policyd.store.second_factor import UsedPasskey
from schoolgate_policyd.store.sign_in_records import StoredPasskey
from schoolgate_policyd.workflow.accounts import Lack
from schoolgate_webui.challenges import Purpose
from schoolgate_webui.site import Site, Visit
from schoolgate_webui.views.browsers import device_words
from schoolgate_webui.views.moments import in_words
from schoolgate_webui.views.passkeys import PasskeyPlace

_LONGEST_NEXT = 12_000
BAD_PASSKEY = "That passkey was not accepted. Try again, or sign in another way."


def passkey_place(site: Site, request: Request) -> PasskeyPlace:
    """Return whether passkeys work where *request* was sent, and where else they do."""
    party = site.relying_party
    origins = () if party is None else party.origins
    return PasskeyPlace(
        # The scheme is not compared: https may end before the pages. A browser knows its own.
        is_here=request.url.netloc.lower() in {urlsplit(each).netloc for each in origins},
        is_at_public_url=party is not None,
        public_url=site.settings.web.public_url.rstrip("/"),
    )


def local_path(text: str) -> str:
    """Return *text* if it is a path of these pages, else the first page: no way out by a link."""
    is_path = text.startswith("/") and not text.startswith(("//", "/\\"))
    if not is_path or not text.isprintable() or "\\" in text or len(text) > _LONGEST_NEXT:
        return "/"
    return text


def next_step(session: WebSession, going_on: str) -> str:
    """Return the page that comes next for *session*, which may lack something."""
    then = "" if going_on == "/" else f"?next={quote(going_on, safe='')}"
    match session.lacks:
        case None:
            return going_on
        case Lack.SECOND_FACTOR:
            return f"/sign-in/second{then}"
        case Lack.SETTING_ONE_UP:
            return f"/sign-in/set-up{then}"


def gone_on(request: Request, site: Site, signed: SignedIn, going_on: str) -> RedirectResponse:
    """Return the way on, with the cookie of the session that was opened or raised."""
    where = next_step(signed.session, going_on)
    response = RedirectResponse(where, status.HTTP_303_SEE_OTHER)
    site.cookies.set_session(request, response, signed.token)
    return response


def is_second_factor_required(site: Site) -> bool:
    """Whether the school has the duties that see personal data use a second factor."""
    return site.settings.web.second_factor is SecondFactorRule.REQUIRED


def device_of(request: Request) -> str:
    """Return the browser that asks, in a few words of our own."""
    return device_words(request.headers.get("user-agent", ""))


def wait_words(outcome: TooSoon) -> str:
    """Return how long to wait, as a sentence."""
    return (
        f"That was wrong a few times. Wait {in_words(outcome.wait)}, then try again: "
        "nobody is locked out for good."
    )


def used_passkey(
    site: Site, visit: Visit, answer: str, *, purpose: Purpose, whose: str
) -> UsedPasskey | TooSoon:
    """
    Return the passkey that *answer* is from, if it is right. Raises BadPasskey.

    Raises UnknownObject where there are no passkeys.
    """

    def look(party: RelyingParty, attempt: int) -> UsedPasskey:
        now = visit.now.machine
        challenge = answered_challenge(site, answer, purpose, whose, now)
        used = checked_passkey(site, party, challenge, answer, attempt)
        use_up(site, challenge, now)
        return used

    return counted(site, visit, look)


def counted[T](site: Site, visit: Visit, look: Callable[[RelyingParty, int], T]) -> T | TooSoon:
    """
    Return what *look* makes of a passkey's answer, as an attempt from this address.

    Raises BadPasskey when *look* does, and UnknownObject where there are no passkeys.
    """
    party, now = site.relying_party, visit.now.machine
    if party is None:
        raise UnknownObject("there are no passkeys here")
    factor = site.decisions.second_factor
    attempt = factor.begin_passkey(visit.address, at=now)
    if isinstance(attempt, TooSoon):
        return attempt
    try:
        return look(party, attempt)
    except BadPasskey:
        factor.passkey_failed(visit.address, at=now)
        raise


def checked_passkey(
    site: Site,
    party: RelyingParty,
    challenge: bytes,
    answer: str,
    attempt: int,
    *,
    person: str | None = None,
) -> UsedPasskey:
    """
    Return the passkey that *answer* to *challenge* is from. Raises BadPasskey.

    It must be *person*'s where one is named.
    """
    passkey = _passkey_of(site, answer)
    if person is not None and passkey.person != person:
        raise BadPasskey("the passkey is somebody else’s")
    found = checked(party, challenge, passkey, answer)
    return UsedPasskey(passkey, attempt, found.sign_count, found.is_backed_up)


def answered_challenge(
    site: Site, answer: str, purpose: Purpose, whose: str, now: datetime
) -> bytes:
    """Return the challenge that *answer* answers. Raises BadPasskey unless it is one of ours."""
    challenge = challenge_of(answer)
    if not site.challenges.is_good(challenge, purpose, whose, now):
        raise BadPasskey("the challenge is not ours, or it is over")
    return challenge


def use_up(site: Site, challenge: bytes, now: datetime) -> None:
    """Have *challenge* be answered. Raises BadPasskey where it was before."""
    if not site.challenges.answer(challenge, now):
        raise BadPasskey("the challenge was answered before")


def _passkey_of(site: Site, answer: str) -> StoredPasskey:
    passkey = site.decisions.passkeys.find(credential_id_of(answer))
    if passkey is None:
        raise BadPasskey("nobody here has this passkey")
    return passkey
