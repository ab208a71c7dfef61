"""Where names stand in the data of the record types that hold any."""

from typing import Final

from schoolgate_dns.messages.record_types import RecordType

# How many octets stand before the names in a type's data, how many names follow, and how many
# octets stand after them; None is any number.
SHAPES: Final[dict[int, tuple[int, int, int | None]]] = {
    RecordType.A: (4, 0, 0),
    RecordType.AAAA: (16, 0, 0),
    RecordType.NS: (0, 1, 0),
    RecordType.CNAME: (0, 1, 0),
    RecordType.PTR: (0, 1, 0),
    RecordType.DNAME: (0, 1, 0),
    RecordType.SOA: (0, 2, 20),
    RecordType.MX: (2, 1, 0),
    RecordType.SRV: (6, 1, 0),
    RecordType.SVCB: (2, 1, None),
    RecordType.HTTPS: (2, 1, None),
    RecordType.RP: (0, 2, 0),
    RecordType.AFSDB: (2, 1, 0),
    RecordType.MD: (0, 1, 0),
    RecordType.MF: (0, 1, 0),
    RecordType.MB: (0, 1, 0),
    RecordType.MG: (0, 1, 0),
    RecordType.MR: (0, 1, 0),
    RecordType.MINFO: (0, 2, 0),
    RecordType.RT: (2, 1, 0),
    RecordType.RRSIG: (18, 1, None),
    RecordType.NSEC: (0, 1, None),
}
