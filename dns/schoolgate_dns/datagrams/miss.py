"""A datagram that nothing finished fits."""

import msgspec

from schoolgate_dns.datagrams.slots import Sender


class Miss(msgspec.Struct, frozen=True, gc=False):
    """A datagram that needs work: *octets* from *sender*, whose packed address is *packed*."""

    octets: bytes
    packed: bytes
    sender: Sender
