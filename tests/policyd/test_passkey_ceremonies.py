"""What is asked of authenticators, and which of their answers are right."""

import dataclasses
import json
from datetime import UTC, datetime

import msgspec
import pytest
from soft_authenticator import BACKUP, PRESENT, VERIFIED, SoftAuthenticator, to_octets, to_text

from schoolgate_policyd.config import NetworkSettings, Settings, WebSettings
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.passkey_ceremonies import (
    LONGEST_ANSWER,
    BadPasskey,
    RelyingParty,
    challenge_of,
    checked,
    credential_id_of,
    new_passkey,
    registration_options,
    relying_party,
    request_options,
)
from schoolgate_policyd.store.sign_in_records import NewPasskey, StoredPasskey

AT = datetime(2027, 3, 2, 18, 30, tzinfo=UTC)
PARTY = RelyingParty("gate.school.example", "Willow Lane", ("https://gate.school.example",))
CHALLENGE = b"a challenge that nobody could guess"


def made_by(authenticator: SoftAuthenticator, **changed: object) -> NewPasskey:
    options = registration_options(
        PARTY, username="head", name="Hana Head", challenge=CHALLENGE, existing=()
    )
    return new_passkey(PARTY, CHALLENGE, (), authenticator.make(options, **changed))


def stored(made: NewPasskey) -> StoredPasskey:
    return StoredPasskey(
        id=1,
        person="head",
        credential_id=made.credential_id,
        public_key=made.public_key,
        user_handle=made.user_handle,
        sign_count=made.sign_count,
        transports=made.transports,
        is_backed_up=made.is_backed_up,
        name="Laptop",
        made_at=AT,
        last_used_at=None,
    )


def ready() -> tuple[SoftAuthenticator, StoredPasskey]:
    authenticator = SoftAuthenticator(PARTY.origins[0])
    return authenticator, stored(made_by(authenticator))


def test_a_passkey_that_was_made_signs_in() -> None:
    authenticator, passkey = ready()

    answer = authenticator.sign(request_options(PARTY, CHALLENGE))

    assert 1 == checked(PARTY, CHALLENGE, passkey, answer).sign_count
    assert passkey.credential_id == credential_id_of(answer)
    assert CHALLENGE == challenge_of(answer)
    assert frozenset({"internal"}) == passkey.transports
    assert not passkey.is_backed_up


def test_whether_a_passkey_is_backed_up_is_kept() -> None:
    authenticator = SoftAuthenticator(PARTY.origins[0], flags=PRESENT | VERIFIED | BACKUP)

    assert made_by(authenticator).is_backed_up


def test_every_passkey_is_discoverable_and_checks_its_person() -> None:
    options = registration_options(
        PARTY, username="head", name="Hana Head", challenge=CHALLENGE, existing=()
    )

    chosen = options["authenticatorSelection"]
    assert isinstance(chosen, dict)
    assert ("required", "required") == (chosen["residentKey"], chosen["userVerification"])
    assert "none" == options["attestation"]
    assert "required" == request_options(PARTY, CHALLENGE)["userVerification"]


def test_the_handle_says_nothing_of_the_person_and_stays_the_same() -> None:
    _, first = ready()
    again = registration_options(
        PARTY, username="head", name="Hana Head", challenge=b"another challenge", existing=(first,)
    )

    user, excluded = again["user"], again["excludeCredentials"]
    assert isinstance(user, dict)
    assert isinstance(excluded, list)
    assert first.user_handle == to_octets(user["id"])
    assert b"head" not in first.user_handle
    assert [to_text(first.credential_id)] == [each["id"] for each in excluded]


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "https://gate.school.example.evil.example"},
        {"origin": "http://gate.school.example"},
        {"challenge": to_text(b"a challenge from yesterday")},
        {"type": "webauthn.create"},
    ],
)
def test_an_answer_for_somewhere_or_something_else_is_refused(changed: dict[str, str]) -> None:
    authenticator, passkey = ready()
    answer = authenticator.sign(request_options(PARTY, CHALLENGE), **changed)

    with pytest.raises(BadPasskey):
        checked(PARTY, CHALLENGE, passkey, answer)


@pytest.mark.parametrize("flags", [0, PRESENT, VERIFIED])
def test_whose_person_was_not_there_and_checked_is_refused(flags: int) -> None:
    authenticator, passkey = ready()
    authenticator.flags = flags

    with pytest.raises(BadPasskey):
        checked(PARTY, CHALLENGE, passkey, authenticator.sign(request_options(PARTY, CHALLENGE)))
    with pytest.raises(BadPasskey):
        made_by(SoftAuthenticator(PARTY.origins[0], flags=flags))


def test_another_key_another_party_and_another_person_are_refused() -> None:
    authenticator, passkey = ready()
    other = SoftAuthenticator(PARTY.origins[0], credential_id=passkey.credential_id)
    other_party = RelyingParty("elsewhere.example", PARTY.name, PARTY.origins)
    elsewhere = request_options(other_party, CHALLENGE)
    options = request_options(PARTY, CHALLENGE)
    wrong_handle = SoftAuthenticator(
        PARTY.origins[0], credential_id=passkey.credential_id, key=authenticator.key, handle=b"x"
    )

    for answer in (
        other.sign(options),
        authenticator.sign(elsewhere),
        SoftAuthenticator(PARTY.origins[0]).sign(options),
        wrong_handle.sign(options),
    ):
        with pytest.raises(BadPasskey):
            checked(PARTY, CHALLENGE, passkey, answer)


def test_a_count_that_did_not_grow_is_of_a_copy() -> None:
    authenticator, passkey = ready()
    options = request_options(PARTY, CHALLENGE)
    authenticator.count = 7
    newer = msgspec.structs.replace(passkey, sign_count=9)

    with pytest.raises(BadPasskey):
        checked(PARTY, CHALLENGE, newer, authenticator.sign(options))
    # One that never counts is taken each time: those in accounts are like that.
    authenticator.count = None
    assert 0 == checked(PARTY, CHALLENGE, passkey, authenticator.sign(options)).sign_count


def _said(**changed: object) -> str:
    authenticator, _ = ready()
    read = json.loads(authenticator.sign(request_options(PARTY, CHALLENGE)))
    response = {**read["response"], **changed}
    return json.dumps({**read, "response": response})


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "null",
        "[]",
        "{}",
        "{",
        "[" * 5000,
        '{"rawId": 7}',
        '{"rawId": "AA", "response": {}}',
        '{"rawId": "é", "id": "é", "type": "public-key", "response": {"clientDataJSON": "é"}}',
        "\udc80",
        "x" * (LONGEST_ANSWER + 1),
        _said(clientDataJSON="bm90IEpTT04"),
        _said(clientDataJSON=7),
        _said(authenticatorData="AA"),
        _said(authenticatorData=""),
        _said(signature="AA"),
        _said(userHandle=7),
        _said(userHandle="AA"),
    ],
)
def test_what_is_no_answer_is_refused_and_never_an_error_of_ours(answer: str) -> None:
    _, passkey = ready()

    with pytest.raises(BadPasskey):
        checked(PARTY, CHALLENGE, passkey, answer)
    with pytest.raises(BadPasskey):
        new_passkey(PARTY, CHALLENGE, (), answer)
    for read in (credential_id_of, challenge_of):
        try:
            read(answer)
        except BadPasskey:
            continue


@pytest.mark.parametrize("attestation", ["", "AA", "oA", to_text(b"\xff" * 40), to_text(bytes(9))])
def test_what_is_no_attestation_is_refused(attestation: str) -> None:
    authenticator = SoftAuthenticator(PARTY.origins[0])
    options = registration_options(
        PARTY, username="head", name="Hana Head", challenge=CHALLENGE, existing=()
    )
    read = json.loads(authenticator.make(options))
    read["response"]["attestationObject"] = attestation

    with pytest.raises(BadPasskey):
        new_passkey(PARTY, CHALLENGE, (), json.dumps(read))


@pytest.mark.parametrize(
    ("public_url", "expected"),
    [
        ("https://gate.school.example", "gate.school.example"),
        ("https://Gate.School.Example:8443", "gate.school.example"),
        ("http://localhost:8000", "localhost"),
        ("http://gate.school.example:8000", None),
        ("https://10.20.255.1:8000", None),
        ("https://[fd20::1]:8000", None),
        ("http://10.20.255.1:8000", None),
        ("http://notlocalhost:8000", None),
    ],
)
def test_passkeys_are_only_for_a_secure_context_with_a_name(
    public_url: str, expected: str | None
) -> None:
    settings = Settings(web=WebSettings(public_url=public_url))

    party = relying_party(settings)

    assert expected == (None if party is None else party.id)


def test_the_sample_schools_networks_have_origins_of_their_own() -> None:
    network = NetworkSettings(
        id="own",
        cidr="127.0.2.0/24",
        audience=Audience.STAFF,
        device=DeviceKind.OWN_DEVICE,
        inspectable=True,
        web_relay_port=8002,
    )
    settings = dataclasses.replace(Settings(), networks=(network,))

    party = relying_party(settings)

    assert party is not None
    assert ("http://localhost:8000", "http://localhost:8002") == party.origins
