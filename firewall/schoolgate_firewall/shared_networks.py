"""The addresses of shared content networks, which prove no name: `shared-networks.yaml`."""

from dataclasses import dataclass
from pathlib import Path

from schoolgate_firewall.ranges import IpRange, joined
from schoolgate_firewall.rule_data import FOLDER, ip_ranges, read_file
from schoolgate_policyd.rulefiles.fields import Reader, mapping, only_list, text
from schoolgate_policyd.rulefiles.folders import Definitions
from schoolgate_policyd.rulefiles.mistakes import MistakeBook
from schoolgate_policyd.rulefiles.nodes import Node

FILE = "shared-networks.yaml"


@dataclass(frozen=True, slots=True)
class SharedNetwork:
    """A provider's addresses of both families; *source* and *date* say where they are from."""

    id: str
    name: str
    source: str
    date: str
    ranges: tuple[IpRange, ...]


@dataclass(frozen=True, slots=True)
class SharedNetworks:
    """Every provider whose addresses are shared by many names."""

    networks: tuple[SharedNetwork, ...] = ()

    def ranges(self, version: int) -> tuple[IpRange, ...]:
        """Return all ranges of IP *version*, sorted, none within another."""
        return joined((each for network in self.networks for each in network.ranges), version)


def load_shared_networks(rules_dir: Path) -> SharedNetworks:
    """Return what stands in *rules_dir*. Raises RuleFileErrors, which names every mistake."""
    read = only_list("the list of shared networks", "shared_networks", _network(Definitions()))
    return SharedNetworks(read_file(rules_dir / FOLDER / FILE, read))


def _network(definitions: Definitions) -> Reader[SharedNetwork]:
    def read(node: Node, book: MistakeBook) -> SharedNetwork | None:
        keys = ("id", "name", "source", "date", "ipv4", "ipv6")
        entries = mapping("a shared network", node, keys, book)
        if entries is None:
            return None
        id_ = entries.required("id", definitions.defining("shared network"))
        name = entries.required("name", text)
        source = entries.required("source", text)
        date = entries.required("date", text)
        # Both: a provider that were shared over IPv4 alone would be a way round over IPv6.
        ipv4 = entries.required("ipv4", ip_ranges(4))
        ipv6 = entries.required("ipv6", ip_ranges(6))
        if id_ is None or name is None or source is None or date is None:
            return None
        return SharedNetwork(id_, name, source, date, (*(ipv4 or ()), *(ipv6 or ())))

    return read
