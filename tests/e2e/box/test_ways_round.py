"""
Every way round works where there is no gateway, and fails where there is one.

What cannot be stopped stands in the table of probes as reached, and in docs/limits.md in words.
"""

from collections.abc import Callable

import pytest
from box_clients import Got
from box_probes import LIMITS, PROBES, Probe

type Tried = Callable[[str, str, int], Got]

AT_SCHOOL = ("pupil", "staff", "guest")
ROWS = [
    pytest.param(probe.name, family, id=f"{probe.name}-{family}")
    for probe in PROBES
    for family in probe.families
]
BY_NAME = {probe.name: probe for probe in PROBES}


@pytest.mark.parametrize(("name", "family"), ROWS)
def test_without_the_gateway_it_works(tried: Tried, name: str, family: int) -> None:
    assert Got.REACHED == tried(name, "home", family)


@pytest.mark.parametrize("who", AT_SCHOOL)
@pytest.mark.parametrize(("name", "family"), ROWS)
def test_with_the_gateway_it_comes_to_what_is_said_of_it(
    tried: Tried, name: str, family: int, who: str
) -> None:
    assert BY_NAME[name].expected(who) == tried(name, who, family)


@pytest.mark.parametrize("who", AT_SCHOOL)
def test_every_probe_comes_to_the_same_over_both_families(tried: Tried, who: str) -> None:
    both = [probe.name for probe in PROBES if probe.families == (4, 6)]

    assert [(name, tried(name, who, 4)) for name in both] == [
        (name, tried(name, who, 6)) for name in both
    ]
    assert len(both) >= 18


@pytest.mark.parametrize("who", AT_SCHOOL)
@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
def test_what_is_said_not_to_be_stopped_is_not(
    tried: Tried, limit: Probe, family: int, who: str
) -> None:
    assert limit.expected(who) == tried(limit.name, who, family)
