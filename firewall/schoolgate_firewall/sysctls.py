"""What the kernel must be told for a machine to be the gateway."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from schoolgate_firewall.errors import RulesetError
from schoolgate_policyd.firewall_settings import FirewallSettings

SYSCTLS = Path("/proc/sys")


@dataclass(frozen=True, slots=True)
class Sysctl:
    """One of the kernel's settings, by its path below `/proc/sys`."""

    path: str
    value: str


def protections(firewall: FirewallSettings) -> tuple[Sysctl, ...]:
    """
    Return what holds before anything passes through.

    Nobody redirects the gateway or has it redirect others, no sender chooses the way of a packet,
    no device inside gives the gateway a route, and nothing that comes by a wire is from or to
    127.0.0.0/8.
    """
    return (
        *_for_all(),
        *(each for name in firewall.inside for each in _for_inside(name)),
        *(each for name in firewall.outside for each in _for_outside(name)),
    )


def forwarding() -> tuple[Sysctl, ...]:
    """Return what makes a router of a machine."""
    return (Sysctl("net/ipv4/ip_forward", "1"), Sysctl("net/ipv6/conf/all/forwarding", "1"))


def _for_all() -> Iterator[Sysctl]:
    for name in ("all", "default"):
        yield Sysctl(f"net/ipv4/conf/{name}/accept_redirects", "0")
        yield Sysctl(f"net/ipv4/conf/{name}/send_redirects", "0")
        yield Sysctl(f"net/ipv4/conf/{name}/accept_source_route", "0")
        yield Sysctl(f"net/ipv4/conf/{name}/route_localnet", "0")
        yield Sysctl(f"net/ipv6/conf/{name}/accept_redirects", "0")
        yield Sysctl(f"net/ipv6/conf/{name}/accept_source_route", "0")


def _for_inside(name: str) -> Iterator[Sysctl]:
    yield from _for_one(name)
    # A sender's address must be of its link (RFC 3704); for IPv6 the ruleset asks.
    yield Sysctl(f"net/ipv4/conf/{name}/rp_filter", "1")
    yield Sysctl(f"net/ipv6/conf/{name}/accept_ra", "0")


def _for_outside(name: str) -> Iterator[Sysctl]:
    yield from _for_one(name)
    # Loosely: a school may have two lines to the internet.
    yield Sysctl(f"net/ipv4/conf/{name}/rp_filter", "2")
    # 2: although it forwards. Without that its IPv6 route goes when forwarding comes.
    yield Sysctl(f"net/ipv6/conf/{name}/accept_ra", "2")


def _for_one(name: str) -> Iterator[Sysctl]:
    # Either this or the one for all would do to let it in.
    yield Sysctl(f"net/ipv4/conf/{name}/route_localnet", "0")
    yield Sysctl(f"net/ipv4/conf/{name}/send_redirects", "0")
    yield Sysctl(f"net/ipv4/conf/{name}/accept_redirects", "0")
    yield Sysctl(f"net/ipv6/conf/{name}/accept_redirects", "0")


def write(sysctls: tuple[Sysctl, ...], root: Path = SYSCTLS) -> None:
    """
    Write *sysctls*; those of interfaces that are not there yet are left out.

    Raises RulesetError, which names the first that cannot be written.
    """
    for each in sysctls:
        path = root / each.path
        try:
            if path.read_text(encoding="ascii").strip() != each.value:
                path.write_text(each.value, encoding="ascii")
        except FileNotFoundError:
            continue
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            message = f"{path}: cannot be set to {each.value}: {reason}: run this as root"
            raise RulesetError(f"{message}, outside of a container") from error
