"""The page "Why?": who may ask what, the answer, the picture of the week, and bad input."""

import re
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest
from msgspec.structs import replace
from web_browser import Browser, Page
from web_events import blocked, put
from web_school import MACHINE, NETWORKS, WebSchool, settings_in

from schoolgate_policyd.config import NetworkSettings
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.store.models.audit import AuditAction

STAFF_AT_BREAK = {
    "url": "www.tiktok.com",
    "audience": "staff",
    "device": "own-device",
    "at": "2026-11-20T10:35",
    "assume": "staff-break-access",
}


def asked(school: WebSchool, by: str = "lead", **entered: str) -> tuple[Browser, Page]:
    browser = Browser(school).sign_in(by)
    return browser, browser.get(f"/why?{urlencode(entered)}" if entered else "/why")


@pytest.mark.parametrize("who", ["head", "lead", "dsl", "technician"])
def test_those_who_answer_for_the_filter_have_the_page(school: WebSchool, who: str) -> None:
    browser, page = asked(school, who)

    assert 200 == browser.status
    assert "/why" in page.links
    assert "There is a problem" not in page.text
    assert "sg-week" not in page.classes


@pytest.mark.parametrize("who", ["teacher", "chair", "governor", "operator", "visitor"])
def test_others_do_not(school: WebSchool, who: str) -> None:
    browser, page = asked(school, who, url="www.tiktok.com")

    assert 403 == browser.status
    assert "/why" not in page.links


def test_a_block_says_the_rule_its_section_the_runner_up_and_until_when(
    school: WebSchool,
) -> None:
    _, page = asked(school, **STAFF_AT_BREAK | {"at": "2026-11-20T10:29"})

    for words in (
        "Blocked A member of staff on their own device asks for www.tiktok.com",
        "on Friday 20 November 2026 at 10:29, in a lesson.",
        "Rule staff-social-media blocks it: Social Media Policy, §5 Personal accounts.",
        "Deciding rule staff-social-media Staff and visitors may not reach social media,",
        "except staff at break or at lunch, once staff-break-access is recorded.",
        "It comes from Social Media Policy, §5 Personal accounts",
        "Without it Without this rule, it would be allowed.",
        "Until when This holds until Friday 20 November 2026 at 10:30.",
        "It is judged by the rules, grants and permissions that are recorded now",
    ):
        assert words in page.text


def test_an_exception_says_why_it_applies(school: WebSchool) -> None:
    _, page = asked(school, **STAFF_AT_BREAK)

    assert "Allowed A member of staff" in page.text
    assert "because it is break and staff-break-access is recorded" in page.text
    assert "Without the exception, rule staff-social-media would block it" in page.text


def test_a_help_line_is_open_and_has_no_rule(school: WebSchool) -> None:
    _, page = asked(school, url="www.childline.org.uk")

    assert "It is a help line, so it is always open" in page.text
    assert "Deciding rule" not in page.text
    assert "Until when" not in page.text
    assert "no rule speaks of it" in page.text


def test_what_was_not_said_is_shown_as_it_was_taken(school: WebSchool) -> None:
    _, page = asked(school, url="www.tiktok.com")

    assert "A pupil on an unknown device" in page.text
    assert "unknown" == page.form("/why").fields["device"]


def test_without_a_moment_it_is_now(school: WebSchool) -> None:
    _, page = asked(school, url="www.tiktok.com")

    assert "on Friday 20 November 2026 at 10:00, in a lesson" in page.text
    assert "It is judged by" not in page.text


def test_the_week_is_drawn_for_those_who_see_it_and_said_for_those_who_do_not(
    school: WebSchool,
) -> None:
    browser, page = asked(school, **STAFF_AT_BREAK)
    source = browser.last_text

    assert 'role="img" aria-labelledby="week-title week-description"' in source
    assert (
        "Monday to Friday: blocked 00:00 to 10:30, allowed 10:30 to 10:45, blocked 10:45 to "
        "12:15, allowed 12:15 to 13:15, blocked 13:15 to 24:00. Saturday and Sunday: blocked all "
        "day." in page.text
    )
    assert 'id="week-block"' in source
    assert 'fill="url(#week-block)"' in source
    assert "the hours before 08:00 and from 18:00" in page.text
    assert "Asked about: Friday 10:35" in source
    assert "10:30 to 10:45 Allowed break staff-social-media" in page.text
    assert "style=" not in source


def test_every_bar_of_a_day_touches_the_next(school: WebSchool) -> None:
    """A gap would hide something of the day."""
    browser, _ = asked(school, **STAFF_AT_BREAK)
    bars = [
        (int(line.split('y="')[1].split('"')[0]), *_ends(line))
        for line in browser.last_text.splitlines()
        if "<rect class=" in line and 'x="' in line
    ]
    monday = sorted(bar[1:] for bar in bars if bar[0] == bars[0][0])

    assert 7 == len({y for y, _, _ in bars})
    assert 7 == len(monday)
    # The first and the last stand apart: they are the hours folded up.
    for (_, end), (start, _) in pairwise(monday[1:-1]):
        assert end == pytest.approx(start, abs=0.01)
    assert 100 == pytest.approx(monday[-1][1], abs=0.01)


def _ends(line: str) -> tuple[float, float]:
    x, width = (float(part) for part in re.findall(r'"([\d.]+)%"', line))
    return x, x + width


def test_a_person_is_asked_for_with_what_is_known_of_them(school: WebSchool) -> None:
    _, page = asked(school, "dsl", url="www.tiktok.com", person="operator", audience="pupil")

    assert "A member of staff (account-operator) on an unknown device" in page.text


@pytest.mark.parametrize(
    ("device", "seen"),
    [
        ("unknown", "A member of staff on their own device"),
        ("school-computer", "A member of staff on a school computer"),
    ],
)
def test_a_person_is_on_a_device_of_theirs_unless_another_is_asked_for(
    school: WebSchool, device: str, seen: str
) -> None:
    _, page = asked(school, "lead", url="www.tiktok.com", person="teacher", device=device)

    assert seen in page.text


def test_a_look_at_a_person_is_recorded_without_the_address(school: WebSchool) -> None:
    asked(school, url="www.childline.org.uk", person="p-7")

    entry = school.decisions.audit.recent(limit=1)[0]
    assert (AuditAction.PERSON_LOOKED_AT, "lead", "person", "p-7", MACHINE) == (
        entry.action,
        entry.actor,
        entry.object_kind,
        entry.object_id,
        entry.at,
    )
    assert {"by way of": "page"} == entry.details


@pytest.mark.parametrize("who", ["head", "technician"])
def test_a_person_is_for_those_who_see_attempts_alone(school: WebSchool, who: str) -> None:
    browser, page = asked(school, who)
    assert "person" not in page.form("/why").fields

    page = browser.get("/why?url=www.tiktok.com&person=p-7")

    assert 403 == browser.status
    assert "Only those who see blocked attempts" in page.text
    actions = {each.action for each in school.decisions.audit.recent()}
    assert AuditAction.PERSON_LOOKED_AT not in actions


@pytest.mark.parametrize(
    ("entered", "message"),
    [
        ({"url": ""}, "Web address: Enter a web address, such as www.bbc.co.uk"),
        ({"url": "https://"}, "Web address: "),
        ({"url": "a..b"}, "Web address: "),
        ({"url": "x" * 9000}, "Web address: Enter at most 8192 characters"),
        ({"at": "tomorrow"}, "When (empty: now): `tomorrow` is not a moment"),
        (
            {"at": "2027-03-28T01:30"},
            "When (empty: now): `2027-03-28T01:30` never was on the clocks",
        ),
        (
            {"at": "0000-00-00T00:00"},
            "When (empty: now): `0000-00-00T00:00` is not on any calendar",
        ),
        ({"audience": "teacher"}, "Who asks: Choose one of the list"),
        ({"device": "fridge"}, "On what: Choose one of the list"),
        ({"duty": "caretaker"}, "Duty: Choose one of the list"),
        ({"person": "nobody"}, "One person instead: Nobody has that user name or pseudonym"),
        ({"age": "-1"}, "Age: Enter a whole number from 0 to 120"),
        ({"age": "121"}, "Age: Enter a whole number from 0 to 120"),
        ({"age": "٣"}, "Age: Enter a whole number from 0 to 120"),
        ({"year_group": "9" * 90}, "Year group: Enter a whole number from 0 to 13"),
        ({"hours": "all day"}, "Working hours: `all day` are not working hours"),
    ],
)
def test_a_mistake_stands_beside_its_field_and_every_entry_is_kept(
    school: WebSchool, entered: dict[str, str], message: str
) -> None:
    browser, page = asked(school, **STAFF_AT_BREAK | entered)

    assert 422 == browser.status
    assert "There is a problem" in page.text
    assert message in page.text
    assert "sg-week" not in page.classes
    (name, value), *_ = entered.items()
    if len(value) < 90 and name not in {"audience", "device", "duty"}:
        assert value == page.form("/why").fields[name]


def test_every_mistake_is_said_at_once(school: WebSchool) -> None:
    _, page = asked(school, url="", at="x", age="y", person="z")

    for label in ("Web address: ", "When (empty: now): ", "Age: ", "One person instead: "):
        assert label in page.text


def test_the_form_keeps_what_was_asked(school: WebSchool) -> None:
    _, page = asked(school, **STAFF_AT_BREAK | {"age": "40", "overtime": "yes", "duty": "dsl"})

    fields = page.form("/why").fields
    for name, value in (STAFF_AT_BREAK | {"age": "40", "overtime": "yes", "duty": "dsl"}).items():
        assert value == fields[name]
    assert "get" == page.form("/why").method


@pytest.mark.parametrize(
    "query",
    [
        "url=%00&at=%ff",
        "url=<script>alert(1)</script>",
        "url=www.tiktok.com&" + "&".join(f"assume={n}" for n in range(300)),
        "url=www.tiktok.com&url=&url=www.tiktok.com&person=",
        "assume=staff-break-access",
        "url=www.tiktok.com&at=2199-12-31T23:59",
        "url=www.tiktok.com&at=2000-01-01T00:00",
        "url=" + "%f0%9f%98%80" * 100,
        "url=[::1]&person=" + "%27%20OR%201=1",
    ],
)
def test_hostile_queries_get_a_page(school: WebSchool, query: str) -> None:
    browser = Browser(school).sign_in("lead")
    browser.get(f"/why?{query}")

    assert browser.status in {200, 422}
    assert "<script>alert" not in browser.last_text


def test_a_blocked_attempt_leads_to_its_reasons(school: WebSchool) -> None:
    put(
        school,
        blocked("www.tiktok.com", ago=timedelta(minutes=8, seconds=3)),
        blocked("www.facebook.com", audience=Audience.STAFF, person="teacher", rule="x"),
    )
    browser = Browser(school).sign_in("lead")
    links = [link for link in browser.get("/log").links if link.startswith("/why?")]

    assert [
        {
            "url": "www.facebook.com",
            "audience": "staff",
            "device": "school-computer",
            "at": "2026-11-20T10:00",
        },
        {
            "url": "www.tiktok.com",
            "audience": "pupil",
            "device": "school-computer",
            "at": "2026-11-20T09:51:57",
        },
    ] == [dict(parse_qsl(link.removeprefix("/why?"))) for link in links]
    page = browser.get(links[1])
    assert "A pupil on a school computer asks for www.tiktok.com" in page.text
    assert "at 09:51:57, in a lesson" in page.text
    assert "2026-11-20T09:51:57" == page.form("/why").fields["at"]


def test_an_attempt_from_where_nothing_looks_inside_is_asked_about_so(tmp_path: Path) -> None:
    guests = NetworkSettings(
        id="guests",
        cidr="127.0.4.0/24",
        audience=Audience.VISITOR,
        device=DeviceKind.UNKNOWN,
        inspectable=False,
    )
    school = WebSchool(tmp_path, settings=settings_in(tmp_path, networks=(*NETWORKS, guests)))
    put(school, replace(blocked("www.tiktok.com"), network="guests", device=DeviceKind.UNKNOWN))
    links = Browser(school).sign_in("lead").get("/log").links
    school.close()

    (link,) = [each for each in links if each.startswith("/why?")]
    asked_for = dict(parse_qsl(link.removeprefix("/why?")))
    assert "yes" == asked_for["uninspectable"]
    assert "unknown" == asked_for["device"]
