"""
The DNS point as a school runs it: its own process, policy, people and 1,000,000 listed names.

The policy is twiss-green's with one more list, of the adult category; there are networks for
every audience, staff who have claimed their devices and hold a grant each, and pupils with
devices of their own. policyd is not needed: the point starts from the snapshot it had last.
"""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from load_generator import SERVER_CORE
from packets import SEED
from processes import Server
from ruamel.yaml import YAML

from schoolgate_policyd.clock import set_school_clock
from schoolgate_policyd.config import CONFIG_VARIABLE, Settings, default_rules_dir, load_settings
from schoolgate_policyd.core.catalogue import LargeList
from schoolgate_policyd.core.names import parse_host
from schoolgate_policyd.core.policy import Live, Register, Source
from schoolgate_policyd.core.rules import Grant, GrantKind, HostScope, ServiceScope
from schoolgate_policyd.core.subjects import (
    Audience,
    Device,
    DeviceClaim,
    Duty,
    HeldDuty,
    Network,
    Person,
)
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.lists.compiling import Kept, compile_table
from schoolgate_policyd.lists.intake import Intake
from schoolgate_policyd.lists.reading import Recipe, read_list
from schoolgate_policyd.lists.records import write_records
from schoolgate_policyd.lists.subscription import Format
from schoolgate_policyd.rulefiles import load_policy

LIST = LargeList("benchmark", "adult", locked=True)
# A lesson from here on lasts ninety minutes: no bell rings while answers are measured.
LESSON = "2026-11-20T08:55:00"
STAFF = 60
PUPILS = 200
DSL = "dsl"
_SAMPLE = default_rules_dir() / "samples" / "sample-school.yaml"
_STARTS_AT = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
_ENDS_AT = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)


class School:
    """The files of a school in *folder*, for a point on *port* that asks *upstream_port*."""

    def __init__(
        self,
        folder: Path,
        port: int,
        upstream_port: int,
        *,
        at: str = LESSON,
        workers: int = 1,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.port = folder, port
        # Several workers on one core would only take turns.
        self._core = SERVER_CORE if workers == 1 else None
        raw = YAML(typ="safe").load(_SAMPLE.read_text())
        for network in raw["networks"]:
            for key in ("relay_from", "proxy_relay_port", "web_relay_port"):
                del network[key]
        raw |= {"var_dir": str(folder / "var"), "people_file": None}
        raw["dns"] = {"port": port, "upstreams": [f"127.0.0.1:{upstream_port}"]}
        raw["dns"]["workers"] = workers
        self.config = folder / "school.yaml"
        with self.config.open("w") as file:
            YAML().dump(raw, file)
        self.settings: Settings = load_settings(self.config)
        self.settings.lists_dir.mkdir(parents=True)
        self.settings.snapshots_dir.mkdir()
        set_school_clock(self.settings, at, ZoneInfo("Europe/London"))

    def source(self, blocked: Iterable[str]) -> Source:
        """Compile the list of *blocked* names and return a source with it, number 1."""
        policy = load_policy(self.settings.rules_dir, self.settings.school)
        catalogue = msgspec.structs.replace(
            policy.catalogue,
            large_lists=(*policy.catalogue.large_lists, LIST),
            name_table=_table(self.settings.lists_dir, blocked),
        )
        policy = msgspec.structs.replace(policy, catalogue=catalogue)
        networks = tuple(
            Network(each.id, each.cidr, each.audience, each.device, each.inspectable)
            for each in self.settings.networks
        )
        return Source(1, policy, Register(_people(), networks, _devices()), live())

    def keep(self, source: Source) -> None:
        """Have *source* be what the point had last."""
        save_last_snapshot(self.settings.last_snapshot_path("dns"), source)

    def start(self) -> Server:
        """Start the point."""
        command = [sys.executable, "-m", "schoolgate_dns"]
        environment = {CONFIG_VARIABLE: str(self.config)}
        return Server(
            "Schoolgate", command, self.port, self.folder, environment=environment, core=self._core
        )


def live(
    *,
    grants: Iterable[Grant] = (),
    claims: Iterable[DeviceClaim] = (),
    standing: Iterable[str] = (),
) -> Live:
    """Return a claimed device and a grant for each of the staff, and what else is given."""
    own_grants = (staff_grant(f"staff-{n}", f"pages{n}.example") for n in range(STAFF))
    own_claims = (claim(f"127.0.2.{n}", f"staff-{n}") for n in range(STAFF))
    return Live((*own_grants, *grants), (*own_claims, *claims), standing=frozenset(standing))


def claim(address: str, person: str) -> DeviceClaim:
    """Return *person*'s claim of the device at *address*, for the whole day."""
    return DeviceClaim(f"claim-{address}", address, person, _ENDS_AT)


def staff_grant(person: str, host: str) -> Grant:
    """Return an access grant of *person* for *host*, for the whole day."""
    scope = HostScope(parse_host(host))
    id_, kind = f"{person}-{host}", GrantKind.ACCESS_GRANT
    return Grant(id_, kind, scope, _STARTS_AT, _ENDS_AT, frozenset({person}))


def service_grant(person: str, service: str) -> Grant:
    """Return an access grant of *person* for *service*, for the whole day."""
    id_, kind = f"{person}-{service}", GrantKind.ACCESS_GRANT
    return Grant(id_, kind, ServiceScope(service), _STARTS_AT, _ENDS_AT, frozenset({person}))


def _people() -> tuple[Person, ...]:
    pupils = (
        Person(f"pupil-{n}", Audience.PUPIL, year_group=n % 7, age=4 + n % 7)
        for n in range(PUPILS)
    )
    staff = (Person(f"staff-{n}", Audience.STAFF) for n in range(STAFF))
    return (*pupils, *staff, Person(DSL, Audience.STAFF, (HeldDuty(Duty.DSL),)))


def _devices() -> tuple[Device, ...]:
    return tuple(
        Device(f"127.0.5.{n}", f"tablet-{n}", f"pupil-{n}", frozenset({f"class-{n % 7}"}))
        for n in range(PUPILS)
    )


def _table(lists_dir: Path, blocked: Iterable[str]) -> str:
    text = lists_dir / "benchmark.txt"
    with text.open("w") as file:
        file.writelines(f"{name}\n" for name in blocked)
    intake = Intake(SEED)
    read_list(text, Recipe(Format.DOMAINS, None, 500), intake)
    records = lists_dir / "benchmark.records"
    written = write_records(records, intake.parts)
    text.unlink()
    kept = Kept(records, written.sha256, written.names)
    return compile_table(lists_dir, {LIST.id: kept}, SEED).sha256
