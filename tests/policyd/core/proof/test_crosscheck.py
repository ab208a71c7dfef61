"""Concrete cases held against the definition: what a broken core does is found."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import strategies as worlds
from hypothesis import given
from hypothesis import strategies as st
from proof_world import ANYBODY, policy, rule

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import (
    Decision,
    HostResource,
    Request,
    UrlResource,
    Verdict,
)
from schoolgate_policyd.core.invariants import Invariant
from schoolgate_policyd.core.names import DomainName, Host, Url
from schoolgate_policyd.core.policy import Live, Policy, Source
from schoolgate_policyd.core.proof.claims import claims_of, policy_of
from schoolgate_policyd.core.proof.crosscheck import Bench, Case, Narrowing
from schoolgate_policyd.core.reference import reference
from schoolgate_policyd.core.rules import Citation, Restriction, RestrictionKind
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import UNKNOWN_SUBJECT, Audience, Subject

MOMENT = datetime(2026, 11, 20, 10, 35, tzinfo=UTC)
CHAT = DomainName("chat.example")
CHAT_PAGE = UrlResource(Url("https", CHAT, None, "/"))
BLOCKING = policy(rule("r", "chat"))
NOTHING_LIVE = Live()
PUPIL = Subject(inspectable=True, person="p1")
NO_CHAT = Invariant(who=ANYBODY, reaches=frozenset({"chat"}))


def always(verdict: Verdict, who: Subject | None = None) -> object:
    """Return a core that says *verdict*, of everybody or of *who* alone."""

    def decider(request: Request, snapshot: Snapshot, moment: datetime) -> Decision:
        found = decide(request, snapshot, moment)
        if who is not None and request.subject != who:
            return found
        return msgspec.structs.replace(found, verdict=verdict)

    return decider


def claimed(policy_: Policy, *invariants: Invariant) -> Policy:
    return policy_of(claims_of(policy_, invariants), policy_)


def found_by(
    bench: Bench, live: Live = NOTHING_LIVE, subject: Subject = PUPIL, *, is_host: bool = False
) -> list[str]:
    resource = HostResource(CHAT) if is_host else CHAT_PAGE
    case = Case(subject, resource, MOMENT)
    found = list(bench.disagreements(live, [case]))
    assert len(found) <= len([*bench.disagreements(live, [case, case])]) <= 2 * len(found)
    return found


def test_a_core_that_is_right_gives_nothing() -> None:
    assert [] == found_by(Bench(BLOCKING, claimed(BLOCKING, NO_CHAT)))
    assert [] == found_by(Bench(policy(), claimed(policy())))


@pytest.mark.parametrize("is_host", [False, True])
def test_a_core_that_is_wrong_is_named(is_host: bool) -> None:
    bench = Bench(BLOCKING, claimed(BLOCKING), always(Verdict.ALLOW, PUPIL))
    (sentence,) = found_by(bench, is_host=is_host)

    assert "gets allow for" in sentence
    assert "chat.example" in sentence
    assert "the rule of decision says block: report this as a defect" in sentence


def test_what_a_claim_forbids_is_named() -> None:
    (sentence,) = found_by(Bench(policy(), claimed(policy(), NO_CHAT)))

    assert sentence == (
        "A pupil on an unknown device reaches https://chat.example/ at "
        "2026-11-20T10:35:00+00:00, which a claim forbids"
    )


def test_somebody_unknown_who_gets_more_than_a_pupil_is_named() -> None:
    bench = Bench(BLOCKING, claimed(BLOCKING), always(Verdict.ALLOW, UNKNOWN_SUBJECT))
    (sentence,) = found_by(bench)

    assert sentence.startswith("Somebody unknown gets https://chat.example/ at")


def test_what_is_withdrawn_from_one_pupil_does_not_make_others_get_more() -> None:
    ends_at = MOMENT + timedelta(days=1)
    banned = Restriction(
        "ban", RestrictionKind.SUPERVISED_ONLY, MOMENT, ends_at, Citation("a", "b"), person="p1"
    )
    bench = Bench(policy(), claimed(policy()))

    assert [] == found_by(bench, Live(restrictions=(banned,)))
    staff = Subject(audience=Audience.STAFF)
    assert [] == found_by(Bench(BLOCKING, claimed(BLOCKING)), subject=staff)


@given(worlds.situations())
def test_what_is_left_of_the_catalogue_is_all_that_speaks_of_a_site(
    situation: tuple[Source, Request, datetime],
) -> None:
    source, request, moment = situation
    hosts: tuple[Host, ...] = (request.resource.host, *request.resource.chain)
    catalogue = Narrowing(source.policy.catalogue).of(hosts)
    narrow = msgspec.structs.replace(
        source, policy=msgspec.structs.replace(source.policy, catalogue=catalogue)
    )

    assert worlds.judged(request, source, moment) is reference(
        request, narrow, moment, worlds.NAMES
    )


@given(st.lists(st.sampled_from(worlds.HOSTS), min_size=1, max_size=2))
def test_what_is_left_is_less(hosts: list[Host]) -> None:
    found = Narrowing(worlds.CATALOGUE).of(tuple(hosts))

    assert set(found.services) <= set(worlds.CATALOGUE.services)
    assert found.large_lists == worlds.CATALOGUE.large_lists
