"""What a request over HTTPS asks for, and what it is told (RFC 8484)."""

import string
from base64 import urlsafe_b64decode
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import layout, preparse
from schoolgate_dns.messages.layout import Section
from schoolgate_dns.messages.preparse import MAX_QUERY_OCTETS
from schoolgate_dns.messages.record_types import RecordType
from schoolgate_dns.streams.service import Answers
from schoolgate_dns.streams.stream_options import on_connection

PATH: Final = "/dns-query"
MEDIA_TYPE: Final = "application/dns-message"
# A query of the greatest length in base64, and what stands around it.
MAX_TARGET_OCTETS: Final = MAX_QUERY_OCTETS * 4 // 3 + 64
_BASE64URL: Final = frozenset(string.ascii_letters + string.digits + "-_")


class DohRequest(msgspec.Struct, frozen=True):
    """A whole request; *media_type* is its Content-Type as it came."""

    method: str
    target: str
    media_type: str = ""
    body: bytes = b""


class DohResponse(msgspec.Struct, frozen=True):
    """A response; *headers* have names in lower case, and Content-Length among them."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class RequestError(Exception):
    """The request asks for nothing that can be answered; *response* says so."""

    def __init__(self, status: int, text: str, *headers: tuple[str, str]) -> None:
        super().__init__(text)
        self.response = _response(status, f"{text}\n".encode(), "text/plain", *headers)


async def respond(request: DohRequest, answers: Answers, client: str) -> DohResponse:
    """Return what *client* is told. Never raises."""
    try:
        query = query_in(request)
    except RequestError as error:
        return error.response
    answer = await answers.answer(query, client, over_udp=False)
    if answer is None:
        return RequestError(400, "This is no DNS query.").response
    answer = on_connection(query, answer, None, is_encrypted=True)
    # INVARIANT: private. What one person is told, a cache between us must not tell another.
    lifetime = ("cache-control", f"private, max-age={lifetime_s(answer)}")
    return _response(200, answer, MEDIA_TYPE, lifetime)


def query_in(request: DohRequest) -> bytes:
    """Return the message that *request* carries. Raises RequestError."""
    path, _, parameters = request.target.partition("?")
    if path != PATH:
        raise RequestError(404, f"DNS is asked at {PATH}.")
    match request.method:
        case "GET":
            query = _query_of(parameters)
        case "POST":
            if request.media_type.partition(";")[0].strip().lower() != MEDIA_TYPE:
                raise RequestError(415, f"A query is sent as {MEDIA_TYPE}.")
            query = request.body
        case _:
            raise RequestError(405, "Queries come by GET or POST.", ("allow", "GET, POST"))
    if len(query) > MAX_QUERY_OCTETS:
        raise RequestError(413, f"A query has at most {MAX_QUERY_OCTETS} octets.")
    if len(query) < layout.HEADER_OCTETS:
        raise RequestError(400, "This is too short for a DNS query.")
    return query


def _query_of(parameters: str) -> bytes:
    found = [
        value
        for name, separator, value in (each.partition("=") for each in parameters.split("&"))
        if separator and name == "dns"
    ]
    if len(found) != 1:
        raise RequestError(400, f"GET asks {PATH}?dns=, the query in base64url behind it.")
    if len(found[0]) > MAX_TARGET_OCTETS:
        raise RequestError(414, f"A query has at most {MAX_QUERY_OCTETS} octets.")
    text = unquote_to_bytes(found[0]).decode("latin-1")
    try:
        octets = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise RequestError(400, "The query is not base64url.") from error
    # Padding and other alphabets are no base64url here (RFC 8484 section 6), and what the decoder
    # leaves out without a word is refused.
    if not _BASE64URL.issuperset(text) or len(octets) != len(text) * 3 // 4:
        raise RequestError(400, "The query is not base64url without padding.")
    return octets


def lifetime_s(answer: bytes) -> int:
    """
    Return how long *answer* may be kept: its smallest TTL; a negative one's as its SOA says.

    Zero where it says nothing, a failure say (RFC 8484 section 5.1, RFC 2308 section 5).
    """
    try:
        records = preparse.outline_of_reply(answer).records
    except WireError:
        return 0
    ttls = [each.ttl for each in records if each.type != RecordType.OPT]
    if not any(each.section is Section.ANSWER for each in records):
        soa = next((each for each in records if each.type == RecordType.SOA), None)
        if soa is None:
            return 0
        ttls.append(int.from_bytes(answer[soa.rdata_end - 4 : soa.rdata_end]))
    return min(ttls, default=0)


def _response(status: int, body: bytes, media_type: str, *headers: tuple[str, str]) -> DohResponse:
    always = (("content-type", media_type), ("content-length", str(len(body))))
    return DohResponse(status, (*always, *headers), body)
