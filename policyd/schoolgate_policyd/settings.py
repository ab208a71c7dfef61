"""
The settings of a school's installation, as values; `config` reads and checks them.

They stand apart from it because a DNS worker, which has sixty megabytes for everything, cannot
spare the twelve that reading and checking take (pydantic, a YAML reader): whoever starts it
reads them and hands them on.
"""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any, dataclass_transform

from schoolgate_policyd.core.subjects import Audience, DeviceKind

MAX_WORKERS = 64


class Checked:
    """Marks a value that *check* returns in its usual form; it raises ValueError for others."""

    def __init__(self, check: Callable[[Any], Any]) -> None:
        self._check = check

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:  # noqa: ANN401 - pydantic's types would have to be imported
        """Have pydantic, which looks for this method, check what it has read."""
        from pydantic_core import core_schema  # noqa: PLC0415 - whoever calls this has it already

        return core_schema.no_info_after_validator_function(self._check, handler(source))


def _cidr(text: str) -> str:
    return str(ipaddress.ip_network(text))


def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))


def _within(least: float, most: float, number: float) -> float:
    if not least <= number <= most:
        raise ValueError(f"must be between {least:g} and {most:g}")
    return number


def _at_least_one(texts: tuple[str, ...]) -> tuple[str, ...]:
    if not texts:
        raise ValueError("must name at least one")
    return texts


Cidr = Annotated[str, Checked(_cidr)]
Address = Annotated[str, Checked(_address)]
AtLeastOne = Annotated[tuple[str, ...], Checked(_at_least_one)]
Workers = Annotated[int, Checked(partial(_within, 1, MAX_WORKERS))]
Seconds = Annotated[float, Checked(partial(_within, 0.001, 86_400))]
Megabytes = Annotated[int, Checked(partial(_within, 0, 1e9))]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def _section[T](section: type[T]) -> type[T]:
    """Make *section* an immutable value, of which pydantic knows no further fields."""
    section.__pydantic_config__ = {"extra": "forbid"}  # type: ignore[attr-defined]  # pydantic's name
    return dataclass(frozen=True, kw_only=True)(section)


def default_rules_dir() -> Path:
    """Return the rules that come with the program: inside the wheel, or in the checkout."""
    installed = Path(__file__).parent / "rules_data"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "rules"


@_section
class NetworkSettings:
    """A range of addresses, what is known of whoever asks from it, and its sample relays."""

    id: str
    cidr: Cidr
    audience: Audience
    device: DeviceKind
    inspectable: bool
    relay_from: str | None = None
    proxy_relay_port: int | None = None
    web_relay_port: int | None = None


@_section
class ZoneSettings:
    """A zone whose names, reverse names and updates belong to servers of its own."""

    zone: str
    upstreams: AtLeastOne


@_section
class EncryptedDnsSettings:
    """
    DNS over TLS and over HTTPS under the gateway's own *name*.

    *certificate* and *key* are PEM files; devices must trust who signed the certificate.
    *addresses* are the name's, as devices reach it; without any `dns.address` is.
    """

    name: str
    certificate: Path
    key: Path
    tls_port: int = 853
    https_port: int = 443
    addresses: tuple[Address, ...] = ()


@_section
class DnsSettings:
    """
    Where DNS listens and whom it asks.

    *upstreams* are `address`, `address:port`, `tls://address#name` or `https://address/path#name`;
    none means the system's resolv.conf. *inspection_addresses* are where the proxy is found, at
    most one of each family; without any, what needs looking into does not exist.
    *permitted_destinations* are private ranges that names outside *zones* lead to all the same.
    *metrics_port* is the first worker's, each further one has the next. *upstream_ca* is a PEM
    file of who may sign encrypted upstreams' certificates, instead of whom the system trusts.
    """

    address: str = "127.0.0.1"
    port: int = 5353
    workers: Workers = 1
    upstreams: tuple[str, ...] = ()
    upstream_timeout_s: float = 2.0
    upstream_ca: Path | None = None
    zones: tuple[ZoneSettings, ...] = ()
    permitted_destinations: tuple[Cidr, ...] = ()
    inspection_addresses: tuple[Address, ...] = ()
    encrypted: EncryptedDnsSettings | None = None
    metrics_port: int | None = None


@_section
class ProxySettings:
    """
    Where the proxy listens.

    *permitted_destinations* are private ranges it may connect to all the same (tests' origins);
    *upstream_ca* is a PEM file of further authorities that origins may be signed by.
    """

    address: str = "127.0.0.1"
    port: int = 8080
    permitted_destinations: tuple[Cidr, ...] = ()
    upstream_ca: Path | None = None


@_section
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


@_section
class WebSettings:
    """Where the pages are served and how people reach them."""

    address: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://localhost:8000"


@_section
class Settings:
    """
    The whole configuration; *school* is the preset's name, *school_name* what pages show.

    *address_ranges* are all the school's addresses, those of no network included.
    """

    school: str = "twiss-green"
    school_name: str = "The school"
    is_sample: bool = False
    var_dir: Path = Path("var")
    rules_dir: Path = field(default_factory=default_rules_dir)
    people_file: Path | None = None
    dns: DnsSettings = DnsSettings()
    proxy: ProxySettings = ProxySettings()
    web: WebSettings = WebSettings()
    lists: ListSettings = ListSettings()
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
        return self.var_dir / "policyd.sock"

    @property
    def decisions_path(self) -> Path:
        """The database of what the school decided."""
        return self.var_dir / "decisions.db"

    @property
    def events_dir(self) -> Path:
        """The folder with a database of events for each day."""
        return self.var_dir / "events"

    @property
    def spool_dir(self) -> Path:
        """The folder in which points keep events until they are stored."""
        return self.var_dir / "spool"

    @property
    def lists_dir(self) -> Path:
        """The folder of subscribed lists: their last good versions and the compiled table."""
        return self.var_dir / "lists"

    @property
    def snapshots_dir(self) -> Path:
        """The folder in which each point keeps the newest snapshot it had."""
        return self.var_dir / "snapshots"

    @property
    def clock_path(self) -> Path:
        """Where the highest time seen, and the sample school's shift, are kept."""
        return self.var_dir / "clock.json"

    @property
    def ca_dir(self) -> Path:
        """The folder of the school's certificate authority, its key included."""
        return self.var_dir / "ca"

    @property
    def ca_certificate_path(self) -> Path:
        """The authority's certificate, for devices to trust."""
        return self.var_dir / "ca.pem"

    def last_snapshot_path(self, point: str) -> Path:
        """Where the point named *point* keeps the newest snapshot it had."""
        return self.snapshots_dir / f"{point}.snapshot"
