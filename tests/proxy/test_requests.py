"""What becomes of a CONNECT, a ClientHello and a request, as tables."""

from datetime import datetime

import pytest
from proxy_school import (
    BREAK,
    LESSON,
    PUPIL,
    STAFF,
    UNKNOWN,
    VISITOR,
    classs_grant,
    school_source,
    teachers_grant,
)

from schoolgate_policyd.core.decision import HostResource
from schoolgate_policyd.core.names import parse_host, parse_url
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.rules import PageScope
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_proxy.asked import Asked, read_request
from schoolgate_proxy.requests import (
    Attempt,
    BlockPage,
    CloseConnection,
    Forward,
    LookInside,
    Misdirected,
    PassThrough,
    Refuse,
    on_connect,
    on_hello,
    on_request,
)

SCHOOL = compile_snapshot(school_source())
GRANTED = compile_snapshot(
    school_source(
        live=Live(
            grants=(
                teachers_grant(PageScope(parse_url("https://www.tiktok.com/a?b=c"))),
                classs_grant(PageScope(parse_url("https://forum.bank.example/a"))),
            )
        )
    )
)


def host(name: str, *chain: str) -> HostResource:
    return HostResource(parse_host(name), tuple(map(parse_host, chain)))


def asked(url: str, *others: str) -> Asked:
    parsed = parse_url(url)
    return read_request(
        scheme=parsed.scheme,
        port=443,
        raw_target=parsed.path.encode() + (b"" if parsed.query is None else b"?x"),
        authorities=[parsed.host.text],
        tunnel=map(parse_host, others),
    )


@pytest.mark.parametrize(
    ("who", "name", "moment", "answer"),
    [
        (PUPIL, "lessons.example", LESSON, PassThrough),
        (PUPIL, "www.tiktok.com", LESSON, LookInside),
        (PUPIL, "www.parents.example", LESSON, LookInside),
        (PUPIL, "vpn.example", LESSON, LookInside),
        (PUPIL, "my.bank.example", LESSON, PassThrough),
        (PUPIL, "forum.bank.example", LESSON, Refuse),
        (PUPIL, "childline.example", LESSON, PassThrough),
        (PUPIL, "93.184.215.14", LESSON, LookInside),
        (STAFF, "93.184.215.14", LESSON, PassThrough),
        (STAFF, "www.tiktok.com", LESSON, LookInside),
        (STAFF, "www.tiktok.com", BREAK, PassThrough),
        (STAFF, "www.parents.example", BREAK, PassThrough),
        (VISITOR, "lessons.example", LESSON, PassThrough),
        (VISITOR, "www.tiktok.com", LESSON, Refuse),
        (VISITOR, "www.parents.example", LESSON, Refuse),
        (UNKNOWN, "www.tiktok.com", LESSON, Refuse),
        (UNKNOWN, "childline.example", LESSON, PassThrough),
    ],
)
def test_a_connect_passes_or_is_looked_into_or_refused(
    who: str, name: str, moment: datetime, answer: type
) -> None:
    subject = SCHOOL.subject_at(who, moment)

    assert answer is type(on_connect(subject, host(name), SCHOOL, moment))


def test_a_connect_to_an_alias_of_a_blocked_name_is_blocked() -> None:
    subject = SCHOOL.subject_at(VISITOR, LESSON)
    behind = host("cdn.example", "edge.example", "www.tiktok.com")

    assert isinstance(on_connect(subject, host("cdn.example"), SCHOOL, LESSON), PassThrough)
    assert isinstance(on_connect(subject, behind, SCHOOL, LESSON), Refuse)


def test_a_grant_for_a_page_makes_its_host_one_to_look_into() -> None:
    teacher = GRANTED.subject_at(STAFF, LESSON)

    assert isinstance(on_connect(teacher, host("www.tiktok.com"), GRANTED, LESSON), LookInside)


def test_a_grant_for_a_page_opens_nothing_of_a_host_that_is_never_inspected() -> None:
    child = GRANTED.subject_at(PUPIL, LESSON)

    assert isinstance(on_connect(child, host("forum.bank.example"), GRANTED, LESSON), Refuse)


@pytest.mark.parametrize(
    ("who", "connect", "sni", "answer", "attempt"),
    [
        (PUPIL, "lessons.example", None, PassThrough, None),
        (PUPIL, "lessons.example", "lessons.example", PassThrough, None),
        (PUPIL, "www.tiktok.com", None, LookInside, None),
        (PUPIL, "forum.bank.example", None, CloseConnection, None),
        (VISITOR, "www.tiktok.com", "www.tiktok.com", CloseConnection, None),
        (PUPIL, "lessons.example", "www.tiktok.com", LookInside, Attempt.NAME_MISMATCH),
        (PUPIL, "www.tiktok.com", "lessons.example", LookInside, Attempt.NAME_MISMATCH),
        (PUPIL, "lessons.example", "other.example", LookInside, Attempt.NAME_MISMATCH),
        (PUPIL, "lessons.example", "my.bank.example", CloseConnection, Attempt.NAME_MISMATCH),
        (PUPIL, "childline.example", "lessons.example", CloseConnection, Attempt.NAME_MISMATCH),
        (VISITOR, "lessons.example", "other.example", CloseConnection, Attempt.NAME_MISMATCH),
        (VISITOR, "lessons.example", "www.tiktok.com", CloseConnection, Attempt.NAME_MISMATCH),
        (STAFF, "93.184.215.14", "lessons.example", LookInside, Attempt.NAME_MISMATCH),
    ],
)
def test_a_hello_is_judged_by_both_its_names(
    who: str, connect: str, sni: str | None, answer: type, attempt: Attempt | None
) -> None:
    subject = SCHOOL.subject_at(who, LESSON)
    named = None if sni is None else host(sni)

    given = on_hello(subject, host(connect), named, SCHOOL, LESSON)

    assert answer is type(given)
    assert attempt == getattr(given, "attempt", None)


@pytest.mark.parametrize(
    ("connect", "sni", "told_of"),
    [
        ("lessons.example", "www.tiktok.com", "www.tiktok.com"),
        ("www.tiktok.com", "lessons.example", "www.tiktok.com"),
        ("childline.example", "lessons.example", "lessons.example"),
        ("lessons.example", "childline.example", "lessons.example"),
    ],
)
def test_an_attempt_is_told_of_the_strictest_name_and_never_of_a_help_line(
    connect: str, sni: str, told_of: str
) -> None:
    subject = SCHOOL.subject_at(PUPIL, LESSON)

    given = on_hello(subject, host(connect), host(sni), SCHOOL, LESSON)

    assert told_of == given.judged.resource.host.text
    assert not given.judged.decision.is_help_line


@pytest.mark.parametrize(
    ("snapshot", "who", "request_", "answer", "attempt"),
    [
        (SCHOOL, PUPIL, asked("https://lessons.example/"), Forward, None),
        (SCHOOL, PUPIL, asked("https://www.parents.example/ok"), Forward, None),
        (SCHOOL, PUPIL, asked("https://www.parents.example/talk"), BlockPage, None),
        (SCHOOL, PUPIL, asked("https://www.parents.example/talkative"), Forward, None),
        (SCHOOL, VISITOR, asked("http://www.parents.example/ok"), BlockPage, None),
        (GRANTED, STAFF, asked("https://www.tiktok.com/a?x"), BlockPage, None),
        (
            SCHOOL,
            PUPIL,
            asked("https://lessons.example/", "www.parents.example"),
            Misdirected,
            Attempt.NAME_MISMATCH,
        ),
        (
            SCHOOL,
            PUPIL,
            asked("https://lessons.example/", "www.tiktok.com"),
            BlockPage,
            Attempt.NAME_MISMATCH,
        ),
        (
            SCHOOL,
            PUPIL,
            asked("https://www.tiktok.com/", "www.parents.example"),
            BlockPage,
            Attempt.NAME_MISMATCH,
        ),
        (
            SCHOOL,
            PUPIL,
            asked("https://lessons.example/talk/x", "www.parents.example"),
            BlockPage,
            Attempt.NAME_MISMATCH,
        ),
    ],
)
def test_a_request_is_judged_by_its_url_on_every_name_that_it_bears(
    snapshot: Snapshot, who: str, request_: Asked, answer: type, attempt: Attempt | None
) -> None:
    subject = snapshot.subject_at(who, LESSON)

    given = on_request(subject, request_, {}, snapshot, LESSON)

    assert answer is type(given)
    assert attempt == getattr(given, "attempt", None)


def test_a_grant_opens_exactly_its_page() -> None:
    teacher = GRANTED.subject_at(STAFF, LESSON)
    page = Asked(parse_url("https://www.tiktok.com/a?b=c"), (parse_host("www.tiktok.com"),))

    assert isinstance(on_request(teacher, page, {}, GRANTED, LESSON), Forward)
    assert isinstance(on_request(teacher, page, {}, SCHOOL, LESSON), BlockPage)


def test_a_requests_alias_is_judged_too() -> None:
    pupil = SCHOOL.subject_at(PUPIL, LESSON)
    plain = asked("http://cdn.example/")
    known = {"cdn.example": host("cdn.example", "www.tiktok.com")}

    assert isinstance(on_request(pupil, plain, {}, SCHOOL, LESSON), Forward)
    assert isinstance(on_request(pupil, plain, known, SCHOOL, LESSON), BlockPage)
