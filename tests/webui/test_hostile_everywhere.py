"""
Hostile text in every field of every form, and wherever it may show afterwards.

The pages are those of `page_list`, so a form that is new is tried without anybody thinking of it.
What a form refuses it refuses with words at the field, and with what was typed; what it takes is
then looked for in every page, file, mail and answer of the API.
"""

import csv
import io
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

import pytest
from form_fields import WholeForm, WholePage
from free_ports import free_port
from full_school import LISTENING, FullSchool, filled_school
from hostile import FORMULA, HEADER, HIDDEN, LONG, MARKUP, NEVER_SHOWN, PART
from httpx import Response
from page_list import NOBODY, every_page
from pdf_text import text_of
from web_browser import Browser, Page
from web_program import Program, program_of
from web_school import PASSWORD

from schoolgate_policyd.mail.composing import Letterhead, compose
from schoolgate_webui.api.access import TABLE as ENDPOINTS
from schoolgate_webui.api.app import written
from schoolgate_webui.api.schema import operations

# What a field wants that takes no prose, so that the other fields of its form are taken.
WANTED = {
    "url": "https://www.odd.example/a?b=<script>",
    "site": "",
    "email": "somebody@school.example",
    "starts_at": "2026-11-23T10:00",
    "ends_at": "2026-11-23T11:00",
    "happened_at": "2026-11-20T09:00",
    "starts_on": "2026-11-24",
    "ends_on": "2026-11-25",
    "review_on": "2026-12-10",
    "met_on": "2026-11-19",
    "given_on": "2026-11-18",
    "due_again_on": "2027-11-18",
    "day": "2026-12-09",
    "first": "2026-12-09",
    "last": "",
    "last_day": "2026-12-09",
    "code": "",
    "address": "127.0.1.99",
    "id": "hostile-1",
    "username": "",
    "year_group": "4",
    "age": "9",
    "object": "incident/1",
    "last_time": "",
}
# What would end the test's own sessions, or somebody's time at the school.
LEFT_ALONE = ("/sign-out", "/account/sessions", "/account/codes", "/account/passkeys")
NOT_TAKEN = (*LEFT_ALONE, "/leave", "/forget", "/sign/", "/account/setup")
NO_TEXT = frozenset({"csrf", "shown", "version", "nonce", "once"})
FILES = (".pdf", ".csv", ".txt")
MOST_LONG, MOST_TRIES = 3, 6
# Short words that are looked up and never shown anywhere: what is told is that none fits.
LOOKED_UP = frozenset({"/sign-in", "/report/answer"})
# What is there to be looked at once everything was entered, at the least.
LEAST = {
    "taken with what is hidden": 1,
    "pages": 100,
    "hostile pages": 20,
    "hostile files": 7,
    "hostile mails": 5,
    "hostile answers": 25,
}
SECOND, WITHIN = timedelta(seconds=0.3), timedelta(days=14)
FINE = frozenset({200, 303, 403, 404, 409, 422, 429})


@dataclass
class Walk:
    """A school that somebody hostile goes through, form by form."""

    full: FullSchool
    nobody: Browser
    faults: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    fields: set[tuple[str, str]] = field(default_factory=set)
    # In how many pages, files, mails, answers there was something hostile to be shown.
    seen: Counter[str] = field(default_factory=Counter)

    def browser(self, person: str) -> Browser:
        """Return the browser of *person*."""
        return self.nobody if person == NOBODY else self.full.who(person)

    def forms(self) -> Iterator[tuple[str, str, WholeForm]]:
        """Yield every form of every page with fields to write into: who, where, the form."""
        seen = set()
        for visited in every_page(self.full):
            self.browser(visited.person).get(visited.path)
            for form in WholePage(self.browser(visited.person).last_text).forms:
                if form.method != "post" or not typed(form) or form.action in seen:
                    continue
                if not form.action.startswith(LEFT_ALONE):
                    seen.add(form.action)
                    yield visited.person, visited.path, form

    def again(self, person: str, path: str, action: str) -> WholeForm | None:
        """Return the form as it is now; None where what was sent before was the last."""
        self.browser(person).get(path)
        page = WholePage(self.browser(person).last_text)
        return next((each for each in page.forms if each.action == action), None)

    def send(self, person: str, form: WholeForm, changed: dict[str, str]) -> Response:
        """Send *form* with *changed* fields."""
        browser = self.browser(person)
        sent = {**form.as_sent(), **{name: "yes" for name in form.buttons if name == "sure"}}
        browser.post(form.action, {**sent, **changed})
        assert browser.last is not None
        status = browser.last.status_code
        if status not in FINE:
            self.faults.append(f"{form.action} by {person}: {status}")
        return browser.last


def typed(form: WholeForm) -> list[str]:
    """Return the fields that people write into, but for secrets, which no page shows again."""
    return [
        each.name for each in form.fields.values() if each.is_typed and each.name not in NO_TEXT
    ]


def shown_as(text: str) -> set[str]:
    """Return as what *text* may come back in its field: as it was, or its marks made visible."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    marked = "".join("\ufffd" if each in NEVER_SHOWN else each for each in lines)
    flat = "".join("\n" if each == "\u2028" else each for each in marked)
    every = {text, lines, marked, flat}
    return {"".join(each.split()) for each in every}


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    full = filled_school(tmp_path, free_port(LISTENING))
    yield Walk(full, Browser(full.school))
    full.school.close()


@pytest.mark.timeout(300)
def test_what_is_refused_is_refused_at_its_field_with_what_was_typed(walk: Walk) -> None:
    texts = itertools.cycle(HIDDEN.values())
    for person, path, first in walk.forms():
        is_taken, form = True, first
        for text in (next(texts), LONG, HEADER):
            # What was taken changed what the form is about, and may have been the last of it.
            again = walk.again(person, path, form.action) if is_taken else form
            if again is None:
                break
            form = again
            # A body has a bound: not every field of a long form is full at once.
            names = typed(form)[: MOST_LONG if text is LONG else None]
            entered = dict.fromkeys(names, text)
            answer = walk.send(person, form, entered)
            is_taken = answer.status_code != 422
            walk.fields |= {(form.action, name) for name in entered}
            if answer.status_code == 422:
                walk.refused.add(form.action)
                wrong = list(wrong_page(answer)) + list(not_told(answer, form, entered))
                walk.faults += [f"{form.action} ({path}) {text[:8]!r}: {each}" for each in wrong]
    found, walk.faults = walk.faults, []

    assert 50 < len(walk.refused)
    assert [] == found, "\n".join(found)


def not_told(answer: Response, form: WholeForm, entered: dict[str, str]) -> Iterator[str]:
    """Yield what a page does not say of the mistakes in a form that came back."""
    if form.action in LOOKED_UP:
        return
    page = WholePage(answer.text)
    back = next((each for each in page.forms if each.action == form.action), None)
    if back is None:
        yield "the form did not come back"
        return
    summary = [link for link in page.links if link.startswith("#")]
    lost = [link for link in summary if link[1:] not in page.ids and link != "#main-content"]
    if lost:
        yield f"the list of mistakes leads nowhere: {lost}"
    told = [
        name
        for name in typed(back)
        if any("error" in each for each in back.fields[name].described_by)
    ]
    if not told:
        yield "no field says what is wrong with it"
    for name, text in entered.items():
        if name not in back.fields:
            continue
        kept = "".join(back.fields[name].value.split())
        is_prose = back.fields[name].kind in {"text", "textarea", "search"}
        if is_prose and kept not in shown_as(text):
            yield f"{name} did not keep what was typed: {kept[:40]!r}"


def wrong_page(answer: Response) -> Iterator[str]:
    """Yield what is hostile in a page."""
    page = WholePage(answer.text)
    yield from page.hostile
    yield from (f"shows {each!r}" for each in sorted(NEVER_SHOWN & set(page.text)))
    if "<script>alert" in answer.text or "onerror=alert(1)>" in answer.text.replace("&gt;", ""):
        yield "raw markup"
    # Of `{{7*7}}${7*7}` one of the two is worked out, or both.
    if "49${" in page.text or "}}49" in page.text or "4949" in page.text:
        yield "a template ran"


@pytest.mark.timeout(300)
def test_what_is_taken_is_harmless_in_every_page_file_mail_and_answer(walk: Walk) -> None:
    for person, path, form in list(walk.forms()):
        if not any(each in form.action for each in NOT_TAKEN):
            _have_taken(walk, person, path, form)
    found, walk.faults = walk.faults, []
    found += _in_pages(walk)
    found += _in_mails(walk)
    found += _in_answers(walk)

    # Fewer, and what is looked for would not be there to be found.
    assert 30 < len(walk.taken), walk.taken
    fewer = {kind: walk.seen[kind] for kind, least in LEAST.items() if walk.seen[kind] < least}
    assert {} == fewer, dict(walk.seen)
    assert [] == found, "\n".join(found)


def worse_to_better(number: int, *, is_long: bool) -> list[str]:
    """Return what the field *number* of a form is entered: the next where one is not taken."""
    hidden = list(HIDDEN.values())
    plain = [FORMULA, MARKUP] if number % 2 else [MARKUP, FORMULA]
    lines = [f"{MARKUP}{HEADER}"] if is_long else []
    return [f"{MARKUP}{hidden[number % len(hidden)]}", *lines, *plain]


def _have_taken(walk: Walk, person: str, path: str, form: WholeForm) -> None:
    """Enter what is hostile wherever it is taken, and what a field wants where it is not."""
    left = {
        name: [WANTED[name]]
        if name in WANTED
        else worse_to_better(number, is_long=form.fields[name].kind == "textarea")
        for number, name in enumerate(typed(form))
    }
    for _ in range(MOST_TRIES):
        if walk.again(person, path, form.action) is None:
            return
        entered = {name: texts[0] for name, texts in left.items()}
        answer = walk.send(person, form, {"password": PASSWORD, **entered})
        if answer.status_code != 422:
            hidden = [each for each in entered.values() if NEVER_SHOWN & set(each)]
            walk.seen["taken with what is hidden"] += bool(hidden)
            _is_taken(walk, person, path, form, answer)
            return
        walk.faults += [f"{form.action}: {each}" for each in wrong_page(answer)]
        page = WholePage(answer.text)
        back = next((each for each in page.forms if each.action == form.action), None)
        for name in left if back is None else back.fields.keys() & left.keys():
            is_wrong = back is not None and any(
                "error" in each for each in back.fields[name].described_by
            )
            if is_wrong:
                left[name] = left[name][1:] or [form.fields[name].value or "Ponds"]


def _is_taken(walk: Walk, person: str, path: str, form: WholeForm, answer: Response) -> None:
    browser = walk.browser(person)
    browser.sign_shown(browser.get(path) if answer.status_code == 404 else Page(answer.text))
    walk.taken |= {form.action} if answer.status_code in {200, 303} else set()


def _in_pages(walk: Walk) -> list[str]:
    """Look at every page and at every file that a page leads to."""
    found, files = [], set()
    for visited in every_page(walk.full):
        browser = walk.browser(visited.person)
        browser.get(visited.path)
        assert browser.last is not None
        if browser.status not in FINE:
            found.append(f"{visited.path}: {browser.status}")
        found += [f"{visited.path}: {each}" for each in wrong_page(browser.last)]
        walk.seen["pages"] += browser.status == 200
        walk.seen["hostile pages"] += PART in browser.last_text
        for link in WholePage(browser.last_text).links:
            if link.partition("?")[0].endswith(FILES) and link not in files:
                files.add(link)
                answer = browser.ask("GET", link)
                found += [f"{link}: {each}" for each in wrong_file(answer)]
                walk.seen["hostile files"] += PART in text_in(answer)
    assert 5 < len(files), files
    return found


def text_in(answer: Response) -> str:
    """Return what a file says."""
    is_paper = answer.headers.get("content-type", "").startswith("application/pdf")
    return text_of(answer.content) if is_paper else answer.text


def wrong_file(answer: Response) -> Iterator[str]:
    """Yield what is hostile in a file."""
    kind = answer.headers.get("content-type", "")
    if answer.status_code not in FINE:
        yield f"{answer.status_code}"
    if answer.status_code != 200:
        return
    text = text_in(answer)
    if kind.startswith("application/pdf"):
        if any(each in answer.content for each in (b"/JavaScript", b"/JS ", b"/Launch")):
            yield "runs something"
    elif kind.startswith("text/csv"):
        cells = itertools.chain.from_iterable(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
        yield from (
            f"a formula: {each[:40]!r}" for each in cells if each.startswith(tuple("=+-@\t"))
        )
    elif not kind.startswith("text/plain"):
        yield f"is {kind}"
    yield from (f"shows {each!r}" for each in sorted(NEVER_SHOWN & set(text)))


def _in_mails(walk: Walk) -> list[str]:
    """Look at every mail that came of it."""
    found, school = [], walk.full.school
    outbox = school.decisions.outbox
    at, moment = school.machine_clock.moment, school.school_clock.moment
    while outbox.read_on(at=at, moment=moment):
        pass
    waiting = outbox.due(at + WITHIN)
    assert waiting
    for each in waiting:
        head = Letterhead(MARKUP, "https://gate.school.example", "gate@school.example")
        message = BytesParser(policy=default).parsebytes(compose(each, head))
        if message["Bcc"] or len(message.get_all("To", [])) != 1:
            found.append(f"mail {each.kind}: another recipient")
        text = f"{message['Subject']}{message['From']}{message.get_content()}"
        found += [f"mail shows {one!r}" for one in sorted(NEVER_SHOWN & set(text))]
        # Whose name the letter has is hostile too; here what it tells is meant.
        walk.seen["hostile mails"] += PART in message.get_content().replace(MARKUP, "", 0)
    return found


def _in_answers(walk: Walk) -> list[str]:
    """Look at every answer of the API that takes no object's name, of everybody who may."""
    found = []
    programs = [program_of(walk.full.school, each) for each in ("head", "lead", "dsl", "chair")]
    for (method, path), program in itertools.product(ENDPOINTS, programs):
        if method == "GET" and "{" not in path:
            walk.full.school.machine_clock.go_on(SECOND)
            answer = program.ask("GET", path)
            found += [f"{path}: {each}" for each in wrong_answer(answer)]
            walk.seen["hostile answers"] += PART in answer.text
    return found


def wrong_answer(answer: Response) -> Iterator[str]:
    """Yield what is hostile in an answer of the API."""
    kind = answer.headers["content-type"]
    if answer.status_code >= 500:
        yield f"{answer.status_code}"
    if answer.headers["x-content-type-options"] != "nosniff":
        yield "could be taken for another kind"
    if "json" not in kind:
        yield from wrong_file(answer)
    else:
        text = json.dumps(answer.json(), ensure_ascii=False)
        said = json.loads(text) if text else None
        yield from (f"shows {each!r}" for each in sorted(NEVER_SHOWN & set(_texts(said))))


def _texts(said: object) -> str:
    if isinstance(said, str):
        return said
    if isinstance(said, dict):
        return "".join(map(_texts, said.values()))
    return "".join(map(_texts, said)) if isinstance(said, list) else ""


HOSTILE_JSON = [
    *(f'"{text}"' for text in ("\\ud800", "\\u0000", "\\u202egpj.exe", "x" * 10_000)),
    json.dumps(HEADER),
    json.dumps(MARKUP),
    json.dumps("' OR 1=1;--"),
]


def test_the_api_takes_or_refuses_hostile_text_and_never_breaks(walk: Walk) -> None:
    found, tried = [], 0
    for person in ("head", "lead"):
        program = program_of(walk.full.school, person)
        for path, method, operation in operations(written().schema):
            fields = _fields_of(operation)
            if fields and "/leave" not in path and method in {"post", "put"}:
                for text in HOSTILE_JSON:
                    tried += 1
                    found += _asked(walk, program, (method, path), fields, text)

    assert 200 < tried
    assert [] == found, "\n".join(found)


def _fields_of(operation: dict[str, object]) -> dict[str, object]:
    """Return the fields of what an endpoint takes, each with its schema."""
    body = json.dumps(operation.get("requestBody", {}))
    name = body.rpartition("#/components/schemas/")[2].partition('"')[0]
    known = written().schema["components"]["schemas"]
    return known.get(name, {}).get("properties", {})  # type: ignore[no-any-return] # JSON


def _asked(
    walk: Walk, program: Program, where: tuple[str, str], fields: dict[str, object], text: str
) -> list[str]:
    method, path = where
    walk.full.school.machine_clock.go_on(SECOND)
    values = [
        f"{json.dumps(name)}: {text if 'string' in json.dumps(schema) else 'true'}"
        for name, schema in fields.items()
    ]
    for named in ("{number}", "{person}", "{line}", "{network}", "{kind}", "{size}"):
        path = path.replace(named, "1")
    answer = program.ask(
        method.upper(),
        path,
        content=f"{{{', '.join(values)}}}".encode(),
        headers={"content-type": "application/json"},
    )
    said = f"{method} {path} {text[:12]}"
    found = [f"{said}: {each}" for each in wrong_answer(answer)]
    if answer.status_code == 422 and not answer.json().get("mistakes"):
        found.append(f"{said}: no mistake is named")
    return found
