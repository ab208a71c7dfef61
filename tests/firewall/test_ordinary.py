"""What devices do by themselves is told from what their users do, by the list of exceptions."""

import dataclasses
from pathlib import Path

import pytest

from schoolgate_firewall.exceptions import FixedException
from schoolgate_firewall.ordinary import OrdinaryPorts, ordinary_ports
from schoolgate_policyd.config import Settings
from schoolgate_policyd.firewall_settings import Transport
from schoolgate_policyd.netfilter.log import Logged


def logged(protocol: int, port: int | None) -> Logged:
    return Logged("other-port", 3, bytes(6), bytes(4), bytes(4), protocol, 50_000, port)


PORTS = OrdinaryPorts(
    (
        FixedException("time", "Clocks are set.", Transport.UDP, (123,)),
        FixedException("push", "Messages come in.", Transport.TCP, (5223, 443)),
    )
)


@pytest.mark.parametrize(
    ("protocol", "port", "is_ordinary"),
    [
        (17, 123, True),
        (6, 123, False),
        (6, 5223, True),
        # An address of the web that nobody asked for is the very thing that is looked for.
        (6, 443, False),
        (47, None, False),
    ],
)
def test_ports_of_exceptions_are_ordinary_but_the_webs(
    protocol: int, port: int | None, *, is_ordinary: bool
) -> None:
    assert is_ordinary is PORTS.has(logged(protocol, port))


def test_the_shipped_exceptions_have_devices_set_their_clocks() -> None:
    assert ordinary_ports(Settings()).has(logged(17, 123))


def test_without_the_file_nothing_is_ordinary(tmp_path: Path) -> None:
    settings = dataclasses.replace(Settings(), rules_dir=tmp_path)

    assert not ordinary_ports(settings).has(logged(17, 123))
