"""As many open files as the system allows, and no more than are wanted."""

import resource
from collections.abc import Iterator

import pytest

from schoolgate_dns.process.file_limit import raise_file_limit


@pytest.fixture(autouse=True)
def limits() -> Iterator[tuple[int, int]]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_limit_below_what_is_wanted_is_raised_to_it() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))

    assert 600 == raise_file_limit(600)
    assert (600, hard) == resource.getrlimit(resource.RLIMIT_NOFILE)


def test_a_limit_above_what_is_wanted_stays() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))

    assert 512 == raise_file_limit(256)
    assert (512, hard) == resource.getrlimit(resource.RLIMIT_NOFILE)


def test_what_the_system_does_not_allow_is_not_tried() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        pytest.skip("this system has no limit")

    assert hard == raise_file_limit(hard + 1)
    assert soft <= resource.getrlimit(resource.RLIMIT_NOFILE)[0]
