"""The settings of the gateway's firewall; see `settings`."""

from enum import StrEnum

from schoolgate_policyd.setting_kinds import Cidr, Interfaces, Port, section


class FirewallMode(StrEnum):
    """Whether what no answer led to is refused, or recorded alone."""

    ENFORCE = "enforce"
    WATCH = "watch"


class Transport(StrEnum):
    """What an exception's ports are of."""

    TCP = "tcp"
    UDP = "udp"


@section
class ExceptionSettings:
    """
    A connection that one of the school's own systems needs, with the reason *why*.

    From *sources*, or from everywhere inside without any, to *ports* at *to*, which may be inside
    as well; without any, at what DNS told the device. With *trusted_only* whoever is closely
    filtered has no use of it.
    """

    id: str
    why: str
    protocol: Transport
    ports: tuple[Port, ...]
    to: tuple[Cidr, ...] = ()
    sources: tuple[Cidr, ...] = ()
    trusted_only: bool = False


@section
class FirewallSettings:
    """
    The gateway's firewall, which holds devices to what DNS told them.

    *inside* and *outside* are interfaces towards the school and towards the internet.
    *administration* are the ranges from which the gateway is reached by SSH at *ssh_port*. With
    *masquerade* IPv4 leaves with the gateway's own address. *exceptions* stand beside those that
    every school has (`rules/firewall/exceptions.yaml`).
    """

    inside: Interfaces
    outside: Interfaces
    mode: FirewallMode = FirewallMode.ENFORCE
    administration: tuple[Cidr, ...] = ()
    ssh_port: int = 22
    masquerade: bool = True
    exceptions: tuple[ExceptionSettings, ...] = ()
