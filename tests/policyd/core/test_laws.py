"""
The laws of the design, each a property.

1. `decide` equals `reference`.
2. The order and repetition of rules never matter.
3. Host verdicts are sound and tight.
4. The verdict is constant on [moment, valid_until).
5. Adding a rule never opens anything; ending a grant never opens anything.
6. An unknown subject never gets more than a pupil.
7. Nothing blocks a help line.
"""

import random
from datetime import datetime, timedelta

import msgspec
import strategies as worlds
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.core.decide import decide, verdict_on
from schoolgate_policyd.core.decision import HostResource, Request, UrlResource, Verdict
from schoolgate_policyd.core.names import Url
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.core.rules import Condition, Rule
from schoolgate_policyd.core.school_time import SchoolTime
from schoolgate_policyd.core.subjects import UNKNOWN_SUBJECT, Audience, DeviceKind, Subject

Situation = tuple[Source, Request, datetime]

OPENNESS = {Verdict.BLOCK: 0, Verdict.DEPENDS: 1, Verdict.ALLOW: 2}


@given(worlds.situations(), st.lists(worlds.requests(), max_size=3))
def test_decide_agrees_with_the_reference(situation: Situation, further: list[Request]) -> None:
    """Several requests on one snapshot, so that what it remembers is tested as well."""
    source, first, moment = situation
    snapshot = worlds.compiled(source)

    for request in [first, *further] * 2:
        expected = worlds.judged(request, source, moment)
        assert expected == decide(request, snapshot, moment).verdict
        assert expected == verdict_on(request, snapshot, moment)


@given(worlds.situations(), st.randoms(use_true_random=False))
def test_order_and_repetition_of_rules_never_matter(
    situation: Situation, shuffler: random.Random
) -> None:
    source, request, moment = situation
    rules = [*source.policy.rules, *source.policy.rules]
    shuffler.shuffle(rules)
    shuffled = with_rules(source, tuple(rules))

    expected = decide(request, worlds.compiled(source), moment)
    found = decide(request, worlds.compiled(shuffled), moment)

    assert expected.verdict == found.verdict
    assert expected.valid_until == found.valid_until
    assert {rule.id for rule in expected.rules} == {rule.id for rule in found.rules}


@given(worlds.situations(worlds.host_requests()), st.lists(worlds.urls(), min_size=1, max_size=10))
def test_host_verdicts_are_sound(situation: Situation, urls: list[Url]) -> None:
    """Allow means that every URL of the host is allowed; block, that every one is blocked."""
    source, request, moment = situation
    snapshot = worlds.compiled(source)
    verdict = decide(request, snapshot, moment).verdict

    for url in (*urls, *(grant_url for grant_url in urls_in_grants(source))):
        on_host = msgspec.structs.replace(url, host=request.resource.host)
        asked = Request(request.subject, UrlResource(on_host, request.resource.chain))
        found = decide(asked, snapshot, moment).verdict
        assert verdict in {found, Verdict.DEPENDS}


@given(worlds.situations(worlds.host_requests()))
def test_host_verdicts_are_tight(situation: Situation) -> None:
    """Depends has a witness of each: an allowed URL and a blocked one."""
    source, request, moment = situation
    snapshot = worlds.compiled(source)
    if decide(request, snapshot, moment).verdict is not Verdict.DEPENDS:
        return
    host = request.resource.host
    paths = {*worlds.PATHS, "/unheard", "/talk/unheard", "/talk/a/unheard", "/x/unheard"}
    paths |= {"/wiki/Talk:unheard", "///wiki/Talk:unheard", "///unheard", "///x/unheard"}
    paths |= {f"{path}/unheard" for path in worlds.PATHS}
    candidates = [
        Url("https", host, port, path, query)
        for path in paths
        for port in (None, 8443, 9)
        for query in (*worlds.QUERIES[2:], "act=ever")
    ]
    found = {
        decide(
            Request(request.subject, UrlResource(url, request.resource.chain)), snapshot, moment
        ).verdict
        for url in candidates
    }

    assert {Verdict.ALLOW, Verdict.BLOCK} == found


@given(worlds.situations(), st.floats(0, 1, exclude_max=True))
def test_the_verdict_is_constant_until_its_end(situation: Situation, share: float) -> None:
    source, request, moment = situation
    decision = decide(request, worlds.compiled(source), moment)
    # A share next to one rounds up to the end itself, which is no longer within.
    later = min(
        moment + (decision.valid_until - moment) * share,
        decision.valid_until - timedelta.resolution,
    )

    assert decision.valid_until > moment
    assert decision.verdict == worlds.judged(request, source, later)


@given(worlds.situations())
def test_a_bell_within_the_calendar_changes_the_verdict(situation: Situation) -> None:
    """`valid_until` is the very moment of a change, not an earlier one."""
    source, request, moment = situation
    decision = decide(request, worlds.compiled(source), moment)
    horizon = source.policy.school_time.horizon(moment)

    if decision.valid_until < horizon:
        just_before = decision.valid_until - timedelta(microseconds=1)
        assert verdicts_of(request, source, moment) == verdicts_of(request, source, just_before)
        assert verdicts_of(request, source, moment) != verdicts_of(
            request, source, decision.valid_until
        )


@given(worlds.situations(), st.lists(worlds.moments(), max_size=4))
def test_what_is_remembered_never_outlives_its_reasons(
    situation: Situation, moments: list[datetime]
) -> None:
    """One snapshot, asked at many moments, answers as a fresh one does each time."""
    source, request, first = situation
    snapshot = worlds.compiled(source)

    for moment in sorted([first, *moments]):
        assert decide(request, worlds.compiled(source), moment) == decide(
            request, snapshot, moment
        )


@given(worlds.situations(worlds.host_requests()))
def test_uninspected_is_the_verdict_where_nothing_can_look_inside(situation: Situation) -> None:
    source, request, moment = situation
    unseen = msgspec.structs.replace(request.subject, inspectable=False)
    expected = worlds.judged(Request(unseen, request.resource), source, moment)

    assert expected == decide(request, worlds.compiled(source), moment).uninspected


@given(worlds.situations(), worlds.rules())
def test_adding_a_rule_never_opens_anything(situation: Situation, rule: Rule) -> None:
    source, request, moment = situation
    fresh = msgspec.structs.replace(rule, id="added", is_open_uninspected=False)
    longer = with_rules(source, (*source.policy.rules, fresh))

    before = decide(request, worlds.compiled(source), moment).verdict
    after = decide(request, worlds.compiled(longer), moment).verdict

    assert OPENNESS[after] <= OPENNESS[before]


@given(worlds.situations())
def test_ending_a_grant_never_opens_anything(situation: Situation) -> None:
    source, request, moment = situation
    snapshot = worlds.compiled(source)
    before = decide(request, snapshot, moment).verdict

    for grant in source.live.grants:
        kept = tuple(each for each in source.live.grants if each is not grant)
        live = msgspec.structs.replace(source.live, grants=kept)
        after = decide(request, snapshot.with_live(2, live), moment).verdict
        assert OPENNESS[after] <= OPENNESS[before]


@given(
    worlds.rule_lists(),
    worlds.school_times(),
    worlds.subjects(),
    worlds.requests(),
    worlds.moments(),
)
def test_an_unknown_subject_never_gets_more_than_a_pupil(
    rules: tuple[Rule, ...],
    school_time: SchoolTime,
    pupil: Subject,
    request: Request,
    moment: datetime,
) -> None:
    """Compared with pupils whom nothing can look inside either: that alone may open a part."""
    pupil = msgspec.structs.replace(
        pupil, audience=Audience.PUPIL, duties=(), overtime=frozenset(), inspectable=False
    )
    snapshot = worlds.compiled(worlds.source_of(rules, school_time=school_time))

    of_pupil = decide(Request(pupil, request.resource), snapshot, moment).verdict
    of_unknown = decide(Request(UNKNOWN_SUBJECT, request.resource), snapshot, moment).verdict

    assert OPENNESS[of_unknown] <= OPENNESS[of_pupil]


@given(worlds.situations())
def test_an_unknown_device_never_gets_more_than_a_known_one(situation: Situation) -> None:
    """So a network may be said to have unknown devices without anybody's signature."""
    source, request, moment = situation
    unknown = msgspec.structs.replace(request.subject, device=DeviceKind.UNKNOWN)
    snapshot = worlds.compiled(source)

    of_known = decide(request, snapshot, moment)
    of_unknown = decide(Request(unknown, request.resource), snapshot, moment)

    assert OPENNESS[of_unknown.verdict] <= OPENNESS[of_known.verdict]
    assert OPENNESS[of_unknown.uninspected] <= OPENNESS[of_known.uninspected]


@given(worlds.situations())
def test_nothing_blocks_a_help_line(situation: Situation) -> None:
    source, request, moment = situation
    block_all = Rule(
        id="all",
        block=frozenset(worlds.BLOCKABLE),
        applies_to=(Condition(),),
        cite=worlds.CITE,
        locked=True,
    )
    snapshot = worlds.compiled(with_rules(source, (*source.policy.rules, block_all)))

    for host in worlds.HOSTS:
        resource = HostResource(host, request.resource.chain)
        decision = decide(Request(request.subject, resource), snapshot, moment)
        is_help_line = host.text in {"help.example", "www.help.example"}
        assert is_help_line is decision.is_help_line
        assert (Verdict.ALLOW if is_help_line else Verdict.BLOCK) == decision.verdict


def verdicts_of(request: Request, source: Source, moment: datetime) -> tuple[Verdict, Verdict]:
    """The verdict, and for a host the one where nothing can look inside."""
    verdict = worlds.judged(request, source, moment)
    if isinstance(request.resource, UrlResource):
        return verdict, verdict
    unseen = msgspec.structs.replace(request.subject, inspectable=False)
    return verdict, worlds.judged(Request(unseen, request.resource), source, moment)


def with_rules(source: Source, rules: tuple[Rule, ...]) -> Source:
    policy = msgspec.structs.replace(source.policy, rules=rules)
    return msgspec.structs.replace(source, policy=policy)


def urls_in_grants(source: Source) -> list[Url]:
    return [grant.scope.url for grant in source.live.grants if hasattr(grant.scope, "url")]


def test_live_changes_keep_what_the_policy_says() -> None:
    source = worlds.source_of(())
    snapshot = worlds.compiled(source).with_live(7, Live(standing=frozenset({"break-access"})))

    assert 7 == snapshot.number
    assert source.policy == snapshot.source.policy
