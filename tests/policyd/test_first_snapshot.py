"""What a point decides with before policyd has said anything: never more than it should."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from schoolgate_policyd.config import NetworkSettings, Settings, default_rules_dir
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, Verdict
from schoolgate_policyd.core.names import parse_host
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.first_snapshot import load_baseline, strict_snapshot
from schoolgate_policyd.rulefiles import RuleFileErrors

LESSON = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PUPIL, STAFF, VISITOR, STRANGER = "127.0.1.1", "127.0.3.1", "127.0.4.1", "192.0.2.1"


def settings(rules_dir: Path) -> Settings:
    def network(cidr: str, audience: Audience) -> NetworkSettings:
        return NetworkSettings(
            id=audience.value,
            cidr=cidr,
            audience=audience,
            device=DeviceKind.SCHOOL_COMPUTER,
            inspectable=True,
        )

    return Settings(
        rules_dir=rules_dir,
        networks=(
            network("127.0.1.0/24", Audience.PUPIL),
            network("127.0.3.0/24", Audience.STAFF),
            network("127.0.4.0/24", Audience.VISITOR),
        ),
    )


def verdict(snapshot: Snapshot, client: str, host: str) -> Verdict:
    request = Request(snapshot.subject_at(client, LESSON), HostResource(parse_host(host)))
    return decide(request, snapshot, LESSON).verdict


@pytest.fixture(scope="module")
def strict() -> Snapshot:
    return strict_snapshot(settings(default_rules_dir()))


@pytest.mark.parametrize("client", [PUPIL, STAFF, VISITOR, STRANGER])
def test_help_lines_open_for_everybody(strict: Snapshot, client: str) -> None:
    assert Verdict.ALLOW == verdict(strict, client, "www.childline.org.uk")


@pytest.mark.parametrize("client", [PUPIL, VISITOR, STRANGER])
def test_nothing_but_essentials_opens_for_pupils_visitors_and_unknown_devices(
    strict: Snapshot, client: str
) -> None:
    assert Verdict.BLOCK == verdict(strict, client, "anything.example")
    assert Verdict.ALLOW == verdict(strict, client, "www.bbc.co.uk")


def test_staff_get_what_the_baseline_leaves_open(strict: Snapshot) -> None:
    catalogue, baseline = load_baseline(default_rules_dir())
    listed = next(
        each.domains[0].text
        for each in catalogue.lists
        if any({each.id, each.category} & rule.block for rule in baseline)
    )

    assert Verdict.ALLOW == verdict(strict, STAFF, "anything.example")
    assert Verdict.BLOCK == verdict(strict, STAFF, listed)


@pytest.mark.parametrize("client", [PUPIL, STAFF, VISITOR, STRANGER])
def test_without_rule_files_only_help_lines_open(tmp_path: Path, client: str) -> None:
    snapshot = strict_snapshot(settings(tmp_path))

    assert 0 == snapshot.number
    assert Verdict.ALLOW == verdict(snapshot, client, "www.childline.org.uk")
    assert Verdict.BLOCK == verdict(snapshot, client, "www.bbc.co.uk")


def test_a_mistake_in_the_baseline_is_reported_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(RuleFileErrors, match="baseline"):
        load_baseline(tmp_path)
