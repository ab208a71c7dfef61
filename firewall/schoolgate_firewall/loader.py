"""
Putting the ruleset into force, in one step, and the machine's addresses and settings with it.

INVARIANT: nothing is forwarded that no ruleset has judged. What cannot be loaded leaves what was
loaded before, and that is the closed ruleset at the least.
"""

from pathlib import Path

from schoolgate_firewall.errors import RulesetError
from schoolgate_firewall.exceptions import load_exceptions
from schoolgate_firewall.packet_filter import PacketFilter, run_program, shortened
from schoolgate_firewall.ruleset import boot_ruleset, ruleset_of, schema_of
from schoolgate_firewall.ruleset.plan import inspection_address
from schoolgate_firewall.shared_networks import load_shared_networks
from schoolgate_firewall.sysctls import SYSCTLS, forwarding, protections, write
from schoolgate_policyd.netfilter.names import TABLE
from schoolgate_policyd.settings import Settings

# In the same transaction, so that there is no moment without a table.
_INSTEAD = f"table inet {TABLE}\ndelete table inet {TABLE}\n"


def ruleset_for(settings: Settings) -> str:
    """Return the ruleset of *settings* and their rules folder. Raises SchoolgateError."""
    return ruleset_of(
        settings,
        load_shared_networks(settings.rules_dir),
        load_exceptions(settings.rules_dir),
    )


def check(settings: Settings, packet_filter: PacketFilter | None = None) -> None:
    """Try whether the ruleset could be loaded now. Raises SchoolgateError, with nft's words."""
    using = packet_filter or PacketFilter()
    using.check(_over_what_stands(ruleset_for(settings), using))


def load(
    settings: Settings, packet_filter: PacketFilter | None = None, sysctls: Path = SYSCTLS
) -> None:
    """
    Put the ruleset into force, with the inspection addresses and the kernel's settings.

    Ways, clients and counts stay. Raises SchoolgateError; then the rules are those from before.
    """
    using = packet_filter or PacketFilter()
    ruleset = _over_what_stands(ruleset_for(settings), using)
    using.check(ruleset)
    firewall = settings.firewall
    assert firewall is not None  # noqa: S101 - no ruleset is made without one
    write(protections(firewall), sysctls)
    _put_inspection_addresses(settings)
    using.load(ruleset)
    # Last: a machine that forwards before it has rules would be an open door.
    write(forwarding(), sysctls)


def close(packet_filter: PacketFilter | None = None) -> None:
    """Put the closed ruleset into force. Raises RulesetError."""
    (packet_filter or PacketFilter()).load(boot_ruleset())


def _over_what_stands(ruleset: str, using: PacketFilter) -> str:
    """Return what loads *ruleset*: over one with the same sets and chains, else in its place."""
    return ruleset if using.has_set(schema_of(ruleset)) else _INSTEAD + ruleset


def _put_inspection_addresses(settings: Settings) -> None:
    # `nodad`: DNS and the proxy can bind it at once, on a loopback that nobody else is on.
    for version, length, *flags in ((4, 32), (6, 128, "nodad")):
        address = f"{inspection_address(settings, version)}/{length}"
        done = run_program("ip", "address", "replace", address, "dev", "lo", *map(str, flags))
        if done.returncode != 0:
            message = f"{address}: cannot be put on the loopback: {shortened(done.stderr)}"
            raise RulesetError(f"{message}: run this as root")
