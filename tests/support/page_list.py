"""Every page of the school with everything, from the table of routes: none is forgotten."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from full_school import NEWCOMER, FullSchool

from schoolgate_webui.access import TABLE, Who, is_for

NOBODY = "nobody"
# Whoever has most to do comes first; a page is looked at by the first of them it is for.
PREFERRED = ("lead", "head", "dsl", "technician", "chair", "governor", "teacher")
# What is no page: files, pictures, rows that come into a page, what scripts ask for.
NO_PAGES = frozenset(
    {
        "/filtering.txt",
        "/filtering.pdf",
        "/sign-in/passkey",
        "/sign-in/second/passkey",
        "/account/codes/qr.svg",
        "/account/passkeys/options",
        "/sign/{nonce}/options",
        "/requests/{number}/form.pdf",
        "/log/rows",
        "/log/people/{person}/records.csv",
        "/figures/{table}",
        "/policy/drafts/{number}/progress/{check}",
        "/incidents/record.csv",
        "/incidents/{number}/record.csv",
        "/incidents/{number}/record.pdf",
        # It leads to the log, for old links.
        "/attempts",
    }
)
# Pages of somebody part-way, of a school without people, after a form: where they are tested.
ELSEWHERE = {
    "/sign-in/second": "test_passkeys_in_chromium.py",
    "/sign-in/set-up": "test_passkeys_in_chromium.py",
    "/account/passkeys/{number}": "test_passkeys_in_chromium.py",
    "/account/tokens/made": "test_passkeys_in_chromium.py",
    "/first-run": "test_school_in_chromium.py",
    "/first-run/school": "test_school_in_chromium.py",
    "/first-run/networks/{network}": "test_school_in_chromium.py",
    "/first-run/people": "test_school_in_chromium.py",
}
KINDS = ("block", "exception", "bells", "terms", "one-off", "file", "promise", "social-media")
HOMES = (
    "teacher",
    "head",
    "chair",
    "governor",
    "lead",
    "dsl",
    "technician",
    "operator",
    "visitor",
)


@dataclass(frozen=True)
class Visited:
    """A page, and who opens it."""

    path: str
    person: str

    @property
    def name(self) -> str:
        """What a picture of it is called."""
        path = re.sub(r"[^a-z0-9]+", "-", self.path.lower()).strip("-") or "home"
        return f"{path[:60]}-{self.person}"


def every_page(full: FullSchool) -> tuple[Visited, ...]:
    """Return the pages of *full*: at least one for each GET route, or this fails."""
    examples = _examples(full)
    found: list[Visited] = []
    for method, route in TABLE:
        if method != "GET" or route in NO_PAGES or route in ELSEWHERE:
            continue
        assert "{" not in route or route in examples, f"no example of {route}: give it one here"
        found += examples.get(route) or [Visited(route, _who(full, TABLE["GET", route]))]
    strangers = (examples.keys() | NO_PAGES | ELSEWHERE.keys()) - {route for _, route in TABLE}
    assert not strangers, f"these are no routes: {sorted(strangers)}"
    return tuple(found)


def _who(full: FullSchool, who: Who) -> str:
    if who is Who.ANYBODY:
        return NOBODY
    people = full.school.decisions.people
    return next(each for each in PREFERRED if is_for(who, people.member(each)))


def _examples(full: FullSchool) -> Mapping[str, list[Visited]]:
    drafted, proposed, approved = (
        full.drafts[each] for each in ("drafted", "proposed", "approved")
    )
    draft = "/policy/drafts/{number}"
    return {
        "/": [Visited("/", each) for each in (NOBODY, *HOMES)],
        "/policy/acknowledge": [Visited("/policy/acknowledge", NEWCOMER)],
        "/account/codes": [Visited("/account/codes", "teacher")],
        "/account/recovery-codes": [Visited("/account/recovery-codes", "operator")],
        "/account": [Visited("/account", "operator")],
        "/requests": [Visited("/requests", each) for each in ("teacher", "lead", "head")],
        "/requests/{number}": [
            *(Visited(f"/requests/{n}", "teacher") for n in (1, 4, 5, 6, 7)),
            Visited("/requests/2", "lead"),
            Visited("/requests/3", "head"),
        ],
        "/requests/drafts/{number}": [Visited("/requests/drafts/1", "teacher")],
        "/requests/{number}/change": [Visited("/requests/4/change", "teacher")],
        "/requests/new": [Visited("/requests/new?url=www.tiktok.com", "teacher")],
        "/sign/{nonce}": [Visited(f"/sign/{full.nonce}", "head")],
        "/delegations": [Visited("/delegations", "head")],
        "/standing": [Visited("/standing", "lead")],
        "/standing/requests/{number}": [
            Visited("/standing/requests/1", "technician"),
            Visited("/standing/requests/2", "head"),
        ],
        "/log": [
            Visited("/log", "lead"),
            Visited("/log?attempts=yes", "dsl"),
        ],
        "/log/people/{person}": [
            Visited("/log/people/p-7", "dsl"),
            Visited("/log/people/teacher", "head"),
        ],
        "/log/open/{code}": [Visited(f"/log/open/{full.log_code}", "dsl")],
        "/figures": [Visited(f"/figures?span={span}", "head") for span in ("day", "week", "term")],
        "/why": [
            Visited("/why", "lead"),
            Visited("/why?url=www.tiktok.com&audience=pupil&device=school-computer", "head"),
        ],
        "/policy": [Visited("/policy", "technician"), Visited("/policy", "governor")],
        "/policy/versions/{number}": [Visited("/policy/versions/2", "head")],
        "/policy/compare": [Visited("/policy/compare", "governor")],
        draft: [
            Visited(draft.format(number=drafted), "technician"),
            Visited(draft.format(number=proposed), "governor"),
            Visited(draft.format(number=approved), "head"),
        ],
        f"{draft}/changes": [Visited(f"/policy/drafts/{drafted}/changes", "technician")],
        f"{draft}/changes/{{kind}}": [
            Visited(f"/policy/drafts/{drafted}/changes/{kind}", "technician") for kind in KINDS
        ],
        f"{draft}/proof": [Visited(f"/policy/drafts/{drafted}/proof", "technician")],
        f"{draft}/replay": [Visited(f"/policy/drafts/{drafted}/replay", "technician")],
        f"{draft}/propose": [Visited(f"/policy/drafts/{drafted}/propose", "technician")],
        f"{draft}/approve": [Visited(f"/policy/drafts/{proposed}/approve", "governor")],
        f"{draft}/direct": [Visited(f"/policy/drafts/{approved}/direct", "head")],
        f"{draft}/refuse": [Visited(f"/policy/drafts/{proposed}/refuse", "governor")],
        f"{draft}/withdraw": [Visited(f"/policy/drafts/{drafted}/withdraw", "technician")],
        "/reports": [Visited("/reports", "lead"), Visited("/reports", "teacher")],
        "/reports/{number}": [
            Visited("/reports/1", "lead"),
            Visited("/reports/2", "dsl"),
            Visited("/reports/3", "teacher"),
        ],
        "/blocks/{number}": [Visited("/blocks/1", "head")],
        "/records/checkpoints/{number}": [
            Visited(f"/records/checkpoints/{full.checkpoint}", "head")
        ],
        "/school": [Visited("/school", "technician")],
        "/school/people": [Visited("/school/people", "technician")],
        "/school/people/{person}": [Visited("/school/people/teacher", "head")],
        "/school/people/{person}/change": [Visited("/school/people/p-7/change", "technician")],
        "/school/people/{person}/duties": [Visited("/school/people/teacher/duties", "head")],
        "/school/people/{person}/leave": [Visited("/school/people/teacher/leave", "head")],
        "/school/people/{person}/forget": [Visited("/school/people/p-22/forget", "head")],
        "/school/classes/{line}": [Visited("/school/classes/4b", "technician")],
        "/school/devices/{line}": [Visited("/school/devices/teachers-phone", "technician")],
        "/school/networks/{network}": [Visited("/school/networks/pupil-computers", "head")],
        "/incidents": [Visited("/incidents", "dsl"), Visited("/incidents", "head")],
        "/incidents/new": [Visited("/incidents/new", "teacher")],
        "/incidents/{number}": [Visited("/incidents/1", "lead"), Visited("/incidents/2", "dsl")],
        "/incidents/{number}/propose": [Visited("/incidents/1/propose", "lead")],
        "/restrictions": [Visited("/restrictions", "head")],
        "/supervised": [Visited("/supervised", "teacher")],
        "/supervised/devices": [Visited("/supervised/devices", "teacher")],
        "/devices": [Visited("/devices", "teacher")],
    }
