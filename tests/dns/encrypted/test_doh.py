"""What a request over HTTPS asks for and is told, without any connection."""

import asyncio
from base64 import urlsafe_b64encode

import dns.message
import pytest
from dns_streams import OCTETS, Echo, Names
from dns_world import query, reply_to

from schoolgate_dns.encrypted.doh import (
    DohRequest,
    DohResponse,
    RequestError,
    lifetime_s,
    query_in,
    respond,
)

CLIENT = "127.0.1.10"


def base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def get(text: str) -> DohRequest:
    return DohRequest("GET", f"/dns-query?{text}")


def post(body: bytes, media_type: str = "application/dns-message") -> DohRequest:
    return DohRequest("POST", "/dns-query", media_type, body)


def told(request: DohRequest, answers: Names | Echo | None = None) -> DohResponse:
    return asyncio.run(respond(request, answers or Echo(), CLIENT))


@pytest.mark.parametrize(
    "request_",
    [
        get(f"dns={base64url(OCTETS)}"),
        get(f"other=1&dns={base64url(OCTETS)}&more"),
        get(f"dns={base64url(OCTETS).replace('A', '%41')}"),
        post(OCTETS),
        post(OCTETS, "Application/DNS-Message; charset=x"),
    ],
    ids=["get", "among others", "percent-encoded", "post", "with parameters"],
)
def test_a_query_comes_by_get_and_by_post(request_: DohRequest) -> None:
    assert OCTETS == query_in(request_)


def test_a_query_of_the_greatest_length_comes_both_ways() -> None:
    octets = OCTETS + bytes(4096 - len(OCTETS))

    assert [octets, octets] == [query_in(post(octets)), query_in(get(f"dns={base64url(octets)}"))]


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (404, DohRequest("GET", "/")),
        (404, DohRequest("GET", f"/dns-query/?dns={base64url(OCTETS)}")),
        (405, DohRequest("PUT", "/dns-query", "application/dns-message", OCTETS)),
        (405, DohRequest("HEAD", f"/dns-query?dns={base64url(OCTETS)}")),
        (415, post(OCTETS, "application/json")),
        (415, post(OCTETS, "")),
        (413, post(OCTETS + bytes(4096))),
        (413, get(f"dns={base64url(OCTETS + bytes(4097 - len(OCTETS)))}")),
        (414, get(f"dns={base64url(bytes(6000))}")),
        (400, post(b"short")),
        (400, post(b"")),
        (400, get("")),
        (400, get("dns=")),
        (400, get("dns")),
        (400, get(f"dns={base64url(OCTETS)}&dns={base64url(OCTETS)}")),
        (400, get("dns=" + base64url(OCTETS + b"\xff\xff") + "==")),
        (400, get("dns=" + base64url(b"\xfb\xff" * 12).replace("-", "+"))),
        (400, get("dns=" + base64url(OCTETS)[:20] + "!" + base64url(OCTETS)[20:])),
        (400, get("dns=" + base64url(OCTETS)[:20] + "%0A" + base64url(OCTETS)[20:])),
        (400, get("dns=" + base64url(bytes(12)) + "A")),
        (400, get("dns=é" + base64url(OCTETS))),
    ],
)
def test_what_is_no_query_is_told_so_in_a_line(status: int, request_: DohRequest) -> None:
    with pytest.raises(RequestError) as caught:
        query_in(request_)
    response = caught.value.response

    assert status == response.status
    assert ("content-type", "text/plain") in response.headers
    assert ("content-length", str(len(response.body))) in response.headers
    assert response.body.endswith(b".\n")
    assert len(response.body) < 100


def test_who_asks_with_the_wrong_method_learns_the_right_ones() -> None:
    response = told(DohRequest("DELETE", "/dns-query"))

    assert ("allow", "GET, POST") in response.headers


def test_an_answer_may_be_kept_by_its_client_alone_until_the_first_ttl_is_over() -> None:
    """A proxy that kept it would tell a pupil what it told a teacher."""
    answers = Names({"a.example": ["192.0.2.1", "192.0.2.2"]})
    response = told(post(query("a.example").to_wire()), answers)

    assert 200 == response.status
    assert ("content-type", "application/dns-message") in response.headers
    assert ("cache-control", "private, max-age=240") in response.headers
    assert {CLIENT} == answers.clients
    assert 2 == len(dns.message.from_wire(response.body).answer[0])


@pytest.mark.parametrize(
    ("expected", "records", "authority", "rcode"),
    [
        (60, ["a.example 300 IN A 192.0.2.1", "a.example 60 IN A 192.0.2.2"], [], 0),
        (20, ["a.example 90 IN A 192.0.2.1"], ["example 20 IN NS ns.example."], 0),
        (30, [], ["example 900 IN SOA ns.example. h.example. 1 2 3 4 30"], 3),
        (25, [], ["example 25 IN SOA ns.example. h.example. 1 2 3 4 900"], 0),
        (0, [], [], 0),
        (0, [], [], 2),
        (0, [], ["example 900 IN NS ns.example."], 0),
    ],
)
def test_a_response_lives_as_long_as_what_it_carries(
    expected: int, records: list[str], authority: list[str], rcode: int
) -> None:
    answer = reply_to(OCTETS, *records, authority=authority, rcode=rcode)

    assert expected == lifetime_s(answer.to_wire())


def test_an_answer_that_is_only_a_header_is_not_kept() -> None:
    assert 0 == lifetime_s(OCTETS[:2] + b"\x81\x81" + bytes(8))


def test_what_deserves_silence_is_told_that_it_is_no_query() -> None:
    assert 400 == told(post(query("silent").to_wire())).status


def test_an_answer_is_padded_for_whoever_padded_the_query() -> None:
    octets = query("a.example", pad=128).to_wire()
    answers = Names({"a.example": ["192.0.2.1"]})

    assert 468 == len(told(post(octets), answers).body)
