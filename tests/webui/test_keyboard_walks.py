"""
Every form that people send, by a keyboard alone and in a browser that runs no script.

The tasks are the POST routes of the pages. One without a walk fails, unless it stands in ELSEWHERE
with its reason and the test that walks it.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import chromium
from free_ports import free_port
from full_school import LISTENING
from keyboard_walks import Walk, Walker
from walked_school import walked_school
from walks_of_accounts import WALKS as OF_ACCOUNTS
from walks_of_care import WALKS as OF_CARE
from walks_of_changes import WALKS as OF_CHANGES
from walks_of_policy import WALKS as OF_POLICY
from walks_of_requests import WALKS as OF_REQUESTS
from walks_of_school import WALKS as OF_SCHOOL
from web_server import served

from schoolgate_webui.access import TABLE
from schoolgate_webui.changing.kinds import Kind

pytestmark = pytest.mark.browser

WALKS = (*OF_ACCOUNTS, *OF_REQUESTS, *OF_CARE, *OF_SCHOOL, *OF_POLICY, *OF_CHANGES)
_FILE = "test_keyboard_from_the_start.py"
_FIRST_RUN = (
    "it is of a school without people",
    f"{_FILE}::test_a_school_is_set_up_with_a_keyboard_alone_and_without_script",
)
_PASSKEY = (
    "a script alone sends it, with what an authenticator answered",
    f"{_FILE}::test_a_passkey_is_made_and_used_with_a_keyboard_alone",
)
# Routes that are walked in another school: why, and by which test.
ELSEWHERE = {
    "/first-run": _FIRST_RUN,
    "/first-run/school": _FIRST_RUN,
    "/first-run/networks/{network}": _FIRST_RUN,
    "/first-run/people": _FIRST_RUN,
    "/first-run/end": _FIRST_RUN,
    "/account/passkeys/new": _PASSKEY,
    "/sign-in/passkey": _PASSKEY,
    "/sign-in/second/passkey": _PASSKEY,
}


@pytest.fixture(scope="module")
def walker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walker]:
    port = free_port(LISTENING)
    walker = walked_school(tmp_path_factory.mktemp("walked"), port)
    school = walker.full.school
    try:
        with chromium() as browser, served(school, LISTENING, port) as url:
            walker.open(browser, url)
            yield walker
            walker.held.end()
    finally:
        school.close()


def test_every_form_that_people_send_has_a_walk() -> None:
    walked = {sent.route for walk in WALKS for each in walk.whole for sent in each.sent}

    assert {path for method, path in TABLE if method == "POST"} == walked | ELSEWHERE.keys()
    assert not walked & ELSEWHERE.keys()


def test_every_kind_of_change_of_the_policy_has_a_walk() -> None:
    pages = [each.page.partition("?")[0] for walk in OF_CHANGES for each in walk.whole]

    assert sorted(Kind) == sorted(page.rpartition("/")[2] for page in pages)


@pytest.mark.parametrize("named", sorted({test for _, test in ELSEWHERE.values()}))
def test_what_is_walked_elsewhere_is_walked_there(named: str) -> None:
    file, _, name = named.partition("::")
    tree = ast.parse((Path(__file__).parent / file).read_text())

    assert name in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}


@pytest.mark.parametrize("walk", WALKS, ids=[f"{each.person} {each.route}" for each in WALKS])
def test_a_keyboard_alone_is_enough_without_script(walker: Walker, walk: Walk) -> None:
    walker.go(walk)
