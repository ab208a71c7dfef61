"""What holds for every answer, and what never reaches a handler."""

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Never

import pytest
from starlette.types import Message, Receive, Scope, Send
from web_browser import Browser
from web_school import ENTRY, HOST, PASSWORD, WebSchool, settings_in

from schoolgate_policyd.config import WebSettings
from schoolgate_policyd.store.errors import StoreError
from schoolgate_webui.access import TABLE
from schoolgate_webui.security import MAX_BODY_OCTETS, BoundedBodies, known_hosts
from schoolgate_webui.signing_in import local_path

ORIGIN = f"http://{HOST}:8000"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
POSTS = sorted(path for method, path in TABLE if method == "POST")


class Breaking:
    """A part of the store that fails in a way nobody foresaw."""

    def __getattr__(self, name: str) -> Never:
        raise RuntimeError(name)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/help", 200),
        ("GET", "/static/schoolgate.css", 200),
        ("GET", "/static/nothing.css", 404),
        ("GET", "/static/../app.py", 404),
        ("GET", "/nothing", 404),
        ("GET", "/requests", 303),
        ("POST", "/help", 405),
        ("POST", "/sign-in", 403),
    ],
)
def test_every_answer_has_the_security_headers(
    school: WebSchool, method: str, path: str, status: int
) -> None:
    answer = Browser(school).ask(method, path)

    assert status == answer.status_code
    assert POLICY == answer.headers["content-security-policy"]
    assert "nosniff" == answer.headers["x-content-type-options"]
    assert "same-origin" == answer.headers["referrer-policy"]


def test_a_failure_that_nobody_foresaw_is_a_plain_page_with_the_headers(
    school: WebSchool,
) -> None:
    browser = Browser(school).sign_in("lead")
    school.events.search = Breaking()  # type: ignore[method-assign]  # only to make a page fail

    answer = browser.ask("GET", "/log")

    assert 500 == answer.status_code
    assert POLICY == answer.headers["content-security-policy"]
    assert "Something went wrong" in answer.text
    assert "RuntimeError" not in answer.text


def test_a_store_that_fails_is_said_in_plain_words(school: WebSchool) -> None:
    browser = Browser(school).sign_in("teacher")

    def failing(*_: object, **__: object) -> None:
        raise StoreError("disk full")

    school.decisions.sessions.resume = failing  # type: ignore[method-assign,assignment]  # as above

    answer = browser.ask("GET", "/requests")

    assert 503 == answer.status_code
    assert "cannot be kept at the moment" in answer.text
    assert "disk full" not in answer.text


def test_pages_are_not_kept_by_a_shared_computer(school: WebSchool) -> None:
    browser = Browser(school).sign_in("teacher")

    assert "no-store" == browser.ask("GET", "/").headers["cache-control"]


class Untouched:
    """A school in which nobody's form may change anything, and who send them."""

    def __init__(self, folder: Path) -> None:
        self.school = WebSchool(folder)
        self.governor = Browser(self.school).sign_in("governor")
        self.head = Browser(self.school).sign_in("head")

    def written(self) -> str:
        """Return all that is in its database but when sessions were last used."""
        with closing(sqlite3.connect(self.school.settings.decisions_path)) as database:
            lines = [each for each in database.iterdump() if 'INTO "sessions"' not in each]
        return "\n".join(lines)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Untouched]:
    made = Untouched(tmp_path_factory.mktemp("untouched"))
    yield made
    made.school.close()


@pytest.mark.parametrize("path", POSTS)
def test_a_form_without_the_pages_token_changes_nothing(untouched: Untouched, path: str) -> None:
    # Everything but the governors' approval is the head's to send.
    browser = untouched.governor if path.endswith("/approve") else untouched.head
    before = untouched.written()
    for token in (None, "", "0" * 64, "ünïcode"):
        fields = dict(ENTRY) if token is None else {**ENTRY, "csrf": token}
        answer = browser.ask(
            "POST", path.replace("{number}", "1"), data=fields, headers={"origin": ORIGIN}
        )

        assert 403 == answer.status_code, token
        assert "The form was too old" in answer.text
    assert before == untouched.written()


def test_what_a_form_with_its_token_changes_is_seen(untouched: Untouched) -> None:
    """Else the test above could not fail."""
    before = untouched.written()
    teacher = Browser(untouched.school).sign_in("teacher")
    teacher.send("/requests/new", "/requests/new", **ENTRY)

    assert ENTRY["reasons"] not in before
    assert ENTRY["reasons"] in untouched.written()


def test_the_token_of_another_session_is_of_no_use(school: WebSchool) -> None:
    other = Browser(school).sign_in("lead").get("/").form("/sign-out").fields["csrf"]
    browser = Browser(school).sign_in("teacher")

    browser.post("/requests/new", {**ENTRY, "csrf": other})

    assert 403 == browser.status
    assert () == school.decisions.requests.of("teacher")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": f"http://{HOST}:8001"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_form_from_elsewhere_is_refused_even_with_the_token(
    school: WebSchool, headers: dict[str, str]
) -> None:
    browser = Browser(school).sign_in("teacher")
    token = browser.get("/").form("/sign-out").fields["csrf"]

    answer = browser.ask("POST", "/sign-out", data={"csrf": token}, headers=headers)

    assert 403 == answer.status_code
    assert "Tess Teacher" in browser.get("/").text


def test_a_form_in_another_encoding_is_refused(school: WebSchool) -> None:
    browser = Browser(school).sign_in("teacher")
    token = browser.get("/").form("/sign-out").fields["csrf"]

    answer = browser.ask(
        "POST", "/sign-out", files={"csrf": (None, token)}, headers={"origin": ORIGIN}
    )

    assert 403 == answer.status_code


@pytest.mark.parametrize("host", ["evil.example:8000", HOST, f"{HOST}:8001", "", "127.0.0.1"])
def test_a_host_that_is_not_ours_is_refused(school: WebSchool, host: str) -> None:
    answer = Browser(school).ask("GET", "/", headers={"host": host})

    assert 421 == answer.status_code
    assert "Schoolgate" not in answer.text


@pytest.mark.parametrize("host", [f"{HOST}:8000", f"{HOST.upper()}:8002", "127.0.0.1:8000"])
def test_a_host_of_ours_is_answered(school: WebSchool, host: str) -> None:
    assert 200 == Browser(school).ask("GET", "/", headers={"host": host}).status_code


def test_a_public_name_on_the_schemes_own_port_needs_no_port(tmp_path: Path) -> None:
    web = WebSettings(address="::", port=8443, public_url="https://gate.school.example")

    hosts = known_hosts(settings_in(tmp_path, web))

    assert {"gate.school.example", "gate.school.example:443"} <= hosts
    assert not any(host.startswith("[::]") for host in hosts)


def test_too_much_text_is_refused(school: WebSchool) -> None:
    body = b"url=" + b"x" * MAX_BODY_OCTETS

    answer = Browser(school).ask("POST", "/sign-in", content=body)

    assert 413 == answer.status_code
    assert POLICY == answer.headers["content-security-policy"]


def test_a_form_that_does_not_arrive_in_time_is_refused() -> None:
    sent: list[Message] = []

    async def never_called(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError((scope, receive, send))

    async def drip() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def keep(message: Message) -> None:
        sent.append(message)

    bounded = BoundedBodies(never_called, deadline_s=0.05)
    asyncio.run(bounded({"type": "http", "method": "POST", "headers": []}, drip, keep))

    assert 408 == sent[0]["status"]


def test_the_cookie_is_for_the_pages_alone(school: WebSchool) -> None:
    browser = Browser(school)
    form = browser.get("/sign-in").form("/sign-in")
    answer = browser.ask(
        "POST",
        "/sign-in",
        data={**form.fields, "username": "teacher", "password": PASSWORD},
        headers={"origin": ORIGIN},
    )

    cookie = answer.headers["set-cookie"].lower()

    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "domain" not in cookie


def test_over_https_the_cookie_is_a_host_cookie_and_secure(tmp_path: Path) -> None:
    web = WebSettings(address="127.0.0.1", port=8000, public_url=f"https://{HOST}")
    school = WebSchool(tmp_path, settings=settings_in(tmp_path, web))
    try:
        answer = Browser(school).ask("GET", "/sign-in", headers={"host": HOST})
    finally:
        school.close()

    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-schoolgate-browser=")
    assert "; Path=/;" in cookie
    assert "; Secure" in cookie


def test_over_https_browsers_are_told_to_come_over_https_alone(
    tmp_path: Path, school: WebSchool
) -> None:
    web = WebSettings(address="127.0.0.1", port=8000, public_url=f"https://{HOST}")
    secure = WebSchool(tmp_path / "secure", settings=settings_in(tmp_path / "secure", web))
    try:
        page = Browser(secure).ask("GET", "/", headers={"host": HOST})
        refused = Browser(secure).ask("GET", "/", headers={"host": "evil.example"})
    finally:
        secure.close()

    assert "max-age=31536000" == page.headers["strict-transport-security"]
    assert "max-age=31536000" == refused.headers["strict-transport-security"]
    assert "strict-transport-security" not in Browser(school).ask("GET", "/").headers


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/nothing", "text/html; charset=utf-8"),
        ("/filtering.txt", "text/plain; charset=utf-8"),
        ("/filtering.pdf", "application/pdf"),
        ("/static/schoolgate.css", "text/css; charset=utf-8"),
        ("/static/passkey.js", "text/javascript; charset=utf-8"),
        ("/api/v1/openapi.json", "application/json"),
    ],
)
def test_every_answer_says_what_it_is(school: WebSchool, path: str, content_type: str) -> None:
    assert content_type == Browser(school).ask("GET", path).headers["content-type"]


@pytest.mark.parametrize("path", ["/", "/static/schoolgate.css", "/api/v1/me"])
def test_nothing_is_traced(school: WebSchool, path: str) -> None:
    assert 405 == Browser(school).ask("TRACE", path).status_code


def test_no_folder_is_listed(school: WebSchool) -> None:
    assert 404 == Browser(school).ask("GET", "/static/").status_code


def test_passwords_are_masked_and_named_for_password_managers(school: WebSchool) -> None:
    page = Browser(school).ask("GET", "/sign-in").text
    field = re.search(r'<input[^>]*name="password"[^>]*>', page)

    assert field is not None
    assert 'type="password"' in field[0]
    assert 'autocomplete="current-password"' in field[0]


def test_of_a_field_that_comes_twice_the_last_counts(school: WebSchool) -> None:
    browser = Browser(school)
    fields = browser.get("/sign-in").form("/sign-in").fields
    twice = {**fields, "username": ["head", "teacher"], "password": PASSWORD}

    browser.ask("POST", "/sign-in", data=twice, headers={"origin": ORIGIN})

    assert {"teacher"} == {
        each.actor for each in school.decisions.audit.recent() if each.action == "signed-in"
    }


def test_a_wrong_password_is_written_down_without_what_was_typed(school: WebSchool) -> None:
    Browser(school).send("/sign-in", "/sign-in", username="teacher", password="wr0ng-secret")

    newest = school.decisions.audit.recent()[0]

    assert ("sign-in-failed", "teacher") == (newest.action, newest.object_id)
    assert "wr0ng-secret" not in str(newest)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/requests/new?url=https://a.example/?x=1", "/requests/new?url=https://a.example/?x=1"),
        ("/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/x\\y", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/x\r\nset-cookie: a=b", "/"),
        ("/\t/evil.example", "/"),
        ("", "/"),
        ("/" + "x" * 20_000, "/"),
    ],
)
def test_going_on_after_signing_in_never_leads_out(text: str, path: str) -> None:
    assert path == local_path(text)


@pytest.mark.parametrize("number", ["0", "-1", "9" * 40, "x", "1.5", "%00"])
def test_a_number_that_no_request_has_is_simply_not_there(school: WebSchool, number: str) -> None:
    browser = Browser(school).sign_in("head")

    assert 404 == browser.ask("GET", f"/requests/{number}").status_code
