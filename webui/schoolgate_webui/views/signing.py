"""The page where something is signed, and the words for what was."""

from collections.abc import Mapping

import msgspec

from schoolgate_policyd.store.sign_in_records import SecondFactors
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.signing import Means, SignedKind, Signing, StoredSignature
from schoolgate_webui.views.fields import Field, Form
from schoolgate_webui.views.moments import Now, short_day_and_time
from schoolgate_webui.views.passkeys import PasskeyPlace
from schoolgate_webui.views.requests import Names

LABELS = {"passkey": "Passkey", "password": "Password", "code": "Code"}

_GROUP = 8
_GROUPS_SHOWN = 4
_TITLES: Mapping[SignedKind, str] = {
    SignedKind.DECISION: "Sign your decision",
    SignedKind.DELEGATION: "Sign the delegation",
    SignedKind.STANDING: "Sign the standing permission",
    SignedKind.BLOCK: "Sign that the block is lifted",
    SignedKind.DIFFERENT_DAY: "Sign the different day",
    SignedKind.NETWORK: "Sign the change of the network",
    SignedKind.POLICY: "Sign the policy",
    SignedKind.DUTY: "Sign the duties",
}
MEANS: Mapping[Means, str] = {
    Means.PASSKEY: "with a passkey",
    Means.PASSWORD_AND_CODE: "with the password entered again and a one-time code",
    Means.PASSWORD: "with the password entered again",
}


class SignPage(msgspec.Struct, frozen=True):
    """
    What the page prints: exactly the *text*, who signs, and the ways there are.

    *digest* is what the signature is under, its first groups.
    """

    path: str
    title: str
    who: str
    text: str
    digest: str
    back_href: str
    has_passkey: bool
    has_passkey_elsewhere: bool
    has_password: bool
    is_code_needed: bool
    can_sign: bool
    is_changed: bool
    mistakes: list[dict[str, str]]
    passkeys: PasskeyPlace
    passkey: Field
    password: Field
    code: Field


def sign_page(
    signing: Signing,
    member: Member,
    has: SecondFactors,
    *,
    back_href: str,
    passkeys: PasskeyPlace,
    is_factor_required: bool,
    invalid: InvalidForm | None = None,
    is_changed: bool = False,
) -> SignPage:
    """
    Return the page of *signing* for *member*, who *has* a second factor or not.

    *is_changed* where it cannot be signed any more, since what it was about has changed.
    """
    form = Form(LABELS, {}, invalid)
    has_codes = has.codes_since is not None or has.recovery_codes_left > 0
    is_code_needed = has.has_one or is_factor_required
    has_passkey = has.passkeys > 0 and passkeys.is_here
    has_password = has_codes or not is_code_needed
    return SignPage(
        path=f"/sign/{signing.nonce}",
        title=_TITLES[signing.document.kind],
        who=f"{member.name} ({member.id})",
        text=signing.document.text,
        digest=digest_words(signing.challenge.hex()),
        back_href=back_href,
        has_passkey=has_passkey,
        has_passkey_elsewhere=has.passkeys > 0 and not passkeys.is_here,
        has_password=has_password,
        is_code_needed=is_code_needed,
        can_sign=(has_passkey or has_password) and not is_changed,
        is_changed=is_changed,
        mistakes=form.mistakes,
        passkeys=passkeys,
        passkey=form["passkey"],
        password=form["password"],
        code=form["code"],
    )


def digest_words(digest: str) -> str:
    """Return the beginning of a digest, in groups that can be compared by eye."""
    shown = digest[: _GROUP * _GROUPS_SHOWN]
    return " ".join(shown[start : start + _GROUP] for start in range(0, len(shown), _GROUP))


def proof_words(signature: StoredSignature, names: Names, now: Now) -> str:
    """Return who signed, by what means and when, for a form and for paper."""
    when = short_day_and_time(now.recorded(signature.at))
    return (
        f"Signed {MEANS[signature.means]} by {names.person(signature.person)} on {when}. "
        f"Signature {signature.id}, digest {digest_words(signature.digest)}…"
    )
