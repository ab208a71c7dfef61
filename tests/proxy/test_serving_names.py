"""Names in other scripts, as clients write them on the wire, through the real proxy."""

import pytest
from local_internet import ORIGIN, LocalInternet
from proxy_school import PUPIL
from running_proxy import RunningProxy


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_name_in_another_script_opens_like_any_other(
    proxy: RunningProxy, internet: LocalInternet, version: str
) -> None:
    name = "xn--bcher-kva.example"
    internet.addresses[name] = ORIGIN
    plain = proxy.curl(PUPIL, f"http://{name}:{internet.http_port}/a", version)
    passed = proxy.curl(PUPIL, internet.https(f"{name}/a"), version, trusting=proxy.origin_ca)

    assert (200, f"{name}:{internet.http_port} says /a") == (plain.status, plain.body)
    assert 200 == passed.connect_status


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_name_in_another_script_is_blocked_like_any_other(
    proxy: RunningProxy, internet: LocalInternet, version: str
) -> None:
    name = "xn--bcher-kva.tiktok.com"

    plain = proxy.curl(PUPIL, f"http://{name}:{internet.http_port}/a", version)
    inspected = proxy.curl(PUPIL, internet.https(f"{name}/a"), version)

    assert (403, 403) == (plain.status, inspected.status)
    assert f"{name}:{internet.https_port}/a" in inspected.body
