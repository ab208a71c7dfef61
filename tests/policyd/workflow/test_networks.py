"""What counts as opening nothing opens nothing, whatever the rules are and whoever asks."""

from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import msgspec
import pytest

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Decision, Request, UrlResource, Verdict
from schoolgate_policyd.core.names import Url, parse_url
from schoolgate_policyd.core.policy import Live, Policy, Register, Source
from schoolgate_policyd.core.rules import Citation, Condition, Rule
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.subjects import (
    Audience,
    Device,
    DeviceClaim,
    DeviceKind,
    Network,
    Person,
    Subject,
)
from schoolgate_policyd.rulefiles import load_policy
from schoolgate_policyd.workflow.networks import could_open

RULES = Path(__file__).parents[3] / "rules"
SCHOOLS = ("broad-square", "kell-bank", "longton", "twiss-green")
MOMENTS = tuple(datetime(2026, 11, 20, hour, 15, tzinfo=UTC) for hour in (10, 12, 20))
URLS = tuple(
    parse_url(url)
    for url in (
        "https://translate.google.com/translate?u=x",
        "https://translate.google.com/",
        "https://www.youtube.com/watch?v=x",
        "https://www.youtube.com/shorts/x",
        "https://www.facebook.com/",
        "https://www.instagram.com/",
        "https://web.whatsapp.com/",
        "https://www.bbc.co.uk/news",
        "https://store.steampowered.com/",
        "https://www.pornhub.com/",
    )
)
Seen = tuple[str, Url, datetime]
PUPIL = Person("pupil", Audience.PUPIL, year_group=4, age=9)
# Every network that there can be; ranges differ, so that one register holds them all.
NETWORKS = tuple(
    Network(f"n{number}", f"10.0.{number}.0/24", audience, device, inspectable)
    for number, (audience, device, inspectable) in enumerate(
        product(Audience, DeviceKind, (True, False))
    )
)
# On each: nobody known, a device of the register, one that a pupil said is theirs.
ADDRESSES = (".1", ".2", ".3")
REGISTER = Register(
    (PUPIL,),
    NETWORKS,
    tuple(Device(f"10.0.{number}.2", f"d{number}") for number in range(len(NETWORKS))),
)
CLAIMS = tuple(
    DeviceClaim(f"c{number}", f"10.0.{number}.3", PUPIL.id, MOMENTS[-1] + timedelta(hours=1))
    for number in range(len(NETWORKS))
)


def network(
    audience: Audience = Audience.PUPIL,
    device: DeviceKind = DeviceKind.SCHOOL_COMPUTER,
    *,
    inspectable: bool = True,
) -> Network:
    wanted = (audience, device, inspectable)
    return next(each for each in NETWORKS if wanted == what_is_known(each))


def what_is_known(network: Network) -> tuple[Audience, DeviceKind, bool]:
    return network.audience, network.device, network.inspectable


def snapshot_of(policy: Policy) -> Snapshot:
    return compile_snapshot(Source(1, policy, REGISTER, Live(claims=CLAIMS)))


def is_open(decision: Decision, subject: Subject) -> bool:
    """What cannot be looked into goes by what its rules say of that."""
    verdict = decision.verdict
    if verdict is Verdict.DEPENDS and not subject.inspectable:
        verdict = decision.uninspected
    return verdict is Verdict.ALLOW


def what_is_open(snapshot: Snapshot, network: Network) -> frozenset[Seen]:
    found = set()
    for address, url, moment in product(ADDRESSES, URLS, MOMENTS):
        subject = snapshot.subject_at(network.cidr.removesuffix(".0/24") + address, moment)
        if is_open(decide(Request(subject, UrlResource(url)), snapshot, moment), subject):
            found.add((address, url, moment))
    return frozenset(found)


@pytest.mark.parametrize("school", SCHOOLS)
def test_what_counts_as_opening_nothing_opens_nothing(school: str) -> None:
    snapshot = snapshot_of(load_policy(RULES, school))
    opened = {each.id: what_is_open(snapshot, each) for each in NETWORKS}

    certain = [pair for pair in product(NETWORKS, repeat=2) if not could_open(*pair)]

    assert len(certain) > len(NETWORKS)
    for before, after in certain:
        assert frozenset() == opened[after.id] - opened[before.id], (before, after)
    assert frozenset().union(*opened.values())


def test_what_is_no_longer_looked_into_may_be_let_pass() -> None:
    snapshot = snapshot_of(load_policy(RULES, "twiss-green"))
    before, after = network(), network(device=DeviceKind.UNKNOWN, inspectable=False)

    assert what_is_open(snapshot, after) - what_is_open(snapshot, before)
    assert could_open(before, after)


def with_a_rule_about(audience: Audience) -> Snapshot:
    """A school whose policy closes everything for one audience alone, beside the shipped one."""
    rule = Rule(
        id="for-them-alone",
        block=frozenset({"everything"}),
        applies_to=(Condition(audience=frozenset({audience})),),
        cite=Citation("The school", "1"),
    )
    policy = load_policy(RULES, "twiss-green")
    return snapshot_of(msgspec.structs.replace(policy, rules=(*policy.rules, rule)))


def test_a_rule_about_staff_alone_ends_where_they_count_as_pupils() -> None:
    snapshot = with_a_rule_about(Audience.STAFF)
    before = network(Audience.STAFF, DeviceKind.UNKNOWN)
    after = network(Audience.PUPIL, DeviceKind.UNKNOWN)

    assert what_is_open(snapshot, after) - what_is_open(snapshot, before)
    assert could_open(before, after)


def test_a_pupil_whose_claim_ends_with_the_network_would_count_as_staff() -> None:
    snapshot = with_a_rule_about(Audience.PUPIL)
    before = network(Audience.STAFF, DeviceKind.OWN_DEVICE)
    after = network(Audience.STAFF, DeviceKind.UNKNOWN)
    claimed = ADDRESSES[2]

    assert claimed not in {address for address, _, _ in what_is_open(snapshot, before)}
    assert claimed in {address for address, _, _ in what_is_open(snapshot, after)}
    assert could_open(before, after)


def test_a_keeper_may_say_that_the_devices_are_not_known() -> None:
    for audience in Audience:
        assert not could_open(network(audience), network(audience, DeviceKind.UNKNOWN))
        assert not could_open(network(audience), network(audience))
        assert could_open(network(audience, DeviceKind.UNKNOWN), network(audience))
