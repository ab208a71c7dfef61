"""Cases that a reader can check by hand; the laws are in `test_laws.py`."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
import strategies as worlds

from schoolgate_policyd.core import snapshot as snapshots
from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.decide import decide, verdict_on
from schoolgate_policyd.core.decision import (
    HostResource,
    Request,
    Resource,
    UrlResource,
    Verdict,
)
from schoolgate_policyd.core.names import Url, parse_domain, parse_host, parse_url
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.reference import reference
from schoolgate_policyd.core.rules import (
    EVERYTHING,
    EVERYTHING_BUT_ESSENTIALS,
    Condition,
    Grant,
    GrantKind,
    HostScope,
    PageScope,
    PrefixScope,
    Restriction,
    RestrictionKind,
    Rule,
    Scope,
    ServiceScope,
)
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.subjects import (
    UNKNOWN_SUBJECT,
    Audience,
    DeviceKind,
    Duty,
    HeldDuty,
    Subject,
)
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.core.url_patterns import UrlPattern

LESSON = datetime(2026, 11, 20, 10, 29, tzinfo=UTC)
BREAK = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
BREAK_ENDS = datetime(2026, 11, 20, 10, 45, tzinfo=UTC)
PUPIL = Subject(
    audience=Audience.PUPIL,
    device=DeviceKind.SCHOOL_COMPUTER,
    network="n1",
    inspectable=True,
    person="p1",
    classes=frozenset({"4B"}),
)
TEACHER = Subject(
    audience=Audience.STAFF,
    device=DeviceKind.OWN_DEVICE,
    network="n2",
    inspectable=True,
    person="p1",
)
STAFF_RULE = Rule(
    id="staff-messaging",
    block=frozenset({"messaging"}),
    applies_to=(Condition(audience=frozenset({Audience.STAFF})),),
    unless=(
        Condition(
            period=frozenset({Period.BREAK, Period.LUNCH}),
            device=frozenset({DeviceKind.OWN_DEVICE}),
            standing=frozenset({"break-access"}),
        ),
        Condition(duty=frozenset({Duty.ACCOUNT_OPERATOR, Duty.DSL})),
    ),
    lifted_by=frozenset({GrantKind.ACCESS_GRANT}),
    cite=worlds.CITE,
)
PUPIL_RULE = Rule(
    id="pupils-messaging",
    block=frozenset({"messaging"}),
    applies_to=(Condition(audience=frozenset({Audience.PUPIL})),),
    lifted_by=frozenset({GrantKind.CURRICULUM_GRANT}),
    cite=worlds.CITE,
)
FORUM_RULE = Rule(
    id="forums",
    block=frozenset({"forum"}),
    applies_to=(Condition(),),
    lifted_by=frozenset({GrantKind.ACCESS_GRANT}),
    cite=worlds.CITE,
)
RULES = (STAFF_RULE, PUPIL_RULE, FORUM_RULE)
PERMITTED = Live(standing=frozenset({"break-access"}))


def snapshot_with(*grants: Grant, live: Live = PERMITTED) -> Snapshot:
    return compile_snapshot(
        worlds.source_of(RULES, msgspec.structs.replace(live, grants=tuple(grants)))
    )


def asked(subject: Subject, text: str) -> Request:
    resource: Resource = (
        UrlResource(parse_url(text)) if "://" in text else HostResource(parse_host(text))
    )
    return Request(subject, resource)


def grant_of(scope: Scope, kind: GrantKind = GrantKind.ACCESS_GRANT) -> Grant:
    return Grant(
        id="g1",
        kind=kind,
        scope=scope,
        starts_at=LESSON - timedelta(minutes=9),
        ends_at=LESSON + timedelta(minutes=30),
        people=frozenset({"p1"}),
    )


def test_days_of_overtime_are_another_reason_and_no_end_of_a_verdict() -> None:
    """The other rule blocks all the same; what is remembered names the right ones each day."""
    on_overtime = msgspec.structs.replace(
        FORUM_RULE, id="on-overtime", applies_to=(Condition(overtime=True),)
    )
    snapshot = compile_snapshot(worlds.source_of((FORUM_RULE, on_overtime)))
    days = frozenset({date(2026, 11, 20), date(2026, 11, 24), date(2026, 11, 25)})
    worker = msgspec.structs.replace(TEACHER, overtime=days)
    moments = [datetime(2026, 11, day, 10, tzinfo=UTC) for day in range(19, 27)]
    request = asked(worker, "https://shared.example/talk")

    found = [decide(request, snapshot, moment) for moment in moments]

    assert [1, 2, 1, 1, 1, 2, 2, 1] == [len(each.rules) for each in found]
    assert {worlds.SCHOOL_TIME.horizon(LESSON)} == {each.valid_until for each in found}


def test_staff_are_blocked_in_a_lesson_until_break() -> None:
    decision = decide(asked(TEACHER, "www.chat.example"), snapshot_with(), LESSON)

    assert Verdict.BLOCK is decision.verdict
    assert (STAFF_RULE,) == tuple(r for r in decision.rules if r.id == "staff-messaging")
    assert BREAK == decision.valid_until
    assert ("chat", "parts") == decision.services


def test_staff_are_allowed_at_break_until_it_ends() -> None:
    decision = decide(asked(TEACHER, "chat.example"), snapshot_with(), BREAK)

    assert Verdict.ALLOW is decision.verdict
    assert (STAFF_RULE,) == decision.excepted
    assert BREAK_ENDS == decision.valid_until


def test_without_the_standing_permission_break_changes_nothing() -> None:
    snapshot = snapshot_with(live=Live())
    decision = decide(asked(TEACHER, "chat.example"), snapshot, LESSON)

    assert Verdict.BLOCK is decision.verdict
    assert snapshot.school_time.horizon(LESSON) == decision.valid_until


@pytest.mark.parametrize(
    ("platforms", "expected"),
    [
        (None, Verdict.ALLOW),
        (frozenset({"chat"}), Verdict.ALLOW),
        (frozenset({"video"}), Verdict.BLOCK),
    ],
)
def test_an_account_operator_runs_accounts_on_their_platforms(
    platforms: frozenset[str] | None, expected: Verdict
) -> None:
    operator = msgspec.structs.replace(
        TEACHER, duties=(HeldDuty(Duty.ACCOUNT_OPERATOR, platforms),)
    )

    assert expected is decide(asked(operator, "chat.example"), snapshot_with(), LESSON).verdict


def test_a_grant_for_a_page_opens_that_page_alone() -> None:
    page = PageScope(parse_url("https://chat.example/room?id=1"))
    snapshot = snapshot_with(grant_of(page))

    assert Verdict.DEPENDS is decide(asked(TEACHER, "chat.example"), snapshot, LESSON).verdict
    for url, expected in [
        ("https://chat.example/room?id=1", Verdict.ALLOW),
        ("http://chat.example/room?id=1", Verdict.ALLOW),
        ("https://chat.example/room?id=2", Verdict.BLOCK),
        ("https://chat.example/room", Verdict.BLOCK),
        ("https://chat.example/room?id=1&x", Verdict.BLOCK),
        ("https://chat.example/room/?id=1", Verdict.BLOCK),
        ("https://chat.example:8443/room?id=1", Verdict.BLOCK),
        ("https://sub.chat.example/room?id=1", Verdict.BLOCK),
        ("https://chat.example/", Verdict.BLOCK),
    ]:
        assert expected is decide(asked(TEACHER, url), snapshot, LESSON).verdict, url


def test_a_grant_for_a_part_of_a_site_opens_what_lies_below_it() -> None:
    part = PrefixScope(parse_url("https://chat.example/rooms/4b"))
    snapshot = snapshot_with(grant_of(part))

    for url, expected in [
        ("https://chat.example/rooms/4b", Verdict.ALLOW),
        ("https://chat.example/rooms/4b/x?y", Verdict.ALLOW),
        ("https://chat.example/rooms/4bb", Verdict.BLOCK),
        ("https://chat.example/rooms/4b/../5a", Verdict.BLOCK),
        ("https://chat.example/rooms/4b/..%2f5a", Verdict.BLOCK),
        ("https://chat.example/rooms/4b/..%252f5a", Verdict.BLOCK),
        ("https://chat.example/rooms/4b/..%5c5a", Verdict.BLOCK),
    ]:
        assert expected is decide(asked(TEACHER, url), snapshot, LESSON).verdict, url


def test_a_grant_for_a_service_opens_its_hosts_and_companions() -> None:
    blocks_companion = msgspec.structs.replace(
        STAFF_RULE, id="cdn", block=frozenset({EVERYTHING_BUT_ESSENTIALS})
    )
    live = Live(grants=(grant_of(ServiceScope("chat")),))
    snapshot = compile_snapshot(worlds.source_of((STAFF_RULE, blocks_companion), live))

    for host, expected in [
        ("chat.example", Verdict.ALLOW),
        ("cdn.example", Verdict.ALLOW),
        ("learn.chat.example", Verdict.BLOCK),
        ("other.example", Verdict.BLOCK),
        ("lesson.example", Verdict.ALLOW),
    ]:
        assert expected is decide(asked(TEACHER, host), snapshot, LESSON).verdict, host


@pytest.mark.parametrize("at", [LESSON - timedelta(minutes=10), LESSON + timedelta(minutes=30)])
def test_a_grant_is_dead_outside_its_time(at: datetime) -> None:
    snapshot = snapshot_with(grant_of(HostScope(parse_domain("chat.example"))), live=Live())

    assert Verdict.ALLOW is decide(asked(TEACHER, "chat.example"), snapshot, LESSON).verdict
    assert Verdict.BLOCK is decide(asked(TEACHER, "chat.example"), snapshot, at).verdict


def test_a_grant_of_another_kind_lifts_nothing() -> None:
    grant = grant_of(HostScope(parse_domain("chat.example")), GrantKind.CURRICULUM_GRANT)
    snapshot = snapshot_with(grant)

    assert Verdict.BLOCK is decide(asked(TEACHER, "chat.example"), snapshot, LESSON).verdict
    assert Verdict.ALLOW is decide(asked(PUPIL, "chat.example"), snapshot, LESSON).verdict


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shared.example/", Verdict.ALLOW),
        ("https://shared.example/talk", Verdict.BLOCK),
        ("https://shared.example/talk/a", Verdict.BLOCK),
        ("https://shared.example/talkative", Verdict.ALLOW),
        ("https://shared.example//talk", Verdict.BLOCK),
        ("https://shared.example/TALK", Verdict.BLOCK),
        ("https://shared.example/x/../talk", Verdict.BLOCK),
        ("https://shared.example/x/..%2Ftalk", Verdict.BLOCK),
        ("https://shared.example/t%61lk", Verdict.BLOCK),
        ("https://shared.example/talk;x=1", Verdict.BLOCK),
        ("https://shared.example/x/..;/talk", Verdict.BLOCK),
        ("https://sub.shared.example/talk", Verdict.ALLOW),
    ],
)
def test_a_part_of_a_shared_host_is_blocked_alone(url: str, expected: Verdict) -> None:
    assert expected is decide(asked(PUPIL, url), snapshot_with(), LESSON).verdict


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shared.example/x?act=edit", Verdict.BLOCK),
        ("https://shared.example/x?q=1;%61ct=Edit", Verdict.BLOCK),
        ("https://sub.shared.example/x?act=ever", Verdict.BLOCK),
        ("https://shared.example/x?act=view", Verdict.ALLOW),
        ("https://shared.example/wiki/T", Verdict.BLOCK),
        ("https://shared.example/wiki/Talk:x", Verdict.BLOCK),
        ("https://shared.example/wiki/x", Verdict.ALLOW),
        ("https://sub.shared.example/wiki/T", Verdict.ALLOW),
        ("shared.example", Verdict.DEPENDS),
        ("sub.shared.example", Verdict.DEPENDS),
    ],
)
def test_a_part_may_be_told_by_its_query_or_by_how_its_path_begins(
    url: str, expected: Verdict
) -> None:
    assert expected is decide(asked(PUPIL, url), snapshot_with(), LESSON).verdict


def test_every_rule_about_a_part_is_found() -> None:
    other = msgspec.structs.replace(FORUM_RULE, id="parts", block=frozenset({"parts"}))
    snapshot = compile_snapshot(worlds.source_of((FORUM_RULE, other)))

    found = decide(asked(PUPIL, "https://shared.example/talk"), snapshot, LESSON)
    assert {"forums", "parts"} == {rule.id for rule in found.rules}
    assert () == decide(asked(PUPIL, "https://shared.example/x"), snapshot, LESSON).rules


def test_a_page_is_of_those_services_alone_that_cover_it() -> None:
    def services_of(text: str) -> tuple[str, ...]:
        return decide(asked(PUPIL, text), snapshot_with(), LESSON).services

    assert ("video", "parts") == services_of("https://shared.example/wiki/Talk:x")
    assert ("parts",) == services_of("https://shared.example/wiki/T")
    assert () == services_of("https://shared.example/x")
    assert ("video", "parts") == services_of("shared.example")


def test_a_page_has_the_category_of_what_covers_it_and_a_host_of_what_covers_it_whole() -> None:
    """A translator is a way round the filter where it shows other sites, and nowhere else."""
    translator = Service(
        id="translator",
        name="Pages translated",
        category="vpn",
        urls=(UrlPattern(parse_domain("translate.example"), "/site"),),
    )
    source = worlds.source_of(RULES)
    catalogue = msgspec.structs.replace(worlds.CATALOGUE, services=(translator,))
    policy = msgspec.structs.replace(source.policy, catalogue=catalogue)
    snapshot = compile_snapshot(msgspec.structs.replace(source, policy=policy))

    for text, expected in (
        ("https://translate.example/site?u=x", (("vpn",), True)),
        ("https://translate.example/text", ((), False)),
        ("translate.example", ((), False)),
    ):
        decision = decide(asked(PUPIL, text), snapshot, LESSON)
        assert expected == (decision.categories, decision.is_circumvention)


def test_a_grant_for_a_page_opens_it_with_its_query_alone() -> None:
    page = parse_url("https://shared.example/x?title=Tudors&act=edit")
    snapshot = snapshot_with(grant_of(PageScope(page)))

    for query, expected in (
        ("?title=Tudors&act=edit", Verdict.ALLOW),
        ("?title=Stuarts&act=edit", Verdict.BLOCK),
        ("?title=Tudors&act=edit&act=ever", Verdict.BLOCK),
    ):
        request = asked(TEACHER, f"https://shared.example/x{query}")
        assert expected is decide(request, snapshot, LESSON).verdict
    assert Verdict.DEPENDS is decide(asked(TEACHER, "shared.example"), snapshot, LESSON).verdict


def test_what_grants_open_only_together_is_found_by_a_witness() -> None:
    """Each lifts one of two rules; the page that both cover lies in a part told by its query."""
    by_access = msgspec.structs.replace(FORUM_RULE, id="access", block=frozenset({EVERYTHING}))
    by_curriculum = msgspec.structs.replace(
        by_access, id="curriculum", lifted_by=frozenset({GrantKind.CURRICULUM_GRANT})
    )
    prefix = grant_of(PrefixScope(parse_url("https://shared.example/x")))
    service = msgspec.structs.replace(
        grant_of(ServiceScope("video"), GrantKind.CURRICULUM_GRANT), id="g2"
    )
    source = worlds.source_of((by_access, by_curriculum), Live(grants=(prefix, service)))
    snapshot = compile_snapshot(source)
    host = asked(TEACHER, "shared.example")

    assert Verdict.DEPENDS is decide(host, snapshot, LESSON).verdict
    assert Verdict.DEPENDS is reference(host, source, LESSON)
    both = asked(TEACHER, "https://shared.example/x?b=2&a=1")
    assert Verdict.ALLOW is decide(both, snapshot, LESSON).verdict
    one = asked(TEACHER, "https://shared.example/x?b=2")
    assert Verdict.BLOCK is decide(one, snapshot, LESSON).verdict


def test_what_nothing_can_look_into_is_blocked_whole_unless_the_rule_says() -> None:
    unseen = msgspec.structs.replace(PUPIL, inspectable=False)
    open_forum = msgspec.structs.replace(FORUM_RULE, is_open_uninspected=True)
    strict = snapshot_with()
    lenient = compile_snapshot(worlds.source_of((open_forum,)))

    assert Verdict.DEPENDS is decide(asked(PUPIL, "shared.example"), strict, LESSON).verdict
    assert Verdict.BLOCK is decide(asked(PUPIL, "shared.example"), strict, LESSON).uninspected
    assert Verdict.BLOCK is decide(asked(unseen, "shared.example"), strict, LESSON).verdict
    assert Verdict.ALLOW is decide(asked(unseen, "shared.example"), lenient, LESSON).verdict
    talk = asked(unseen, "https://shared.example/talk")
    assert Verdict.ALLOW is decide(talk, lenient, LESSON).verdict
    assert Verdict.BLOCK is decide(talk, strict, LESSON).verdict
    assert Verdict.ALLOW is reference(talk, lenient.source, LESSON)
    assert Verdict.BLOCK is reference(talk, strict.source, LESSON)


@pytest.mark.parametrize("is_inspectable", [True, False])
@pytest.mark.parametrize("scope", [PageScope, PrefixScope])
def test_a_grant_for_a_page_opens_no_site_where_nothing_can_look_inside(
    scope: Callable[[Url], Scope], *, is_inspectable: bool
) -> None:
    """A rule that is open uninspected is so for parts of a site, not for sites it blocks whole."""
    lenient = msgspec.structs.replace(STAFF_RULE, is_open_uninspected=True)
    live = msgspec.structs.replace(
        PERMITTED, grants=(grant_of(scope(parse_url("https://chat.example/one"))),)
    )
    snapshot = compile_snapshot(worlds.source_of((lenient,), live))
    teacher = msgspec.structs.replace(TEACHER, inspectable=is_inspectable)
    request = asked(teacher, "chat.example")

    assert Verdict.BLOCK is decide(request, snapshot, LESSON).uninspected
    expected = Verdict.DEPENDS if is_inspectable else Verdict.BLOCK
    assert expected is decide(request, snapshot, LESSON).verdict
    assert expected is reference(request, snapshot.source, LESSON)


def test_a_grant_for_a_whole_site_leaves_its_parts_open_uninspected() -> None:
    lenient = msgspec.structs.replace(FORUM_RULE, is_open_uninspected=True)
    live = msgspec.structs.replace(
        PERMITTED, grants=(grant_of(HostScope(parse_domain("shared.example"))),)
    )
    unseen = msgspec.structs.replace(TEACHER, inspectable=False)
    snapshot = compile_snapshot(worlds.source_of((lenient,), live))

    assert Verdict.ALLOW is decide(asked(unseen, "shared.example"), snapshot, LESSON).verdict


def test_a_grant_for_a_part_opens_no_path_that_a_server_takes_for_another() -> None:
    snapshot = snapshot_with(grant_of(PrefixScope(parse_url("https://chat.example/open"))))

    for path, expected in (
        ("/open/x;a=1", Verdict.ALLOW),
        ("/open/..;/other", Verdict.BLOCK),
        ("/open/%2e%2e;a/other", Verdict.BLOCK),
        ("/open/x;/../../../other", Verdict.BLOCK),
    ):
        request = asked(TEACHER, f"https://chat.example{path}")
        assert expected is decide(request, snapshot, LESSON).verdict


def test_a_blocked_name_behind_an_innocent_alias_is_blocked() -> None:
    chain = (parse_host("cdn.example"), parse_host("www.chat.example"))
    request = Request(PUPIL, HostResource(parse_host("other.example"), chain))

    assert Verdict.BLOCK is decide(request, snapshot_with(), LESSON).verdict


def test_a_restriction_binds_its_person_while_it_lasts() -> None:
    restriction = Restriction(
        id="x",
        kind=RestrictionKind.SUPERVISED_ONLY,
        starts_at=LESSON,
        ends_at=BREAK,
        cite=worlds.CITE,
        person="p1",
    )
    snapshot = snapshot_with(live=Live(restrictions=(restriction,)))
    request = asked(PUPIL, "other.example")

    restricted = decide(request, snapshot, LESSON)
    assert Verdict.BLOCK is restricted.verdict
    assert BREAK == restricted.valid_until
    assert Verdict.ALLOW is decide(request, snapshot, BREAK).verdict
    somebody_else = msgspec.structs.replace(PUPIL, person="p2")
    asked_by_another = asked(somebody_else, "other.example")
    assert Verdict.ALLOW is decide(asked_by_another, snapshot, LESSON).verdict
    own = msgspec.structs.replace(PUPIL, device=DeviceKind.OWN_DEVICE)
    assert Verdict.ALLOW is decide(asked(own, "other.example"), snapshot, LESSON).verdict


def test_a_withdrawn_service_is_withdrawn_on_every_device() -> None:
    restriction = Restriction(
        id="x",
        kind=RestrictionKind.WITHDRAWN_SERVICE,
        starts_at=LESSON,
        ends_at=BREAK_ENDS,
        cite=worlds.CITE,
        device_groups=frozenset({"trolley"}),
        service="video",
    )
    snapshot = snapshot_with(live=Live(restrictions=(restriction,)))
    on_trolley = msgspec.structs.replace(TEACHER, device_groups=frozenset({"trolley"}))

    assert Verdict.BLOCK is decide(asked(on_trolley, "video.example"), snapshot, BREAK).verdict
    assert Verdict.ALLOW is decide(asked(TEACHER, "video.example"), snapshot, BREAK).verdict
    assert Verdict.ALLOW is decide(asked(on_trolley, "other.example"), snapshot, BREAK).verdict


@pytest.mark.parametrize(
    ("condition", "local_hour", "changes_at"),
    [
        (Condition(own_hours=True), 9, 16),
        (Condition(own_hours=False), 7, 8.5),
        (Condition(overtime=True), 9, 24),
    ],
)
def test_own_hours_and_overtime_end_at_their_edges(
    condition: Condition, local_hour: int, changes_at: float
) -> None:
    rule = msgspec.structs.replace(STAFF_RULE, unless=(condition,))
    snapshot = compile_snapshot(worlds.source_of((rule,)))
    on_overtime = msgspec.structs.replace(TEACHER, overtime=frozenset({date(2026, 11, 20)}))
    midnight = datetime(2026, 11, 20, tzinfo=UTC)

    decision = decide(
        asked(on_overtime, "chat.example"), snapshot, midnight + timedelta(hours=local_hour)
    )

    assert Verdict.ALLOW is decision.verdict
    assert midnight + timedelta(hours=changes_at) == decision.valid_until


def test_a_decision_ends_with_the_claim_it_rests_on() -> None:
    claimed = msgspec.structs.replace(TEACHER, known_until=LESSON + timedelta(seconds=9))
    decision = decide(asked(claimed, "other.example"), snapshot_with(), LESSON)

    assert LESSON + timedelta(seconds=9) == decision.valid_until


def test_circumvention_is_marked() -> None:
    decision = decide(asked(PUPIL, "192.0.2.7"), snapshot_with(), LESSON)

    assert decision.is_circumvention
    assert "vpn" in decision.categories


def test_a_naive_moment_is_refused() -> None:
    naive = datetime(2026, 11, 20)  # noqa: DTZ001 - that is the point

    with pytest.raises(ValueError, match="aware"):
        decide(asked(PUPIL, "other.example"), snapshot_with(), naive)
    with pytest.raises(ValueError, match="aware"):
        verdict_on(asked(PUPIL, "other.example"), snapshot_with(), naive)


@pytest.mark.parametrize("text", ["help.example", "other.example", "forum.example"])
@pytest.mark.parametrize("subject", [PUPIL, TEACHER])
@pytest.mark.parametrize("moment", [LESSON, BREAK])
def test_the_verdict_alone_is_the_decisions(text: str, subject: Subject, moment: datetime) -> None:
    snapshot = snapshot_with()

    for each in (text, f"https://{text}/"):
        expected = decide(asked(subject, each), snapshot, moment).verdict
        assert expected is verdict_on(asked(subject, each), snapshot, moment)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full memory is emptied and changes no answer."""
    monkeypatch.setattr(snapshots, "MEMORY_LIMIT", 2)
    monkeypatch.setattr("schoolgate_policyd.core.decide.MEMORY_LIMIT", 2)
    monkeypatch.setattr("schoolgate_policyd.core.register.MEMORY_LIMIT", 2)
    snapshot = snapshot_with()
    for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.1", "10.0.0.1"):
        assert UNKNOWN_SUBJECT == snapshot.subject_at(address, LESSON)
    hosts = ["chat.example", "video.example", "listed.example", "lesson.example"] * 2

    found = [decide(asked(PUPIL, host), snapshot, LESSON).verdict for host in hosts]

    assert [Verdict.BLOCK, *[Verdict.ALLOW] * 3] * 2 == found
    assert len(snapshot.decided_by_class) <= 2


def test_a_grant_for_a_service_that_is_a_part_of_a_host_opens_that_part() -> None:
    block_host = msgspec.structs.replace(FORUM_RULE, block=frozenset({"chat"}))
    live = Live(grants=(grant_of(ServiceScope("parts")),))
    snapshot = compile_snapshot(worlds.source_of((block_host,), live))
    host = asked(TEACHER, "www.chat.example")

    assert Verdict.DEPENDS is decide(host, snapshot, LESSON).verdict
    part = asked(TEACHER, "https://www.chat.example/x/y")
    assert Verdict.ALLOW is decide(part, snapshot, LESSON).verdict


def test_a_part_opened_on_another_host_opens_nothing_here() -> None:
    part = PrefixScope(parse_url("https://video.example/x"))
    page = PageScope(parse_url("https://video.example/y"))
    gone = ServiceScope("no-longer-in-the-catalogue")
    snapshot = snapshot_with(
        *(
            msgspec.structs.replace(grant_of(scope), id=str(number))
            for number, scope in enumerate((part, page, gone))
        )
    )

    assert Verdict.BLOCK is decide(asked(TEACHER, "chat.example"), snapshot, LESSON).verdict


def test_help_lines_and_what_the_list_names_are_never_inspected() -> None:
    catalogue = msgspec.structs.replace(
        worlds.CATALOGUE, never_inspected=(parse_domain("bank.example"),)
    )
    source = worlds.source_of(RULES)
    policy = msgspec.structs.replace(source.policy, catalogue=catalogue)
    snapshot = compile_snapshot(msgspec.structs.replace(source, policy=policy))

    for host, expected in [
        ("bank.example", True),
        ("www.bank.example", True),
        ("www.help.example", True),
        ("chat.example", False),
    ]:
        assert expected is snapshot.is_never_inspected(parse_host(host)), host


def test_help_lines_and_essentials_are_spared() -> None:
    catalogue = msgspec.structs.replace(
        worlds.CATALOGUE, essentials=(parse_domain("lessons.example"),)
    )
    source = worlds.source_of(RULES)
    policy = msgspec.structs.replace(source.policy, catalogue=catalogue)
    snapshot = compile_snapshot(msgspec.structs.replace(source, policy=policy))

    for host, expected in [
        ("lessons.example", True),
        ("maths.lessons.example", True),
        ("www.help.example", True),
        ("chat.example", False),
    ]:
        assert expected is snapshot.is_spared(parse_host(host)), host


def test_a_locked_rule_names_nothing_that_lifts_it() -> None:
    with pytest.raises(ValueError, match="nothing can lift it"):
        Rule(
            id="both",
            block=frozenset({"adult"}),
            applies_to=(Condition(),),
            cite=worlds.CITE,
            lifted_by=frozenset({GrantKind.ACCESS_GRANT}),
            locked=True,
        )
