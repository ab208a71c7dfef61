"""
Who may see and do what with one object: every route that names one, every role, every object.

The rules stand in `object_rules`, as data. A route with an object in its path that is not in the
tables here fails: nothing that names an object is left out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

import pytest
from httpx import Response
from object_rules import LOOK, RULES, Rule
from object_world import ELSEWHERE, LEAVER, NOBODY, ObjectWorld, object_world
from web_school import ENTRY, HOST, PASSWORD

from schoolgate_webui.access import TABLE
from schoolgate_webui.api.access import TABLE as ENDPOINTS

PEOPLE = (
    "teacher",
    "colleague",
    "head",
    "deputy",
    "chair",
    "governor",
    "lead",
    "dsl",
    "technician",
    "visitor",
    "pupil",
    LEAVER,
    NOBODY,
)
WHY = {"why": "Too late"}
NAME = {"name": "Another Name"}
MEASURES = {"in_place": "yes", "why": "I looked."}
DECISION = {"approved": "yes", "reasons": "I agree"}
WHEN = {"starts_at": "2026-11-20T10:15", "ends_at": "2026-11-20T10:30"}
CHANGED = {**ENTRY, **WHEN, "why": "Another page"}
SIGNED_AT_ONCE = {**DECISION, "password": PASSWORD}
LINE = {"name": "Ann Other", "audience": "staff", "version": "{version}"}

# By route: what kind of object it names, what is done with it, and what is entered.
ROUTES: Mapping[tuple[str, str], tuple[str, str, dict[str, str]]] = {
    ("GET", "/requests/{number}"): ("request", LOOK, {}),
    ("GET", "/requests/{number}/form.pdf"): ("request", LOOK, {}),
    ("GET", "/requests/{number}/change"): ("request", "change", {}),
    ("POST", "/requests/{number}/change"): ("request", "change", CHANGED),
    ("POST", "/requests/{number}/measures"): ("request", "check", MEASURES),
    ("POST", "/requests/{number}/question"): ("request", "ask", {"question": "Who?"}),
    ("POST", "/requests/{number}/answer"): ("request", "answer", {"answer": "I am"}),
    ("POST", "/requests/{number}/decision"): ("request", "decide", DECISION),
    ("POST", "/requests/{number}/withdraw"): ("request", "withdraw", WHY),
    ("POST", "/requests/{number}/how-it-went"): ("request", "tell", {"how_it_went": "Well"}),
    ("POST", "/requests/{number}/note"): ("request", "note", {"note": "Well"}),
    ("GET", "/requests/drafts/{number}"): ("request draft", LOOK, {}),
    ("POST", "/requests/drafts/{number}"): ("request draft", "edit", {"save": "yes"}),
    ("POST", "/requests/drafts/{number}/delete"): ("request draft", "delete", {}),
    ("GET", "/standing/requests/{number}"): ("standing request", LOOK, {}),
    ("POST", "/standing/requests/{number}/controls"): ("standing request", "check", MEASURES),
    ("POST", "/standing/requests/{number}/decision"): (
        "standing request",
        "decide",
        SIGNED_AT_ONCE,
    ),
    ("POST", "/standing/requests/{number}/withdraw"): ("standing request", "withdraw", {}),
    ("POST", "/standing/records/{number}/withdraw"): ("standing record", "withdraw", {}),
    ("POST", "/delegations/{number}/withdraw"): ("delegation", "withdraw", WHY),
    ("GET", "/reports/{number}"): ("report", LOOK, {}),
    ("POST", "/reports/{number}/answer"): (
        "report",
        "handle",
        {"state": "stays-open", "reasons": "A museum", "answer": "It is a museum."},
    ),
    ("POST", "/reports/{number}/incident"): (
        "report",
        "handle",
        {"severity": "low", "audience": "pupil"},
    ),
    ("POST", "/reports/{number}/about"): ("report", "handle", {"person": "technician"}),
    ("POST", "/reports/{number}/not-about"): ("report", "handle", {"person": "technician"}),
    ("GET", "/blocks/{number}"): ("block", LOOK, {}),
    ("POST", "/blocks/{number}/lift"): ("block", "lift", WHY),
    ("GET", "/incidents/{number}"): ("incident", LOOK, {}),
    ("GET", "/incidents/{number}/record.csv"): ("incident", LOOK, {}),
    ("GET", "/incidents/{number}/record.pdf"): ("incident", LOOK, {}),
    ("GET", "/incidents/{number}/propose"): ("incident", "propose", {}),
    ("POST", "/incidents/{number}/propose"): ("incident", "propose", {"what": "supervised-only"}),
    ("POST", "/incidents/{number}/take-up"): ("incident", "take-up", {}),
    ("POST", "/incidents/{number}/note"): ("incident", "note", {"text": "Noted"}),
    ("POST", "/incidents/{number}/action"): ("incident", "action", {"text": "Talked"}),
    ("POST", "/incidents/{number}/close"): (
        "incident",
        "close",
        {"taken": "Talked", "outcome": "Settled"},
    ),
    ("POST", "/incidents/{number}/name"): ("incident", "name", {"person": "p-7", "how": "Seen"}),
    ("POST", "/incidents/{number}/reopen"): ("incident", "reopen", WHY),
    ("POST", "/restrictions/{number}/decide"): ("restriction", "decide", DECISION),
    ("POST", "/restrictions/{number}/end"): ("restriction", "end", WHY),
    ("POST", "/supervised/{number}/end"): ("supervised session", "end", {}),
    ("POST", "/supervised/devices/{number}/give-back"): ("assigned device", "give back", {}),
    ("GET", "/log/people/{person}"): ("record of", LOOK, {}),
    ("GET", "/log/people/{person}/records.csv"): ("record of", "take out", {}),
    ("POST", "/log/people/{person}"): (
        "record of",
        "open",
        {"reason": "safeguarding", "words": "A friend is worried"},
    ),
    ("GET", "/log/open/{code}"): ("pseudonym", LOOK, {}),
    ("POST", "/log/open/{code}"): ("pseudonym", "open", {}),
    ("POST", "/records/holds/{number}/lift"): ("hold", "lift", WHY),
    ("GET", "/records/checkpoints/{number}"): ("checkpoint", LOOK, {}),
    ("POST", "/filtering/sites/{number}/remove"): ("suggested site", "remove", {}),
    ("POST", "/school/calendar/different/{number}/withdraw"): ("different day", "withdraw", {}),
    ("GET", "/school/people/{person}"): ("person", LOOK, {}),
    ("GET", "/school/people/{person}/change"): ("person", "keep", {}),
    ("POST", "/school/people/{person}/change"): ("person", "keep", LINE),
    ("GET", "/school/people/{person}/duties"): ("person", "duties", {}),
    ("POST", "/school/people/{person}/duties"): ("person", "duties", {"version": "{version}"}),
    ("GET", "/school/people/{person}/leave"): ("person", "leave", {}),
    ("POST", "/school/people/{person}/leave"): (
        "person",
        "leave",
        {"last_day": "2026-11-27", "version": "{version}"},
    ),
    ("GET", "/school/people/{person}/forget"): ("person", "forget", {}),
    ("POST", "/school/people/{person}/forget"): ("person", "forget", {"version": "{version}"}),
    ("POST", "/school/people/{person}/back"): ("person", "back", {"version": "{version}"}),
    ("POST", "/school/people/{person}/invite"): ("person", "invite", {}),
    ("GET", "/school/classes/{line}"): ("class", LOOK, {}),
    ("POST", "/school/classes/{line}"): ("class", "keep", NAME),
    ("POST", "/school/classes/{line}/remove"): ("class", "keep", {}),
    ("GET", "/school/devices/{line}"): ("device", LOOK, {}),
    ("POST", "/school/devices/{line}"): ("device", "keep", {}),
    ("POST", "/school/devices/{line}/remove"): ("device", "keep", {}),
    ("GET", "/school/networks/{network}"): ("network", "keep", {}),
    ("POST", "/school/networks/{network}"): ("network", "keep", {}),
    ("GET", "/policy/versions/{number}"): ("version", LOOK, {}),
    ("POST", "/policy/versions/{number}/bring-back"): ("version", "bring back", {}),
    ("GET", "/policy/drafts/{number}"): ("draft", LOOK, {}),
    ("GET", "/policy/drafts/{number}/changes"): ("draft", LOOK, {}),
    ("GET", "/policy/drafts/{number}/proof"): ("draft", LOOK, {}),
    ("GET", "/policy/drafts/{number}/replay"): ("draft", LOOK, {}),
    ("GET", "/policy/drafts/{number}/progress/{check}"): ("draft", "watch", {}),
    ("GET", "/policy/drafts/{number}/changes/{kind}"): ("draft", "change", {}),
    ("POST", "/policy/drafts/{number}/changes/{kind}"): ("draft", "change", {}),
    ("POST", "/policy/drafts/{number}/undo"): ("draft", "change", {}),
    ("POST", "/policy/drafts/{number}/rebase"): ("draft", "change", {}),
    ("POST", "/policy/drafts/{number}/proof"): ("draft", "check", {}),
    ("POST", "/policy/drafts/{number}/replay"): ("draft", "check", {}),
    ("GET", "/policy/drafts/{number}/propose"): ("draft", "propose", {}),
    ("POST", "/policy/drafts/{number}/propose"): ("draft", "propose", {"reasons": "Asked for"}),
    ("GET", "/policy/drafts/{number}/approve"): ("draft", "approve", {}),
    ("POST", "/policy/drafts/{number}/approve"): (
        "draft",
        "approve",
        {"met_on": "2026-11-19", "reference": "Item 7"},
    ),
    ("GET", "/policy/drafts/{number}/direct"): ("draft", "direct", {}),
    ("POST", "/policy/drafts/{number}/direct"): ("draft", "direct", {"reasons": "Agreed"}),
    ("GET", "/policy/drafts/{number}/refuse"): ("draft", "refuse", {}),
    ("POST", "/policy/drafts/{number}/refuse"): ("draft", "refuse", {"reasons": "No"}),
    ("GET", "/policy/drafts/{number}/withdraw"): ("draft", "withdraw", {}),
    ("POST", "/policy/drafts/{number}/withdraw"): ("draft", "withdraw", {"reasons": "No"}),
    ("GET", "/account/passkeys/{number}"): ("passkey", LOOK, {}),
    ("POST", "/account/passkeys/{number}"): ("passkey", "rename", NAME),
    ("POST", "/account/passkeys/{number}/remove"): ("passkey", "remove", {}),
    ("POST", "/account/tokens/{number}/revoke"): ("token", "revoke", {}),
    ("POST", "/account/sessions/{number}/end"): ("session", "end", {}),
    ("GET", "/sign/{nonce}"): ("signing", LOOK, {}),
    ("GET", "/sign/{nonce}/options"): ("signing", "ask", {}),
    ("POST", "/sign/{nonce}"): ("signing", "sign", {}),
}
# What stands in these paths is a word of Schoolgate's own, and nobody's object.
OF_NOBODY = {
    ("GET", "/figures/{table}"),
    ("POST", "/school/calendar/draft/{kind}"),
    # Of a school without people: for one that has some there is no such page.
    ("GET", "/first-run/networks/{network}"),
    ("POST", "/first-run/networks/{network}"),
}
SIGNED = "signed by a person"
API: Mapping[tuple[str, str], tuple[str, str, dict[str, object]]] = {
    ("GET", "/requests/{number}"): ("request", LOOK, {}),
    ("POST", "/requests/{number}/change"): ("request", "change", {**CHANGED}),
    ("POST", "/requests/{number}/measures"): (
        "request",
        "check",
        {"in_place": True, "why": "I looked."},
    ),
    ("POST", "/requests/{number}/question"): ("request", "ask", {"question": "Who?"}),
    ("POST", "/requests/{number}/answer"): ("request", "answer", {"answer": "I am"}),
    ("POST", "/requests/{number}/how-it-went"): ("request", "tell", {"how_it_went": "Well"}),
    ("POST", "/requests/{number}/note"): ("request", "note", {"note": "Well"}),
    ("POST", "/requests/{number}/withdraw"): ("request", "withdraw", {**WHY}),
    ("POST", "/requests/{number}/decision"): ("request", SIGNED, {}),
    ("GET", "/request-drafts/{number}"): ("request draft", LOOK, {}),
    ("PUT", "/request-drafts/{number}"): ("request draft", "edit", {}),
    ("DELETE", "/request-drafts/{number}"): ("request draft", "delete", {}),
    ("POST", "/request-drafts/{number}/submit"): ("request draft", "submit", {}),
    ("GET", "/standing/requests/{number}"): ("standing request", LOOK, {}),
    ("POST", "/standing/requests/{number}/controls"): (
        "standing request",
        "check",
        {"in_place": True, "why": "I looked."},
    ),
    ("POST", "/standing/requests/{number}/withdraw"): ("standing request", "withdraw", {}),
    ("POST", "/standing/requests/{number}/decision"): ("standing request", SIGNED, {}),
    ("GET", "/reports/{number}"): ("report", LOOK, {}),
    ("POST", "/reports/{number}/answer"): (
        "report",
        "handle",
        {"state": "stays-open", "reasons": "A museum", "answer": "It is a museum."},
    ),
    ("POST", "/reports/{number}/incident"): (
        "report",
        "handle",
        {"severity": "low", "audience": "pupil"},
    ),
    ("POST", "/reports/{number}/about"): ("report", "handle", {"person": "technician"}),
    ("POST", "/reports/{number}/not-about"): ("report", "handle", {"person": "technician"}),
    ("GET", "/blocks/{number}"): ("block", LOOK, {}),
    ("POST", "/blocks/{number}/lift"): ("block", SIGNED, {}),
    ("GET", "/incidents/{number}"): ("incident", LOOK, {}),
    ("POST", "/incidents/{number}/take-up"): ("incident", "take-up", {}),
    ("POST", "/incidents/{number}/note"): ("incident", "note", {"text": "Noted"}),
    ("POST", "/incidents/{number}/action"): ("incident", "action", {"text": "Talked"}),
    ("POST", "/incidents/{number}/close"): (
        "incident",
        "close",
        {"taken": "Talked", "outcome": "Settled"},
    ),
    ("POST", "/incidents/{number}/name"): ("incident", "name", {"person": "p-7", "how": "Seen"}),
    ("POST", "/incidents/{number}/reopen"): ("incident", "reopen", {**WHY}),
    ("POST", "/incidents/{number}/propose"): ("incident", "propose", {"what": "supervised-only"}),
    ("POST", "/restrictions/{number}/decide"): ("restriction", SIGNED, {}),
    ("POST", "/restrictions/{number}/end"): ("restriction", "end", {**WHY}),
    ("POST", "/supervised-sessions/{number}/end"): ("supervised session", "end", {}),
    ("POST", "/device-assignments/{number}/give-back"): ("assigned device", "give back", {}),
    ("POST", "/delegations/{number}/withdraw"): ("delegation", "withdraw", {**WHY}),
    ("POST", "/standing/records/{number}/withdraw"): ("standing record", "withdraw", {}),
    ("GET", "/requests/{number}/form.pdf"): ("request", LOOK, {}),
    ("GET", "/incidents/{number}/record.csv"): ("incident", LOOK, {}),
    ("GET", "/incidents/{number}/record.pdf"): ("incident", LOOK, {}),
    ("GET", "/log/people/{person}"): ("record of", "read", {}),
    ("GET", "/log/people/{person}/records.csv"): ("record of", "take out", {}),
    ("POST", "/legal-holds/{number}/lift"): ("hold", "lift", {**WHY}),
    ("DELETE", "/suggested-sites/{number}"): ("suggested site", "remove", {}),
    ("POST", "/different-days/{number}/withdraw"): ("different day", "withdraw", {}),
    ("GET", "/people/{person}/forgetting"): ("person", "forget", {}),
    ("POST", "/people/{person}/forget"): ("person", "forget", {}),
    ("GET", "/audit/checkpoints/{size}"): ("checkpoint", LOOK, {}),
    ("GET", "/people/{person}"): ("person", LOOK, {}),
    ("PUT", "/people/{person}"): ("person", "keep", {"name": "Ann", "audience": "staff"}),
    ("POST", "/people/{person}/leave"): ("person", "leave", {"last_day": "2026-11-27"}),
    ("POST", "/people/{person}/back"): ("person", "back", {}),
    ("POST", "/people/{person}/duties"): ("person", SIGNED, {}),
    ("GET", "/classes/{line}"): ("class", LOOK, {}),
    ("PUT", "/classes/{line}"): ("class", "keep", {**NAME}),
    ("DELETE", "/classes/{line}"): ("class", "keep", {}),
    ("GET", "/devices/{line}"): ("device", LOOK, {}),
    ("PUT", "/devices/{line}"): ("device", "keep", {}),
    ("DELETE", "/devices/{line}"): ("device", "keep", {}),
    ("PUT", "/networks/{network}"): ("network", SIGNED, {}),
    ("GET", "/policy/versions/{number}"): ("version", LOOK, {}),
    ("GET", "/policy/versions/{number}/documents"): ("version", LOOK, {}),
    ("POST", "/policy/versions/{number}/direct"): ("draft", SIGNED, {}),
    ("POST", "/policy/versions/{number}/bring-back"): ("version", "bring back", {"summary": "So"}),
    ("GET", "/policy/drafts/{number}"): ("draft", LOOK, {}),
    ("GET", "/policy/drafts/{number}/changes"): ("draft", LOOK, {}),
    ("GET", "/policy/drafts/{number}/proof"): ("draft", LOOK, {}),
    ("GET", "/policy/drafts/{number}/replay"): ("draft", LOOK, {}),
    ("GET", "/policy/drafts/{number}/changes/{kind}"): ("draft", "change", {}),
    ("POST", "/policy/drafts/{number}/changes/{kind}"): ("draft", "change", {}),
    ("POST", "/policy/drafts/{number}/undo"): ("draft", "change", {}),
    ("POST", "/policy/drafts/{number}/rebase"): ("draft", "change", {}),
    ("POST", "/policy/drafts/{number}/proof"): ("draft", "check", {}),
    ("POST", "/policy/drafts/{number}/replay"): ("draft", "check", {}),
    ("POST", "/policy/drafts/{number}/propose"): ("draft", "propose", {"reasons": "Asked for"}),
    ("POST", "/policy/drafts/{number}/approve"): (
        "draft",
        "approve",
        {"met_on": "2026-11-19", "reference": "Item 7"},
    ),
    ("POST", "/policy/drafts/{number}/refuse"): ("draft", "refuse", {"reasons": "No"}),
    ("POST", "/policy/drafts/{number}/withdraw"): ("draft", "withdraw", {"reasons": "No"}),
}
API_OF_NOBODY = {("GET", "/figures/{table}.csv")}
# Of each kind of name, one that nothing has.
NO_SUCH = {
    "number": "998",
    "size": "998",
    "person": "nobody-here",
    "line": "nothing-here",
    "network": "nothing-here",
    "code": "000000",
    "nonce": "0" * 64,
}
FURTHER = {"kind": "exception", "check": "proof"}
ORIGIN = {"origin": f"http://{HOST}:8000"}
# A form that lacks something may be refused as such: that nothing was changed, is looked at too.
REFUSED, LET = frozenset({403, 404, 409, 422}), frozenset({200, 204, 303, 422})
TOKEN = re.compile(r'name="csrf" value="[^"]*"')
PARAMETER = re.compile(r"\{([a-z]+)\}")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectWorld]:
    made = object_world(tmp_path_factory.mktemp("objects"))
    made.keep()
    yield made
    made.school.close()


type Answer = tuple[int, str, str, str]


@dataclass(frozen=True)
class Asked:
    """A route with one of its objects, and who asks for it."""

    world: ObjectWorld
    method: str
    path: str
    entered: Mapping[str, object]
    person: str
    is_api: bool = False

    def of(self, key: str) -> Answer:
        """Return what is answered for the object *key*, without its name where it is repeated."""
        place = PARAMETER.sub(lambda found: FURTHER.get(found[1], key), self.path)
        answer = self._of_api(place) if self.is_api else self._of_page(place)
        where = answer.headers.get("location", "")
        kind = answer.headers.get("content-type", "")
        body = TOKEN.sub("", answer.text) if kind.startswith(("text/html", "application/")) else ""
        said = (_without(place, where), kind, _without(place, body))
        return answer.status_code, *said

    def _of_page(self, place: str) -> Response:
        browser = self.world.who(self.person)
        data = None
        if self.method == "POST":
            token = self.world.token(self.person)
            data = {**{name: str(each) for name, each in self.entered.items()}, "csrf": token}
        return browser.ask(self.method, place, data=data, headers=ORIGIN)

    def _of_api(self, place: str) -> Response:
        # Programs are answered so many times a second: time goes on as they ask.
        seconds = 2.0 if self.person == NOBODY else 0.3
        self.world.school.machine_clock.go_on(timedelta(seconds=seconds))
        body = None if self.method == "GET" else dict(self.entered)
        return self.world.program(self.person).ask(self.method, place, body)


def _without(place: str, said: str) -> str:
    return said.replace(place, "#").replace(quote(place, safe=""), "#")


def faults(asked: Asked, rules: Mapping[str, Rule], kind: str, action: str) -> Iterator[str]:
    """Yield what is wrong with what *asked* answers of each object of *kind*."""
    world, none = asked.world, None
    for name, rule in rules.items():
        before = world.changes()
        answer = asked.of(world.key(kind, name))
        has_changed = world.changes() != before
        if has_changed or answer[0] in {200, 201, 204, 303}:
            world.back()
        is_let = rule.is_let(asked.person, action)
        if _is_turned_away(answer, is_api=asked.is_api):
            # `test_access` has every role and every route; here it only must not be expected.
            if is_let or (action == LOOK and rule.is_seen_by(asked.person)):
                yield f"of {name!r}: {answer[0]}, turned away"
            return
        none = none or asked.of(NO_SUCH[PARAMETER.findall(asked.path)[0]])
        wrong = _wrong(answer, none, rule.is_seen_by(asked.person), action, is_let)
        if wrong:
            yield f"of {name!r}: {answer[0]}, {wrong}"
        if has_changed and asked.method != "GET" and is_let is False:
            yield f"of {name!r}: {answer[0]}, and something was changed"


def _wrong(answer: Answer, none: Answer, is_seen: bool, action: str, is_let: bool | None) -> str:
    if not is_seen:
        return "" if answer == none and none[0] == 404 else f"for one that is not there {none[0]}"
    if action == SIGNED:
        return "" if answer[0] in {403, 404, 409} else "though a person signs it"
    if action == LOOK:
        return "" if answer[0] == 200 else "though they may see it"
    if is_let is None:
        return "" if answer[0] != 404 and answer[0] < 500 else "though it is there for them"
    if is_let:
        return "" if answer[0] in LET else "though they may"
    return "" if answer[0] in REFUSED else "though they may not"


def _is_turned_away(answer: Answer, *, is_api: bool) -> bool:
    """Whether the page is for others, whatever its object: the table of routes says so."""
    status, where, _, body = answer
    if is_api:
        return status == 401 or (status == 403 and "#not-for-you" in body)
    return where.startswith("/sign-in") or (status == 403 and "This page is not for you" in body)


def test_every_route_that_names_an_object_is_here() -> None:
    assert {each for each in TABLE if "{" in each[1]} == set(ROUTES) | OF_NOBODY
    assert {each for each in ENDPOINTS if "{" in each[1]} == set(API) | API_OF_NOBODY
    assert set(RULES) == {kind for kind, _, _ in ROUTES.values()}


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("is_api", [False, True], ids=["pages", "api"])
def test_an_object_is_for_those_it_is_for_and_for_others_there_is_none(
    world: ObjectWorld, kind: str, *, is_api: bool
) -> None:
    found = [
        f"{method} {path} by {person} {fault}"
        for (method, path), (of, action, entered) in (API if is_api else ROUTES).items()
        if of == kind
        for person in (*PEOPLE, *((ELSEWHERE,) if kind == "signing" else ()))
        for fault in faults(
            Asked(world, method, path, entered, person, is_api), RULES[kind], kind, action
        )
    ]
    world.back()

    assert [] == found, "\n".join(found)
