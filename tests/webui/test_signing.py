"""Signing a decision through the pages: what is shown is what is signed, or nothing happens."""

import json
import secrets
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import msgspec
import pyotp
import pytest
from given_passkeys import passkey_of
from local_browser import ORIGIN, Local
from pdf_text import text_of
from soft_authenticator import PRESENT, SoftAuthenticator
from sqlalchemy import text
from web_browser import Browser, Page
from web_school import ENTRY, LESSON, MACHINE, PASSWORD, WebSchool, WebSettings, settings_in

from schoolgate_policyd.core.subjects import Device
from schoolgate_policyd.signature_checks import findings
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.workflow.requests import State
from schoolgate_policyd.workflow.signing import Means, SignedKind, StoredSignature

DECISION = {"approved": "yes", "reasons": "Fits the lesson"}


class Office:
    """A school and those who sign there, each signed in; requests wait for their decision."""

    def __init__(self, school: WebSchool) -> None:
        self.school = school
        self.teacher, self.lead, self.head = (
            Local(school).sign_in(each) for each in ("teacher", "lead", "head")
        )

    def waiting(self) -> int:
        """Return the number of a request that waits for the head."""
        # What is open already is not signed again: each is for a page of its own.
        page = f"https://www.tiktok.com/@museum/video/{secrets.token_hex(4)}"
        self.teacher.send("/requests/new", "/requests/new", **{**ENTRY, "url": page})
        number = self.school.decisions.requests.every(limit=1)[0].id
        self.lead.send(
            f"/requests/{number}", f"/requests/{number}/measures", in_place="yes", why="I looked"
        )
        return number

    def shown(self, number: int, **entered: str) -> Page:
        """Return the page on which the head signs."""
        path = f"/requests/{number}"
        return self.head.send(path, f"{path}/decision", **{**DECISION, **entered})

    def state(self, number: int) -> State:
        """Return where the request stands."""
        return self.school.decisions.requests.find(number).state

    def signed(self, number: int) -> tuple[StoredSignature, ...]:
        """Return the signatures under the request."""
        return self.school.decisions.signings.of(SignedKind.DECISION, str(number))


def opened(folder_of: pytest.TempPathFactory) -> WebSchool:
    folder = folder_of.mktemp("signing")
    web = WebSettings(address="127.0.0.1", port=8000, public_url=ORIGIN)
    return WebSchool(folder, settings=settings_in(folder, web))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Where a password is enough."""
    school = opened(tmp_path_factory)
    yield Office(school)
    school.close()


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, SoftAuthenticator]]:
    """Where the head has a passkey."""
    school = opened(tmp_path_factory)
    office = Office(school)
    yield office, passkey_of(school, "head", ORIGIN)
    school.close()


@pytest.fixture
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    """A school of the test's own."""
    with closing(opened(tmp_path_factory)) as made:
        yield made


@pytest.fixture
def failing(keyed: tuple[Office, SoftAuthenticator]) -> Iterator[tuple[Office, SoftAuthenticator]]:
    """Where the head has a passkey, and what went wrong in a test makes none after it wait."""
    yield keyed
    office, _ = keyed
    for theirs in office.school.decisions.passkeys.of("teacher"):
        office.school.decisions.second_factor.remove_passkey(
            "teacher", theirs.id, must_keep_one=False, at=MACHINE
        )
    office.school.go_on(timedelta(minutes=10))


def path_of(page: Page) -> str:
    return next(each.action for each in page.forms if each.action.startswith("/sign/"))


def options_of(browser: Browser, path: str) -> dict[str, object]:
    read = json.loads(browser.ask("GET", f"{path}/options").text)
    assert isinstance(read, dict)
    return read


def answered(browser: Browser, page: Page, answer: str) -> Page:
    path = path_of(page)
    return browser.post(path, {**page.form(path).fields, "answer": answer})


def test_the_page_shows_exactly_the_text_that_is_kept(plain: Office) -> None:
    number = plain.waiting()

    page = plain.shown(number)

    nonce = path_of(page).removeprefix("/sign/")
    assert "Reasons for access: Year 4 looks at fossils" in page.text
    assert "Opens: Tess Teacher, own device: lesson time" in page.text
    assert "Signed by: Hana Head (head)" in page.text
    assert State.MEASURES_CONFIRMED is plain.state(number)

    done = plain.head.sign_shown(page, password=PASSWORD)

    (signature,) = plain.signed(number)
    assert nonce == signature.nonce
    assert " ".join(signature.document.text.split()) in page.text
    assert (Means.PASSWORD, "head", 1) == (
        signature.means,
        signature.person,
        signature.document.version,
    )
    step = plain.school.decisions.requests.find(number).steps[-1].signature
    assert step is not None
    assert (signature.id, signature.digest) == (step.number, step.digest)
    entry = plain.school.decisions.audit.recent(limit=1)[0]
    assert AuditAction.REQUEST_APPROVED is entry.action
    kept = {"signed": signature.digest, "signature": signature.id}
    assert kept == entry.details
    assert "Signed with the password entered again by Hana Head" in done.text


def test_paper_says_by_what_means_it_was_signed(plain: Office) -> None:
    number = plain.waiting()
    plain.head.sign_shown(plain.shown(number), password=PASSWORD)
    (signature,) = plain.signed(number)

    paper = text_of(plain.head.ask("GET", f"/requests/{number}/form.pdf").content)

    assert "entered again by Hana Head" in " ".join(paper.split())
    assert signature.digest in "".join(paper.split())


def test_one_goes_back_with_what_was_entered(plain: Office) -> None:
    number = plain.waiting()
    page = plain.shown(number, reasons="Not yet sure")
    back = next(each for each in page.links if "signing=" in each)

    form = plain.head.get(back).form(f"/requests/{number}/decision")

    assert "Not yet sure" == form.fields["reasons"]
    assert "yes" == form.fields["approved"]
    other = Local(plain.school).sign_in("head").get(back)
    assert "" == other.form(f"/requests/{number}/decision").fields["reasons"]


def test_with_one_time_codes_the_password_alone_signs_nothing(
    school: WebSchool,
) -> None:
    office, at = Office(school), school.machine_clock.moment
    secret = school.decisions.one_time_codes.begin("head", 1, at=at)
    with school.decisions.database.writing() as session:
        code = pyotp.TOTP(secret).at(at)
        assert school.decisions.one_time_codes.confirm_in(session, "head", 1, code, at)
    number = office.waiting()
    page = office.shown(number)

    office.head.sign_shown(page, password=PASSWORD)
    assert 422 == office.head.status
    # The code that set them up was used.
    office.head.sign_shown(page, password=PASSWORD, code=code)
    assert "used before" in office.head.last_text
    assert State.MEASURES_CONFIRMED is office.state(number)
    school.go_on(timedelta(seconds=31))
    fresh = pyotp.TOTP(secret).at(school.machine_clock.moment)
    office.head.sign_shown(page, password="wrong", code=fresh)
    assert "not your password" in office.head.last_text
    assert () == office.signed(number)

    office.head.sign_shown(page, password=PASSWORD, code=fresh)

    assert Means.PASSWORD_AND_CODE is office.signed(number)[0].means
    assert State.APPROVED is office.state(number)


def test_a_passkey_signs_the_text_and_anybody_can_check_it(
    keyed: tuple[Office, SoftAuthenticator],
) -> None:
    office, key = keyed
    number = office.waiting()
    page = office.shown(number)

    done = answered(office.head, page, key.sign(options_of(office.head, path_of(page))))

    assert "Signed with a passkey by Hana Head" in done.text
    (signature,) = office.signed(number)
    assert Means.PASSKEY is signature.means
    assert [""] * 4 == [each.wrong for each in findings(signature, signature.digest)]
    (passkey,) = office.school.decisions.passkeys.of("head")
    assert key.count == passkey.sign_count


@pytest.mark.parametrize("change", ["text", "version", "object", "nonce", "client", "signature"])
def test_a_stored_signature_that_was_tampered_with_is_found_out(
    keyed: tuple[Office, SoftAuthenticator], change: str
) -> None:
    office, key = keyed
    number = office.waiting()
    page = office.shown(number)
    answered(office.head, page, key.sign(options_of(office.head, path_of(page))))
    (signature,) = office.signed(number)
    replace, document, kept = msgspec.structs.replace, signature.document, signature.assertion
    assert kept is not None
    falsified = {
        "text": replace(signature, document=replace(document, text=document.text + " ")),
        "version": replace(signature, document=replace(document, version=2)),
        "object": replace(signature, document=replace(document, object_id="999")),
        "nonce": replace(signature, nonce="0" * 64),
        "client": replace(signature, assertion=replace(kept, client_data=b"{}")),
        "signature": replace(signature, assertion=replace(kept, signature=kept.signature[:-1])),
    }[change]

    # Whoever changes the text can change the digest beside it, but not what the passkey signed.
    assert any(each.wrong for each in findings(falsified, falsified.digest))


@pytest.mark.parametrize(
    "how",
    ["origin", "challenge", "kind", "unverified", "somebody-elses", "of-another-text", "garbage"],
)
def test_a_passkeys_wrong_answer_signs_nothing(
    failing: tuple[Office, SoftAuthenticator], how: str
) -> None:
    office, key = failing
    number = office.waiting()
    page = office.shown(number)
    asked = options_of(office.head, path_of(page))
    if how == "origin":
        answer = key.sign(asked, origin="https://evil.example")
    elif how == "challenge":
        answer = key.sign(asked, challenge="AAAA")
    elif how == "kind":
        answer = key.sign(asked, type="webauthn.create")
    elif how == "unverified":
        key.flags, flags = PRESENT, key.flags
        try:
            answer = key.sign(asked)
        finally:
            key.flags = flags
    elif how == "somebody-elses":
        answer = passkey_of(office.school, "teacher", ORIGIN).sign(asked)
    elif how == "of-another-text":
        other = office.shown(number, reasons="Other reasons")
        answer = key.sign(options_of(office.head, path_of(other)))
    else:
        answer = "{"

    wrong = answered(office.head, page, answer)

    assert 422 == office.head.status
    assert "Passkey: That passkey was not accepted: nothing was signed." in wrong.text
    assert "Password:" not in wrong.text
    assert "#passkey" in wrong.links
    assert (State.MEASURES_CONFIRMED, ()) == (office.state(number), office.signed(number))


def test_a_passkey_that_was_wrong_too_often_waits(
    failing: tuple[Office, SoftAuthenticator],
) -> None:
    office, _ = failing
    page = office.shown(office.waiting())
    for _ in range(25):
        said = answered(office.head, page, "{").text
        if "Wait" in said:
            break

    assert "Passkey: That was wrong a few times. Wait" in said


@pytest.mark.parametrize("has_codes", [False, True])
def test_whose_passkey_does_not_work_at_an_address_is_told_where_it_does(
    school: WebSchool, *, has_codes: bool
) -> None:
    office = Office(school)
    number = office.waiting()
    # They signed in there before they had a passkey.
    office.head = Local(school, "http://127.0.0.1:8000").sign_in("head")
    passkey_of(school, "head", ORIGIN)
    if has_codes:
        at = school.machine_clock.moment
        secret = school.decisions.one_time_codes.begin("head", 1, at=at)
        with school.decisions.database.writing() as session:
            code = pyotp.TOTP(secret).at(at)
            assert school.decisions.one_time_codes.confirm_in(session, "head", 1, code, at)

    page = office.shown(number)

    assert "Your passkey does not work at the address in your browser" in page.text
    assert any(each.startswith(f"{ORIGIN}/requests/{number}?signing=") for each in page.links)
    assert "To sign you need a passkey" not in page.text
    nonce = next(each for each in page.links if "signing=" in each).partition("signing=")[2]
    actions = [each.action for each in page.forms]
    assert has_codes == (f"/sign/{nonce}" in actions)
    assert has_codes == ("Here, sign with your password and a code." in page.text)
    assert has_codes == ("set up one-time codes under your account" not in page.text)


def test_neither_an_answer_nor_a_page_is_used_twice(
    keyed: tuple[Office, SoftAuthenticator],
) -> None:
    office, key = keyed
    number = office.waiting()
    page = office.shown(number)
    answer = key.sign(options_of(office.head, path_of(page)))
    answered(office.head, page, answer)

    again = answered(office.head, page, answer)

    assert 409 == office.head.status
    assert "This was signed already." in again.text
    assert 1 == len(office.signed(number))


def test_the_page_of_one_session_is_not_there_in_another(plain: Office) -> None:
    number = plain.waiting()
    page = plain.shown(number)
    another = Local(plain.school).sign_in("head")
    token = another.get("/").form("/sign-out").fields["csrf"]

    for browser in (another, plain.lead):
        token = browser.get("/").form("/sign-out").fields["csrf"]
        assert 404 == browser.ask("GET", path_of(page)).status_code
        browser.post(path_of(page), {"csrf": token, "password": PASSWORD})
        assert 404 == browser.status
    assert (State.MEASURES_CONFIRMED, ()) == (plain.state(number), plain.signed(number))


def test_what_took_too_long_is_looked_at_again(
    school: WebSchool,
) -> None:
    office = Office(school)
    number = office.waiting()
    page = office.shown(number)
    school.go_on(timedelta(minutes=15))

    late = office.head.sign_shown(page, password=PASSWORD)

    assert "took too long" in late.text
    assert () == office.signed(number)


def test_a_form_that_was_changed_meanwhile_is_not_signed(plain: Office) -> None:
    number = plain.waiting()
    page = plain.shown(number)
    path = f"/requests/{number}/change"
    plain.teacher.send(path, path, measures="None at all", why="Quicker")

    plain.head.sign_shown(page, password=PASSWORD)

    assert 409 == plain.head.status
    assert () == plain.signed(number)
    plain.lead.send(
        f"/requests/{number}", f"/requests/{number}/measures", in_place="yes", why="Still"
    )
    changed = plain.head.sign_shown(page, password=PASSWORD)
    assert "has changed since" in changed.text
    assert (State.MEASURES_CONFIRMED, ()) == (plain.state(number), plain.signed(number))
    assert "None at all" in plain.shown(number).text


def test_so_is_what_would_open_something_else_by_now(
    school: WebSchool,
) -> None:
    office = Office(school)
    number = office.waiting()
    page = office.shown(number)
    school.decisions.people.register_device(
        Device("127.0.1.12", "teachers-computer", owner="teacher"), at=MACHINE, by=None
    )

    changed = office.head.sign_shown(page, password=PASSWORD)

    assert "has changed since" in changed.text
    assert () == office.signed(number)
    assert () == school.decisions.live(LESSON).grants


def test_a_later_version_has_no_signature(plain: Office) -> None:
    number = plain.waiting()
    plain.head.sign_shown(plain.shown(number), password=PASSWORD)
    path = f"/requests/{number}/change"

    page = plain.teacher.send(path, path, measures="Others", why="Better")

    assert "Digest" not in page.text
    assert [1] == [each.document.version for each in plain.signed(number)]
    assert "Waiting for measures" in page.text


def test_a_delegation_is_read_whole_and_signed_too(plain: Office) -> None:
    named = {"deputy": "operator", "starts_on": "2026-11-20", "ends_on": "2026-11-27"}
    page = plain.head.send("/delegations", "/delegations", **named, reasons="Away\nFrom: now")
    assert "Who decides: Olu Operator (operator) From: 20 November 2026, 00:00" in page.text
    assert () == plain.school.decisions.delegations.every()
    back = next(each for each in page.links if "signing=" in each)
    assert "Away\nFrom: now" == plain.head.get(back).form("/delegations").fields["reasons"]

    done = plain.head.sign_shown(page, password=PASSWORD)

    assert "The delegation was signed." in done.text
    (signature,) = plain.school.decisions.signings.of(SignedKind.DELEGATION, "head")
    assert "Reasons: Away\n    From: now\n" in signature.document.text
    (given,) = plain.school.decisions.delegations.every()
    assert signature.digest == given.signature.digest
    entry = plain.school.decisions.audit.recent(limit=1)[0]
    assert (AuditAction.DEPUTY_NAMED, signature.id) == (entry.action, entry.details["signature"])
    database = plain.school.decisions.database
    with pytest.raises(StoreError, match="needs its signature"), database.writing() as session:
        session.execute(
            text(
                "INSERT INTO delegations SELECT id + 1, head_id, deputy_id, starts_at, ends_at,"
                " reasons, given_at, signed_name, signed_on, 'x', NULL, NULL, NULL"
                " FROM delegations"
            )
        )
    plain.head.send("/delegations", "/delegations/1/withdraw", why="Back")


def test_a_decision_and_its_signature_stay_together_in_the_database(plain: Office) -> None:
    number = plain.waiting()
    other = plain.waiting()
    plain.head.sign_shown(plain.shown(number), password=PASSWORD)
    (signature,) = plain.signed(number)
    database = plain.school.decisions.database
    insert = (
        "INSERT INTO request_steps (request_id, version, state, actor_id, at, reasons,"
        " signed_name, signed_on, signed_digest, signature_id)"
        " VALUES (:request, 1, 'approved', :by,"
        " '2026-11-20 10:00:00', 'x', 'x', '2026-11-20', :digest, :signature)"
    )
    theirs = {"digest": signature.digest, "signature": signature.id}
    for wrong in (
        {"request": other, "by": "head", **theirs},
        {"request": other, "by": "chair", **theirs},
        {"request": other, "by": "head", "digest": "0" * 64, "signature": signature.id},
    ):
        with pytest.raises(StoreError, match="needs its signature"), database.writing() as session:
            session.execute(text(insert), wrong)
    for change in ("DELETE FROM signatures", "UPDATE signatures SET text = 'x'"):
        with pytest.raises(StoreError, match="signature"), database.writing() as session:
            session.execute(text(change))
