"""What ordinary programs ask is never taken for a tunnel, however strange its names look."""

from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import merge

import pytest
from dns_ordinary import FAMILIES, Ordinary
from dns_tunnels import Sent, asked
from publicsuffixlist import PublicSuffixList

from schoolgate_dns.stages.tunnel import Tunnels
from schoolgate_dns.tunnels.lookup_services import look_up_parents
from schoolgate_dns.tunnels.passage import Stopped

ANSWERS_LAST_S = 60


def misses(stream: Iterable[Sent]) -> Iterator[Sent]:
    """What of *stream* comes to the stage: the rest has its answer from the last minute."""
    held: dict[tuple[str, int], float] = {}
    for sent in stream:
        key = (sent.name, sent.type)
        if sent.at_s >= held.get(key, 0):
            held[key] = sent.at_s + ANSWERS_LAST_S
            yield sent


def alarms_of(stream: Iterable[Sent]) -> Counter[str]:
    """Return how often which parent was closed."""
    tunnels = Tunnels()
    alarms = Counter[str]()
    for number, sent in enumerate(misses(stream)):
        told = asked(sent.name, sent.type)
        passage = tunnels.ask(told, sent.at_s)
        if isinstance(passage, Stopped):
            alarms[f"{passage.parent.text}: {passage.evidence}"] += 1
        else:
            tunnels.answered(passage, sent.answer_octets, sent.at_s)
        if number % 5_000 == 0:
            tunnels.tick(sent.at_s)
    return alarms


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_of_ordinary_names_raises_no_alarm(family: str) -> None:
    stream = list(getattr(Ordinary(5), family)())

    assert {} == alarms_of(stream)
    assert len(stream) > 300


def test_all_of_them_at_once_from_one_address_raise_none() -> None:
    """A router with NAT, or a domain controller, in front of everything."""
    streams = (getattr(Ordinary(6), family)() for family in FAMILIES)

    assert {} == alarms_of(merge(*streams))


def test_every_known_look_up_service_is_a_parent_as_tunnels_are_counted() -> None:
    suffixes = PublicSuffixList(only_icann=False)

    assert [] == sorted(each for each in look_up_parents() if each != suffixes.privatesuffix(each))
