"""
EDNS options that only make sense on a connection: keepalive (RFC 7828) and padding (RFC 7830).

They are put into messages that are otherwise finished, whose OPT record stands last. One that has
none, or has a signature behind it, stays as it is.
"""

import struct
from typing import Final

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import preparse
from schoolgate_dns.messages.layout import Record
from schoolgate_dns.messages.preparse import MAX_REPLY_OCTETS
from schoolgate_dns.messages.record_types import RecordType

KEEPALIVE: Final = 11
PADDING: Final = 12
# RFC 8467 section 4.1: what hides most and costs least.
QUERY_BLOCK_OCTETS: Final = 128
ANSWER_BLOCK_OCTETS: Final = 468

_OPTION: Final = struct.Struct(">HH")


def asked_options(query: bytes) -> frozenset[int]:
    """Return the codes of the options in *query*; none where it is malformed."""
    # Most queries have neither option, and then nothing needs to be walked.
    if not any(_OPTION.pack(code, 0)[:2] in query for code in (KEEPALIVE, PADDING)):
        return frozenset()
    try:
        opt = _opt_of(query)
    except WireError:
        return frozenset()
    codes: set[int] = set()
    at = 0 if opt is None else opt.rdata_at
    while opt is not None and at < opt.rdata_end:
        code, octets = _OPTION.unpack_from(query, at)
        codes.add(code)
        at += _OPTION.size + octets
    return frozenset(codes)


def with_option(message: bytes, code: int, contents: bytes) -> bytes:
    """Return *message* with one more option. Raises WireError if it is malformed."""
    opt = _opt_of(message)
    longer = len(message) + _OPTION.size + len(contents)
    if opt is None or opt.rdata_end != len(message) or longer > MAX_REPLY_OCTETS:
        return message
    octets_at = opt.rdata_at - 2
    octets = opt.rdata_end - opt.rdata_at + _OPTION.size + len(contents)
    return b"".join(
        (
            message[:octets_at],
            octets.to_bytes(2),
            message[opt.rdata_at :],
            _OPTION.pack(code, len(contents)),
            contents,
        )
    )


def padded(message: bytes, block_octets: int) -> bytes:
    """Return *message* at the next multiple of *block_octets*. Raises WireError as above."""
    return with_option(message, PADDING, bytes(-(len(message) + _OPTION.size) % block_octets))


def on_connection(
    query: bytes, answer: bytes, idle_s: float | None, *, is_encrypted: bool
) -> bytes:
    """
    Return *answer* with what *query* asked for and the connection allows.

    The client may keep the connection open for *idle_s*; None where that is told otherwise.
    """
    codes = asked_options(query)
    try:
        if idle_s is not None and KEEPALIVE in codes:
            # In units of 100 milliseconds.
            answer = with_option(answer, KEEPALIVE, min(int(idle_s * 10), 0xFFFF).to_bytes(2))
        # Only on an encrypted connection does padding hide anything.
        if is_encrypted and PADDING in codes:
            answer = padded(answer, ANSWER_BLOCK_OCTETS)
    except WireError:
        # A mere header, say, which refuses an opcode: there is no OPT record to put them into.
        return answer
    return answer


def _opt_of(message: bytes) -> Record | None:
    outline = preparse.outline_of_reply(message)
    return next((each for each in outline.records if each.type == RecordType.OPT), None)
