"""The OPT record that this point adds to what it says (RFC 6891 section 6.1, RFC 8914)."""

import struct
from typing import Final

from schoolgate_dns.messages import ExtendedError
from schoolgate_dns.messages.record_types import RecordType

UDP_OCTETS: Final = 1232  # what passes every path without fragments (DNS flag day 2020)
DNSSEC_OK: Final = 0x8000
MAX_EXTRA_TEXT_OCTETS: Final = 200

EXTENDED_ERROR_OPTION: Final = 15


def opt_record(
    *, dnssec_ok: bool, extended_rcode: int = 0, why: ExtendedError | None = None
) -> bytes:
    """Return the record; *extended_rcode* is the response code's upper eight bits."""
    options = b"" if why is None else _option_of(why)
    ttl = extended_rcode << 24 | DNSSEC_OK * dnssec_ok
    return struct.pack(">BHHIH", 0, RecordType.OPT, UDP_OCTETS, ttl, len(options)) + options


def _option_of(why: ExtendedError) -> bytes:
    # Cut between characters, never inside one.
    text = why.text.encode()[:MAX_EXTRA_TEXT_OCTETS].decode(errors="ignore").encode()
    return struct.pack(">HHH", EXTENDED_ERROR_OPTION, 2 + len(text), why.code) + text
