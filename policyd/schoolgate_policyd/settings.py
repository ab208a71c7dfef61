"""
The settings of a school's installation, as values; `config` reads and checks them.

They stand apart from it because a DNS worker, which has sixty megabytes for everything, cannot
spare the twelve that reading and checking take (pydantic, a YAML reader): whoever starts it
reads them and hands them on.
"""

import re
from dataclasses import field
from enum import StrEnum
from pathlib import Path

from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.dns_settings import DnsSettings
from schoolgate_policyd.firewall_settings import FirewallSettings
from schoolgate_policyd.mail_settings import MailSettings
from schoolgate_policyd.record_settings import AuditSettings, RetentionSettings
from schoolgate_policyd.setting_kinds import (
    Cidr,
    Ipv6Mapping,
    Megabytes,
    NetworkId,
    Seconds,
    Workers,
    section,
)

_WORKER = re.compile(r"-[0-9]+\Z", re.ASCII)


def component_of(point: str) -> str:
    """Return the component that *point* is of: the point `dns-2` is the second worker of `dns`."""
    return _WORKER.sub("", point)


def default_rules_dir() -> Path:
    """Return the rules that come with the program: inside the wheel, or in the checkout."""
    installed = Path(__file__).parent / "rules_data"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "rules"


@section
class NetworkSettings:
    """
    A range of addresses, what is known of whoever asks from it, and its sample relays.

    A network *is_routed* when another router stands between it and the gateway, which then sees
    no device's hardware address. *ipv6_mapping* is the prefix below which each of its IPv4
    addresses has its IPv6 address; without one its devices are told no IPv6 addresses.
    """

    id: NetworkId
    cidr: Cidr
    audience: Audience
    device: DeviceKind
    inspectable: bool
    relay_from: str | None = None
    proxy_relay_port: int | None = None
    web_relay_port: int | None = None
    is_routed: bool = False
    ipv6_mapping: Ipv6Mapping | None = None


@section
class ProxySettings:
    """
    Where the proxy listens, and with how many *workers*.

    *port* is where browsers that are told of the proxy find the first worker, each further one
    has the next. At *intercept_port*, and the next ones, the firewall brings connections that
    were meant for others; it is on the inspection addresses. *permitted_destinations* are private
    ranges it may connect to all the same (tests' origins); *upstream_ca* is a PEM file of further
    authorities that origins may be signed by.
    """

    address: str = "127.0.0.1"
    port: int = 8080
    workers: Workers = 1
    intercept_port: int | None = None
    permitted_destinations: tuple[Cidr, ...] = ()
    upstream_ca: Path | None = None


@section
class ListSettings:
    """
    How lists are fetched.

    *permitted_destinations* are ranges inside the school that they may come from all the same;
    *upstream_ca* is a PEM file of further authorities that their servers may be signed by.
    *keep_free_megabytes* of the disk are left alone.
    """

    permitted_destinations: tuple[Cidr, ...] = ()
    upstream_ca: Path | None = None
    answer_timeout_s: Seconds = 20.0
    whole_timeout_s: Seconds = 600.0
    keep_free_megabytes: Megabytes = 500


class SecondFactorRule(StrEnum):
    """Whether duties that see personal data must have a second factor, or may have one."""

    REQUIRED = "required"
    OFFERED = "offered"


class PageCertificate(StrEnum):
    """Whose certificate the pages are served with; with `none` they speak plain http."""

    NONE = "none"
    SCHOOL = "school"
    AUTHORITY = "authority"


@section
class WebSettings:
    """
    Where the pages are served, how people reach them, and how people sign in.

    They are served over https with the school's own *certificate* and *key* (PEM files), or with
    one that the gateway's authority signs for the host of *public_url*, as *tls* says.
    """

    address: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://localhost:8000"
    second_factor: SecondFactorRule = SecondFactorRule.REQUIRED
    tls: PageCertificate = PageCertificate.NONE
    certificate: Path | None = None
    key: Path | None = None


@section
class ClockSettings:
    """Whether loosening waits for a clock that a time server keeps right."""

    must_be_synchronised: bool = False


@section
class Settings:
    """
    The whole configuration; *school* is the preset's name, *school_name* what pages show.

    *address_ranges* are all the school's addresses, those of no network included. *run_dir* is
    for sockets, *var_dir* without it. Without *firewall* nobody is held to anything, and
    without *mail* alerts wait where the technician sees them.

    Below *var_dir* and *run_dir* a component has folders of its own, and on the gateway can write
    in no other's: who shares which stands in `systemd/tmpfiles.conf`.
    """

    school: str = "twiss-green"
    school_name: str = "The school"
    is_sample: bool = False
    var_dir: Path = Path("var")
    run_dir: Path | None = None
    rules_dir: Path = field(default_factory=default_rules_dir)
    people_file: Path | None = None
    dns: DnsSettings = DnsSettings()
    proxy: ProxySettings = ProxySettings()
    web: WebSettings = WebSettings()
    lists: ListSettings = ListSettings()
    firewall: FirewallSettings | None = None
    clock: ClockSettings = ClockSettings()
    mail: MailSettings | None = None
    audit: AuditSettings = AuditSettings()
    retention: tuple[RetentionSettings, ...] = ()
    address_ranges: tuple[Cidr, ...] = ()
    networks: tuple[NetworkSettings, ...] = ()

    @property
    def served_ranges(self) -> tuple[Cidr, ...]:
        """Whom DNS answers: *address_ranges*, else every network's range and the loopback."""
        loopback = ("127.0.0.0/8", "::1/128")
        return self.address_ranges or (*(each.cidr for each in self.networks), *loopback)

    @property
    def socket_path(self) -> Path:
        """The Unix socket of policyd."""
        run_dir = self.var_dir if self.run_dir is None else self.run_dir / "policyd"
        return run_dir / "policyd.sock"

    @property
    def ways_path(self) -> Path:
        """The Unix socket on which the firewall's point is told which ways were opened."""
        return (self.run_dir or self.var_dir) / "firewall" / "ways.sock"

    @property
    def told_path(self) -> Path:
        """What the firewall's point was told, for the process after it; on the gateway in RAM."""
        return self.ways_path.with_name("told.journal")

    @property
    def decisions_path(self) -> Path:
        """The database of what the school decided."""
        return self.var_dir / "decisions" / "decisions.db"

    @property
    def codes_key_path(self) -> Path:
        """The key of one-time codes' secrets: with the pages alone, in no database's backup."""
        return self.var_dir / "keys" / "one-time-codes.key"

    @property
    def page_key_path(self) -> Path:
        """The key of the pages' certificate, where the gateway's authority signs it."""
        return self.var_dir / "keys" / "pages.key"

    @property
    def page_request_path(self) -> Path:
        """What the pages ask the authority to sign; the proxy, which has it, reads this."""
        return self.var_dir / "page-request" / "pages.csr"

    @property
    def page_certificate_path(self) -> Path:
        """The pages' certificate, signed by the gateway's authority."""
        return self.certificates_dir / "pages.pem"

    @property
    def events_dir(self) -> Path:
        """The folder with a database of events for each day."""
        return self.var_dir / "events"

    @property
    def audit_dir(self) -> Path:
        """The folder of the audit's signing key and checkpoints, policyd's alone."""
        return self.var_dir / "audit"

    def spool_dir_of(self, component: str) -> Path:
        """The folder in which the points of *component* keep events until they are stored."""
        return self.var_dir / "spool" / component

    @property
    def lists_dir(self) -> Path:
        """The folder of subscribed lists: their last good versions and the compiled table."""
        return self.var_dir / "lists"

    @property
    def lists_socket_path(self) -> Path | None:
        """The Unix socket on which the gateway has lists fetched; None where policyd does it."""
        return None if self.run_dir is None else self.run_dir / "lists.sock"

    @property
    def mail_socket_path(self) -> Path | None:
        """The Unix socket on which the gateway has mail sent; None where policyd does it."""
        return None if self.run_dir is None else self.run_dir / "mail.sock"

    @property
    def snapshots_dir(self) -> Path:
        """The folder with one for each component, in which it keeps its newest snapshots."""
        return self.var_dir / "snapshots"

    @property
    def clock_path(self) -> Path:
        """Where the highest time seen, and the sample school's shift, are kept."""
        return self.var_dir / "clock" / "clock.json"

    @property
    def ca_dir(self) -> Path:
        """The folder of the school's certificate authority, its key included."""
        return self.var_dir / "ca"

    @property
    def ca_certificate_path(self) -> Path:
        """The authority's certificate, for devices to trust."""
        return self.certificates_dir / "ca.pem"

    @property
    def certificates_dir(self) -> Path:
        """The folder of the certificates that the proxy writes for everybody to read."""
        return self.var_dir / "certificates"

    def last_snapshot_path(self, point: str) -> Path:
        """Where the point named *point* keeps the newest snapshot it had."""
        return self.snapshots_dir / component_of(point) / f"{point}.snapshot"
