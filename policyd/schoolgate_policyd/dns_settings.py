"""The settings of DNS: where it listens, whom it asks, and its encrypted ways in."""

from pathlib import Path

from schoolgate_policyd.setting_kinds import Address, AtLeastOne, Cidr, Workers, section


@section
class ZoneSettings:
    """A zone whose names, reverse names and updates belong to servers of its own."""

    zone: str
    upstreams: AtLeastOne


@section
class EncryptedDnsSettings:
    """
    DNS over TLS and over HTTPS under the gateway's own *name*.

    *certificate* and *key* are PEM files; devices must trust who signed the certificate.
    *addresses* are the name's, as devices reach it; without any, all that DNS listens at are.
    """

    name: str
    certificate: Path
    key: Path
    tls_port: int = 853
    https_port: int = 443
    addresses: tuple[Address, ...] = ()


@section
class DnsSettings:
    """
    Where DNS listens and whom it asks.

    It listens at *address* and *further_addresses*, on one *port*.
    *upstreams* are `address`, `address:port`, `tls://address#name` or `https://address/path#name`;
    none means the system's resolv.conf. *inspection_addresses* are where the proxy is found, at
    most one of each family; without any, what needs looking into does not exist.
    *permitted_destinations* are private ranges that names outside *zones* lead to all the same.
    *metrics_port* is the first worker's, each further one has the next. *upstream_ca* is a PEM
    file of who may sign encrypted upstreams' certificates, instead of whom the system trusts.
    """

    address: str = "127.0.0.1"
    further_addresses: tuple[Address, ...] = ()
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
