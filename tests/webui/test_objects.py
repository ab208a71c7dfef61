"""
Who may see and do what with one object: every route that names one, every role, every object.

The rules stand in `object_rules`, as data. A route with an object in its path that is not in the
tables here fails: nothing that names an object is left out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from object_routes import API, API_OF_NOBODY, OF_NOBODY, ROUTES, SIGNED
from object_rules import GONE_ONCE_DONE, LOOK, RULES, STILL_REFUSED, Rule
from object_things import object_world
from object_world import ELSEWHERE, LEAVER, NOBODY, ObjectWorld

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
DONE = frozenset({200, 201, 204, 303})
# What was entered is whole and right: who may not is refused for that, and never for a mistake.
REFUSED, NOT_AS_THINGS_ARE = frozenset({403, 404, 409}), frozenset({403, 404, 409, 422})
TOKEN = re.compile(r'name="csrf" value="[^"]*"')
PARAMETER = re.compile(r"\{([a-z]+)\}")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectWorld]:
    made = object_world(tmp_path_factory.mktemp("objects"))
    made.keep()
    yield made
    made.close()


type Answer = tuple[int, str, str, str]


@dataclass(frozen=True)
class Asked:
    """A route with one of its objects, and who asks for it."""

    world: ObjectWorld
    method: str
    path: str
    kind: str
    entered: Mapping[str, object]
    person: str
    is_api: bool = False

    def of(self, key: str) -> Answer:
        """Return what is answered for the object *key*, without its name where it is repeated."""
        place = PARAMETER.sub(lambda found: FURTHER.get(found[1], key), self.path)
        entered = self.world.filled(self.kind, key, self.entered)
        ask = self.world.answer if self.is_api else self.world.page
        answer = ask(self.person, self.method, place, entered)
        where = answer.headers.get("location", "")
        kind = answer.headers.get("content-type", "")
        body = TOKEN.sub("", answer.text) if kind.startswith(("text/html", "application/")) else ""
        said = (_without(place, where), kind, _without(place, body))
        return answer.status_code, *said


def _without(place: str, said: str) -> str:
    return said.replace(place, "#").replace(quote(place, safe=""), "#")


def faults(asked: Asked, rules: Mapping[str, Rule], action: str) -> Iterator[str]:
    """Yield what is wrong with what *asked* answers of each object of its kind."""
    world, none = asked.world, None
    for name, rule in rules.items():
        answer = asked.of(world.key(asked.kind, name))
        has_changed = world.has_changed()
        is_done = asked.method != "GET" and answer[0] in DONE
        if has_changed or is_done:
            world.back()
        is_let = rule.is_let(asked.person, action)
        if _is_turned_away(answer, is_api=asked.is_api):
            # `test_access` has every role and every route; here it only must not be expected.
            if is_let or (action == LOOK and rule.is_seen_by(asked.person)):
                yield f"of {name!r}: {answer[0]}, turned away"
            return
        none = none or asked.of(NO_SUCH[PARAMETER.findall(asked.path)[0]])
        if not rule.is_seen_by(asked.person):
            is_none = answer == none and none[0] == 404
            wrong = "" if is_none else f"for one that is not there {none[0]}"
        elif asked.method != "GET" and is_let:
            is_gone = answer[0] == 404 and (asked.kind, name, asked.person) in GONE_ONCE_DONE
            is_through = (has_changed and (is_done or is_gone)) or answer[1].startswith("/sign/")
            is_still_refused = (asked.kind, name, action) in STILL_REFUSED
            wrong = "" if is_through != is_still_refused else "though they may: nothing came of it"
        elif asked.method != "GET" and is_let is False and has_changed:
            wrong = "and something was changed"
        else:
            wrong = _wrong(answer[0], rule, action, is_let)
        if wrong:
            yield f"of {name!r}: {answer[0]}, {wrong}"


def _wrong(status: int, rule: Rule, action: str, is_let: bool | None) -> str:
    """Say what is wrong with *status* for somebody who sees the object."""
    if action == SIGNED:
        return "" if status in REFUSED else "though a person signs it"
    if action == LOOK:
        return "" if status == 200 else "though they may see it"
    if is_let is None:
        return "" if status != 404 and status < 500 else "though it is there for them"
    if is_let:
        return "" if status == 200 else "though they may"
    refused = REFUSED if rule.does[action] else NOT_AS_THINGS_ARE
    return "" if status in refused else "though they may not"


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
            Asked(world, method, path, kind, entered, person, is_api), RULES[kind], action
        )
    ]
    world.back()

    assert [] == found, "\n".join(found)
