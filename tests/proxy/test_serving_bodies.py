"""What flows through the real proxy: bodies, WebSockets and headers, held by nobody."""

import base64
import os
from pathlib import Path

import pytest
from local_internet import LocalInternet
from proxy_school import PUPIL
from running_proxy import RunningProxy

MEBIBYTE = 1 << 20


def test_requests_on_one_connection_share_one_to_the_origin(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    before = internet.connections
    with proxy.tunnel(PUPIL) as client:
        assert 200 == client.connect(f"www.parents.example:{internet.https_port}")
        client.start_tls("www.parents.example", proxy.ca)
        host = f"Host: www.parents.example:{internet.https_port}"
        statuses = [client.get(path, host)[0] for path in ("/1", "/talk", "/2", "/3")]

    assert [200, 403, 200, 200] == statuses
    assert 1 == internet.connections - before


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest.mark.parametrize("path", ["/big/128", "/upload", "/talk/upload"])
def test_bodies_stream_and_are_never_held(
    proxy: RunningProxy, internet: LocalInternet, tmp_path: Path, version: str, path: str
) -> None:
    upload = tmp_path / "upload"
    with upload.open("wb") as file:
        os.ftruncate(file.fileno(), 128 * MEBIBYTE)
    body = ["--data-binary", f"@{upload}"] if "upload" in path else []
    proxy.curl(PUPIL, internet.https("www.parents.example/warm"))
    before = proxy.peak_mebibytes

    fetched = proxy.curl(
        PUPIL, internet.https(f"www.parents.example{path}"), version, *body, "-H", "Expect:"
    )

    assert (403 if "talk" in path else 200) == fetched.status
    if path == "/upload":
        assert f"counted {128 * MEBIBYTE}" == fetched.body
    assert proxy.peak_mebibytes - before < 48


def test_a_websocket_passes_after_its_request_was_decided(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    handshake = (
        f"Host: www.parents.example:{internet.https_port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}",
    )
    with proxy.tunnel(PUPIL) as client:
        client.connect(f"www.parents.example:{internet.https_port}")
        client.start_tls("www.parents.example", proxy.ca)
        client.send("\r\n".join(["GET /live HTTP/1.1", *handshake, "", ""]).encode())
        assert b" 101 " in client.read_until(b"\r\n\r\n")
        for text in (b"hello", b"again"):
            client.send(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)
            assert bytes([0x81, len(text)]) + text == client.read(2 + len(text))

    with proxy.tunnel(PUPIL) as client:
        client.connect(f"www.parents.example:{internet.https_port}")
        client.start_tls("www.parents.example", proxy.ca)
        assert 403 == client.get("/talk/live", *handshake)[0]


def test_responses_do_not_lead_round_the_proxy(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    passed = proxy.curl(PUPIL, internet.https("lessons.example/"), trusting=proxy.origin_ca)
    seen_into = proxy.curl(PUPIL, internet.https("www.parents.example/"))

    assert "alt-svc" in passed.headers.lower()
    assert "alt-svc" not in seen_into.headers.lower()


def test_requests_reach_the_origin_as_they_were_sent(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    proxy.curl(PUPIL, internet.https("www.parents.example/x?q='a'"), "-A", "Test", "--http1.1")

    assert "/x?q='a'" == internet.seen[-1].target
    assert {"host", "user-agent", "accept"} == set(internet.seen[-1].headers)


def test_an_answer_to_head_has_no_body(proxy: RunningProxy, internet: LocalInternet) -> None:
    """A body there would be read as the next answer."""
    host = f"Host: www.tiktok.com:{internet.https_port}"
    with proxy.tunnel(PUPIL) as client:
        client.connect(f"www.tiktok.com:{internet.https_port}")
        client.start_tls("www.tiktok.com", proxy.ca)
        client.send(f"HEAD / HTTP/1.1\r\n{host}\r\n\r\n".encode())
        assert b" 403 " in client.read_until(b"\r\n\r\n")
        assert 403 == client.get("/", host)[0]


def test_what_is_meant_for_the_proxy_does_not_reach_the_origin(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    url = f"http://lessons.example:{internet.http_port}/secret"

    assert 200 == proxy.curl(PUPIL, url, "--proxy-user", "me:word", "--proxy-basic").status

    assert {"host", "user-agent", "accept"} == set(internet.seen[-1].headers)


def test_a_body_that_nobody_takes_yet_is_not_held_without_end(
    proxy: RunningProxy, internet: LocalInternet, tmp_path: Path
) -> None:
    internet.silent.add("silent.example")
    upload = tmp_path / "upload"
    with upload.open("wb") as file:
        os.ftruncate(file.fileno(), 256 * MEBIBYTE)
    proxy.curl(PUPIL, f"http://lessons.example:{internet.http_port}/warm")
    before = proxy.peak_mebibytes

    sent = proxy.curl(
        PUPIL, "http://silent.example/", "--data-binary", f"@{upload}", "-H", "Expect:"
    )

    assert 200 != sent.status
    assert proxy.peak_mebibytes - before < 96
