"""Names that ask about the network are answered alike for everybody."""

import dns.rcode
import pytest
from dns_asked import EVERY_TYPE, asked_for, read_back
from dns_world import World

from schoolgate_dns.stages.canary import CANARIES, answer_canary


@pytest.mark.parametrize(
    "name",
    [
        "use-application-dns.net",
        "Use-Application-DNS.net",
        "mask.icloud.com",
        "mask-h2.icloud.com",
        "mask.apple-dns.net",
    ],
)
@pytest.mark.parametrize("type_", EVERY_TYPE)
def test_a_canary_does_not_exist_for_any_type(name: str, type_: str) -> None:
    outcome = answer_canary(asked_for(name, type_).query)

    assert outcome is not None
    message = read_back(outcome)
    assert (dns.rcode.NXDOMAIN, []) == (message.rcode(), message.answer)
    assert (60, 3600, ()) == (message.authority[0].ttl, outcome.lasts_s, outcome.ttls)


@pytest.mark.parametrize(
    "name", ["icloud.com", "www.icloud.com", "x.mask.icloud.com", "mask.icloud.com.evil.example"]
)
def test_other_names_are_no_canaries(name: str) -> None:
    assert answer_canary(asked_for(name).query) is None


@pytest.mark.parametrize("name", sorted(CANARIES))
def test_what_a_device_asks_by_itself_accuses_nobody(name: str) -> None:
    world = World()

    assert dns.rcode.NXDOMAIN == world.ask("127.0.1.10", name).rcode()
    world.recording.stop()
    assert ([], [], []) == (world.events, world.lines, world.resolver.asked)
