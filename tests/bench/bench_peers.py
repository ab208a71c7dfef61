"""
The same decisions by Schoolgate, casbin and Cedar, in the same run.

    python tests/bench/bench_peers.py --requests 2000

The policy is the social media part of twiss-green over every shipped service: pupils and visitors
never, staff at break and lunch on two kinds of device with the standing permission, and whoever
holds a duty always. It is written three times, as each of them would have it; the requests are
drawn once, and all three must agree on every one of them.

casbin and Cedar are asked about a service in a period; Schoolgate about a host name at a moment,
and finds service and period itself. Times are CPU time.
"""

import argparse
import json
import logging
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import NamedTuple

import casbin
import cedarpy
import msgspec

from schoolgate_policyd.config import load_settings
from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, Verdict
from schoolgate_policyd.core.names import parse_host
from schoolgate_policyd.core.policy import Live, Policy, Source
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty, HeldDuty, Subject
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.rulefiles import load_policy

ROUNDS = 5
STANDING = "staff-break-access"
SOCIAL, OTHER = "social-media", "other"
FREE = (Period.BREAK, Period.LUNCH)
DEVICES = (DeviceKind.OWN_DEVICE, DeviceKind.SCHOOL_COMPUTER)
MOMENTS = tuple(
    datetime(2026, 11, day, hour, minute, tzinfo=UTC)
    for day in (20, 21)
    for hour, minute in ((8, 15), (9, 0), (10, 30), (10, 44), (11, 0), (12, 30), (15, 30), (18, 0))
)
CASBIN_MODEL = """
[request_definition]
r = audience, duty, service, period, device, standing

[policy_definition]
p = audience, duty, group, period, device, standing

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = g(r.service, p.group) && (p.audience == "*" || r.audience == p.audience) && \
(p.duty == "*" || r.duty == p.duty) && (p.period == "*" || r.period == p.period) && \
(p.device == "*" || r.device == p.device) && (p.standing == "*" || r.standing == p.standing)
"""
CEDAR_POLICIES = """
permit(principal, action == Action::"open", resource);
forbid(principal in Audience::"pupil", action, resource in Group::"social-media");
forbid(principal in Audience::"visitor", action, resource in Group::"social-media");
forbid(principal in Audience::"staff", action, resource in Group::"social-media")
unless {
  context.duty || (
    context.standing && ["break", "lunch"].contains(context.period) &&
    ["own-device", "school-computer"].contains(context.device)
  )
};
"""


class Drawn(NamedTuple):
    """One question in everybody's terms."""

    audience: Audience
    has_duty: bool
    device: DeviceKind
    standing: bool
    moment: datetime
    period: Period
    service: str
    host: str


def policy_of(loaded: Policy) -> Policy:
    """Return the social media part of *loaded*, over its services alone."""
    catalogue = Catalogue(loaded.catalogue.categories, loaded.catalogue.services)
    ruled = tuple(rule for rule in loaded.rules if rule.topic == SOCIAL)
    return msgspec.structs.replace(loaded, rules=ruled, catalogue=catalogue)


def draw(policy: Policy, snapshot: Snapshot, count: int) -> list[Drawn]:
    """Return *count* questions about names that belong to exactly one service."""
    choose = random.Random(3)  # noqa: S311 - the same questions each time
    known = [
        (service.id, domain.text)
        for service in policy.catalogue.services
        for domain in service.domains
        if (service.id,) == snapshot.match(domain).services
    ]
    drawn = []
    for _ in range(count):
        moment = choose.choice(MOMENTS)
        audience = choose.choice(tuple(Audience))
        has_duty = audience is Audience.STAFF and choose.random() < 0.1
        period = snapshot.period_of(Subject(audience=audience), moment)
        drawn.append(
            Drawn(
                audience,
                has_duty,
                choose.choice(tuple(DeviceKind)),
                choose.random() < 0.7,
                moment,
                period,
                *choose.choice(known),
            )
        )
    return drawn


def with_schoolgate(policy: Policy, *, is_fresh: bool) -> Callable[[Drawn], bool]:
    """Return how Schoolgate answers; *is_fresh*: from the text, with nothing remembered."""
    snapshots = {
        stands: compile_snapshot(
            Source(1, policy, live=Live(standing=frozenset({STANDING} if stands else ())))
        )
        for stands in (True, False)
    }
    duty = (HeldDuty(Duty.DSL),)

    def ask(drawn: Drawn) -> bool:
        snapshot = snapshots[drawn.standing]
        if is_fresh:
            snapshot.forget()
        subject = Subject(
            audience=drawn.audience,
            device=drawn.device,
            network="school",
            duties=duty if drawn.has_duty else (),
        )
        request = Request(subject, HostResource(parse_host(drawn.host)))
        return decide(request, snapshot, drawn.moment).verdict is Verdict.ALLOW

    return ask


def with_casbin(policy: Policy) -> Callable[[Drawn], bool]:
    """Return how casbin answers: a line for each permission, services in groups by roles."""
    model = casbin.Enforcer.new_model(text=CASBIN_MODEL)
    enforcer = casbin.Enforcer(model)
    enforcer.add_policy("*", "*", OTHER, "*", "*", "*")
    enforcer.add_policy("staff", "yes", SOCIAL, "*", "*", "*")
    for period in FREE:
        for device in DEVICES:
            enforcer.add_policy("staff", "*", SOCIAL, period.value, device.value, "yes")
    blocked = policy.rules[0].block
    for service in policy.catalogue.services:
        group = SOCIAL if service.category in blocked or service.id in blocked else OTHER
        enforcer.add_grouping_policy(service.id, group)

    def ask(drawn: Drawn) -> bool:
        return bool(
            enforcer.enforce(
                drawn.audience.value,
                "yes" if drawn.has_duty else "no",
                drawn.service,
                drawn.period.value,
                drawn.device.value,
                "yes" if drawn.standing else "no",
            )
        )

    return ask


def cedar_handles(policy: Policy) -> tuple[cedarpy.PolicySet, cedarpy.Entities]:
    """Return policies and entities, parsed once."""
    blocked = policy.rules[0].block
    entities: list[dict[str, object]] = []
    for each in Audience:
        parents = [{"type": "Audience", "id": each.value}]
        uid = {"type": "User", "id": each.value}
        entities.append({"uid": uid, "attrs": {}, "parents": parents})
    for service in policy.catalogue.services:
        group = SOCIAL if service.category in blocked or service.id in blocked else OTHER
        parents = [{"type": "Group", "id": group}]
        uid = {"type": "Service", "id": service.id}
        entities.append({"uid": uid, "attrs": {}, "parents": parents})
    handle = cedarpy.Entities.from_json_str(json.dumps(entities))
    return cedarpy.PolicySet.from_str(CEDAR_POLICIES), handle


def cedar_request(drawn: Drawn) -> dict[str, object]:
    """Return *drawn* as Cedar is asked; its context is text already."""
    context = {
        "duty": drawn.has_duty,
        "standing": drawn.standing,
        "period": drawn.period.value,
        "device": drawn.device.value,
    }
    return {
        "principal": {"type": "User", "id": drawn.audience.value},
        "action": {"type": "Action", "id": "open"},
        "resource": {"type": "Service", "id": drawn.service},
        "context": json.dumps(context),
    }


def microseconds(call: Callable[[], object], count: int) -> float:
    """Return the median CPU time of one of *count* decisions that a *call* makes."""
    rounds = []
    for _ in range(ROUNDS):
        start_s = time.process_time()
        call()
        rounds.append((time.process_time() - start_s) / count * 1e6)
    return statistics.median(rounds)


def main() -> None:
    """Check that all agree, and print the table."""
    parser = argparse.ArgumentParser(description="the same decisions by three engines")
    parser.add_argument("--requests", type=int, default=2_000)
    count = parser.parse_args().requests
    # casbin writes a line for every decision; that is not what is compared.
    logging.disable(logging.CRITICAL)
    policy = policy_of(load_policy(load_settings().rules_dir, "twiss-green"))
    drawn = draw(policy, compile_snapshot(Source(1, policy)), count)
    ours, fresh = (with_schoolgate(policy, is_fresh=each) for each in (False, True))
    theirs = with_casbin(policy)
    policies, entities = cedar_handles(policy)
    asked = [cedar_request(each) for each in drawn]

    verdicts = [ours(each) for each in drawn]
    answers = {
        "Schoolgate, nothing remembered": [fresh(each) for each in drawn],
        "casbin": [theirs(each) for each in drawn],
        "Cedar": [each.allowed for each in cedarpy.is_authorized_batch(asked, policies, entities)],
    }
    for name, found in answers.items():
        if found != verdicts:
            place = [one == other for one, other in zip(found, verdicts, strict=True)].index(False)
            raise SystemExit(f"{name} does not agree with Schoolgate on {drawn[place]}")
    print(f"{len(policy.catalogue.services)} services, {count:,} requests, ", end="")
    print(f"{sum(verdicts):,} of them allowed: all three agree on every one")
    rows = [
        ("Schoolgate", microseconds(lambda: [ours(each) for each in drawn], count)),
        (
            "Schoolgate, nothing remembered",
            microseconds(lambda: [fresh(each) for each in drawn], count),
        ),
        (
            f"Cedar (cedarpy {version('cedarpy')}), one by one",
            microseconds(
                lambda: [cedarpy.is_authorized(each, policies, entities) for each in asked], count
            ),
        ),
        (
            "Cedar, all in one batch",
            microseconds(lambda: cedarpy.is_authorized_batch(asked, policies, entities), count),
        ),
        (
            f"casbin {version('casbin')}",
            microseconds(lambda: [theirs(each) for each in drawn], count),
        ),
    ]
    print(f"{'':40}{'µs CPU':>10}{'x ours':>10}")
    for what, cost in rows:
        print(f"{what:40}{cost:10.1f}{cost / rows[0][1]:10.1f}")


if __name__ == "__main__":
    main()
