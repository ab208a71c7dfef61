"""What a point decides with before policyd has said anything: never more than it should."""

import asyncio
import dataclasses
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schoolgate_policyd.config import NetworkSettings, Settings, default_rules_dir
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, Verdict
from schoolgate_policyd.core.names import parse_host
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.first_snapshot import first_snapshot
from schoolgate_policyd.ipc.client import PointClient
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.ipc.messages import PointKind
from schoolgate_policyd.ipc.spool import Spool
from schoolgate_policyd.lists.child import update_lists
from schoolgate_policyd.lists.opening import with_newest_table
from schoolgate_policyd.rulefiles import RuleFileErrors, load_policy
from schoolgate_policyd.strict_snapshot import load_baseline, strict_snapshot

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


def school_with_a_locked_list(folder: Path) -> Settings:
    shutil.copytree(default_rules_dir(), folder / "rules")
    lists = folder / "rules" / "lists"
    lists.mkdir()
    (lists / "iwf.yaml").write_text(
        "subscription: iwf\ncategory: adult\nformat: domains\nfile: iwf.txt\nlocked: true\n"
        "source: IWF\n"
    )
    (lists / "iwf.txt").write_text("unlawful.example.net\n")
    found = dataclasses.replace(settings(folder / "rules"), var_dir=folder / "var")
    update_lists(found)
    return found


def test_locked_lists_hold_under_the_strict_policy_too(tmp_path: Path) -> None:
    school = school_with_a_locked_list(tmp_path)
    strict = strict_snapshot(school)

    assert Verdict.BLOCK == verdict(strict, STAFF, "www.unlawful.example.net")
    assert Verdict.ALLOW == verdict(strict, STAFF, "anything.example")


def test_a_table_that_is_damaged_leaves_the_strict_policy_without_lists(tmp_path: Path) -> None:
    school = school_with_a_locked_list(tmp_path)
    (table,) = school.lists_dir.glob("*.names")
    table.chmod(0o600)
    table.write_bytes(b"")
    strict = strict_snapshot(school)

    assert Verdict.BLOCK == verdict(strict, PUPIL, "anything.example")
    assert Verdict.ALLOW == verdict(strict, PUPIL, "www.childline.org.uk")


@pytest.mark.parametrize("is_damaged", [True, False])
def test_a_point_starts_with_its_last_snapshot_only_if_its_table_is_whole(
    tmp_path: Path, *, is_damaged: bool
) -> None:
    school = school_with_a_locked_list(tmp_path)
    policy = with_newest_table(load_policy(school.rules_dir, "twiss-green"), school.lists_dir)
    path = school.last_snapshot_path("dns")
    save_last_snapshot(path, Source(7, policy))
    if is_damaged:
        (table,) = school.lists_dir.glob("*.names")
        table.unlink()
    client = PointClient(
        PointKind.DNS,
        "dns",
        tmp_path / "socket",
        Spool(tmp_path / "spool", "dns"),
        path,
        on_source=lambda _: None,
        on_live=lambda *_: None,
        on_in_force=lambda _: None,
    )
    first = first_snapshot(client, school, path)
    asyncio.run(client.stop())

    assert (0 if is_damaged else 7) == first.number
    assert path.exists() is not is_damaged
