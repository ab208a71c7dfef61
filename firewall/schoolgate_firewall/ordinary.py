"""
What devices do by themselves: ports of the fixed exceptions, to whatever address.

A device asks the time servers that it was made with, by their addresses. Where a school lets
others be asked the time, that is refused and is nobody's attempt to get round the filter.
"""

from collections.abc import Iterable

import structlog

from schoolgate_firewall.exceptions import FixedException, load_exceptions
from schoolgate_policyd.firewall_settings import Transport
from schoolgate_policyd.netfilter.log import Logged
from schoolgate_policyd.rulefiles.mistakes import RuleFileErrors
from schoolgate_policyd.settings import (
    Settings,
)

# A hard-coded address for the web is the very thing that is looked for.
_WEB_PORTS = frozenset({80, 443})
_NUMBERS = {Transport.TCP: 6, Transport.UDP: 17}

log = structlog.get_logger(__name__)


class OrdinaryPorts:
    """The transports and ports of *exceptions*, those of the web left out."""

    def __init__(self, exceptions: Iterable[FixedException]) -> None:
        self._ports = frozenset(
            (_NUMBERS[each.protocol], port)
            for each in exceptions
            for port in each.ports
            if port not in _WEB_PORTS
        )

    def has(self, logged: Logged) -> bool:
        """Whether a device does by itself what was *logged*."""
        return (logged.protocol, logged.destination_port) in self._ports


def ordinary_ports(settings: Settings) -> OrdinaryPorts:
    """Return those that every school has; none where the file cannot be read."""
    try:
        return OrdinaryPorts(load_exceptions(settings.rules_dir).exceptions)
    except RuleFileErrors as errors:
        # More is taken for an attempt than is one, which a person will see.
        log.error("exceptions unreadable", mistakes=len(errors.mistakes))  # noqa: TRY400 - the loader lists them
        return OrdinaryPorts(())
