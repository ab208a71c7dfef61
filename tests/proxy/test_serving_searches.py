"""Safe search through the real proxy: whose searches are fetched from where."""

import pytest
from local_internet import ORIGIN, LocalInternet
from proxy_school import PUPIL, STAFF, UNKNOWN, VISITOR
from running_proxy import RunningProxy

SEARCH, SAFE = "www.finder.example", "safe.finder.example"
NOBODY_THERE = "127.20.0.99"


@pytest.fixture(autouse=True)
def searches(internet: LocalInternet) -> None:
    """Only the name that filters leads to somebody."""
    internet.addresses |= {SEARCH: NOBODY_THERE, SAFE: ORIGIN}


@pytest.mark.parametrize("client", [PUPIL, VISITOR, UNKNOWN])
def test_a_search_is_fetched_from_the_name_that_filters_it(
    proxy: RunningProxy, internet: LocalInternet, client: str
) -> None:
    plain = proxy.curl(client, f"http://{SEARCH}:{internet.http_port}/q")
    passed = proxy.curl(client, internet.https(f"{SEARCH}/q"), trusting=proxy.origin_ca)

    # The origin is asked under the name that was typed.
    assert (200, f"{SEARCH}:{internet.http_port} says /q") == (plain.status, plain.body)
    assert 200 == passed.connect_status


def test_staffs_search_is_fetched_from_its_own_name(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    assert 502 == proxy.curl(STAFF, f"http://{SEARCH}:{internet.http_port}/q").status
