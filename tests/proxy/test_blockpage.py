"""What the proxy's pages say to whom."""

import re
from datetime import datetime, timedelta

import msgspec
import pytest
from proxy_school import (
    BREAK,
    CATALOGUE,
    LESSON,
    PUPIL,
    STAFF,
    UNKNOWN,
    VISITOR,
    ZONE,
    school_source,
)
from school_pages import TIKTOK, WEB, Reader, blocked, page_for

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, UrlResource
from schoolgate_policyd.core.names import parse_host, parse_url
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.rules import Citation, Restriction, RestrictionKind
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.core.strict import strict_source
from schoolgate_policyd.core.subjects import DeviceClaim
from schoolgate_proxy.blockpage import (
    block_page,
)
from schoolgate_proxy.words import Blocked, spoken


def test_a_pupil_reads_whom_to_ask_and_where_to_get_help() -> None:
    page = Reader(page_for(PUPIL))

    assert "You can’t open this page at school" in page.text
    assert "It is about social media." in page.text
    assert "Social Media Policy, §7" in page.text
    assert "Ask your teacher." in page.text
    assert "Childline 0800 1111" in page.text
    assert "https://www.childline.example/" in page.links
    assert not any("requests/new" in link for link in page.links)


def test_a_pupils_page_has_short_words_in_short_sentences() -> None:
    """Flesch reading ease as a child of seven needs it, by syllables counted as vowel groups."""
    text = Reader(page_for(PUPIL)).text
    said = text[text.index("You can’t") : text.index("Page")] + text[text.index("What you can") :]
    sentences = [each for each in re.split(r"[.?!]", said) if each.strip()]
    words = re.findall(r"[a-z’]+", said.lower())
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", word))) for word in words)

    ease = 206.835 - 1.015 * len(words) / len(sentences) - 84.6 * syllables / len(words)
    assert ease > 75


def test_staff_read_when_it_opens_and_can_ask_for_the_page() -> None:
    resource = UrlResource(parse_url("https://www.tiktok.com/a?b=c&d=é"))
    page = Reader(page_for(STAFF, resource))

    assert "It opens at 10:30." in page.text
    assert "Social Media Policy, §5 Personal accounts" in page.text
    asked = "https%3A%2F%2Fwww.tiktok.com%2Fa%3Fb%3Dc%26d%3D%25C3%25A9"
    assert [f"https://schoolgate.example/requests/new?url={asked}"] == page.links


def test_staff_are_not_sent_to_ask_for_what_nothing_lifts() -> None:
    page = Reader(page_for(STAFF, UrlResource(parse_url("https://vpn.example/"))))

    assert [] == page.links
    assert "No request can open this page" in page.text
    assert "at this time" not in page.text


def test_a_visitor_is_sent_to_the_office() -> None:
    page = Reader(page_for(VISITOR, HostResource(parse_host("www.tiktok.com"))))

    assert "Ask the school office." in page.text
    assert "Schoolgate's choice" in page.text
    assert [] == page.links


def test_an_unknown_device_is_told_both() -> None:
    text = Reader(page_for(UNKNOWN)).text

    assert "Ask your teacher." in text
    assert "Ask the school office." in text


def test_a_pupil_who_tries_a_vpn_is_not_told_that_nothing_was_wrong() -> None:
    vpn = UrlResource(parse_url("https://vpn.example/"))

    assert "not done anything wrong" not in page_for(PUPIL, vpn)
    assert "not done anything wrong" in page_for(PUPIL)


def test_no_opening_is_promised_where_the_calendar_ends_first() -> None:
    vpn = UrlResource(parse_url("https://vpn.example/"))
    for_pupil, for_staff = Reader(page_for(PUPIL)).text, Reader(page_for(STAFF, vpn)).text

    assert "Until when It stays closed." in for_pupil
    assert "Until when No time is known at which it opens." in for_staff
    assert "It opens" not in for_pupil + for_staff


def test_no_opening_is_promised_at_the_end_of_a_device_claim() -> None:
    """Until then a teacher uses the device; nobody knows who does afterwards."""
    ends_at = LESSON + timedelta(minutes=5)
    source = school_source(live=Live(claims=(DeviceClaim("c", STAFF, "teacher", ends_at),)))
    snapshot = compile_snapshot(source)
    subject = snapshot.subject_at(STAFF, LESSON)
    decision = decide(Request(subject, TIKTOK), snapshot, LESSON)

    page = block_page(Blocked(subject, TIKTOK, decision, snapshot, LESSON, WEB)).body.decode()

    assert "This is checked again at 09:35." in page
    assert "It opens" not in page


@pytest.mark.parametrize("who", [PUPIL, STAFF, VISITOR])
def test_while_nobody_knows_the_time_the_page_says_so_and_promises_none(who: str) -> None:
    snapshot = compile_snapshot(school_source()).in_doubt(LESSON.replace(hour=10, minute=31))
    subject = snapshot.subject_at(who, LESSON)
    decision = decide(Request(subject, TIKTOK), snapshot, LESSON)
    page = block_page(Blocked(subject, TIKTOK, decision, snapshot, LESSON, WEB)).body.decode()

    assert "The school’s clock is not right. Until it is, the rules for lessons apply." in page
    assert "It opens" not in page


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (LESSON.replace(hour=10, minute=30), "at 10:30"),
        (LESSON.replace(hour=10, minute=30, second=7), "at 10:30:07"),
        (LESSON + timedelta(days=1), "tomorrow at 09:30"),
        (LESSON + timedelta(days=3), "on Monday 23 November at 09:30"),
        (datetime(2027, 4, 12, 9, 0, tzinfo=ZONE), "on Monday 12 April at 09:00"),
    ],
)
def test_moments_are_said_on_the_schools_clock(at: datetime, said: str) -> None:
    assert said == spoken(at, LESSON, ZONE)


def test_in_text_it_is_the_same_in_a_few_words() -> None:
    page = block_page(blocked(STAFF), as_html=False)

    assert "text/plain; charset=utf-8" == dict(page.headers)["Content-Type"]
    assert [
        "This page is blocked: www.tiktok.com.",
        "It counts as social media. Social Media Policy, §5 Personal accounts",
        "It opens at 10:30.",
    ] == page.body.decode().splitlines()


def test_a_rule_without_a_topic_is_told_by_its_category() -> None:
    source = school_source()
    rules = tuple(msgspec.structs.replace(rule, topic="") for rule in source.policy.rules)
    policy = msgspec.structs.replace(source.policy, rules=rules)
    snapshot = compile_snapshot(msgspec.structs.replace(source, policy=policy))
    subject = snapshot.subject_at(STAFF, LESSON)
    decision = decide(Request(subject, TIKTOK), snapshot, LESSON)

    page = block_page(Blocked(subject, TIKTOK, decision, snapshot, LESSON, WEB)).body.decode()

    assert "It counts as video sharing." in page


@pytest.mark.parametrize(
    ("kind", "service", "said"),
    [
        (RestrictionKind.SUPERVISED_ONLY, None, "when a member of staff sits with you."),
        (RestrictionKind.WITHDRAWN_SERVICE, "tiktok", "The school has closed this site for you."),
    ],
)
def test_a_restriction_is_told_as_one(
    kind: RestrictionKind, service: str | None, said: str
) -> None:
    end = LESSON + timedelta(days=7)
    cite = Citation("Social Media Policy", "§9")
    restriction = Restriction("r", kind, LESSON, end, cite, person="child", service=service)
    snapshot = compile_snapshot(school_source(live=Live(restrictions=(restriction,))))
    subject = snapshot.subject_at(PUPIL, LESSON)
    decision = decide(Request(subject, TIKTOK), snapshot, LESSON)

    page = block_page(Blocked(subject, TIKTOK, decision, snapshot, LESSON, WEB)).body.decode()

    assert said in page
    assert "restriction" not in Reader(page).text


def test_the_strict_policy_says_that_it_is_for_now() -> None:
    networks = school_source().register.networks
    snapshot = compile_snapshot(strict_source(networks, CATALOGUE))
    subject = snapshot.subject_at(PUPIL, LESSON)
    decision = decide(Request(subject, TIKTOK), snapshot, LESSON)

    page = block_page(Blocked(subject, TIKTOK, decision, snapshot, LESSON, WEB)).body.decode()

    assert "Closed for now: everything but lesson sites" in page


def test_at_break_there_is_nothing_to_block() -> None:
    """The table of this module would mean nothing if its school blocked all the time."""
    assert () == blocked(STAFF, moment=BREAK).decision.rules
