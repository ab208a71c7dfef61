"""
A client's query as a value.

It goes by with its answer, so it is a class that mypyc compiles: what is kept are its parts.
"""

from typing import Final

from schoolgate_dns.messages.values import Lookup
from schoolgate_dns.native import mypyc_attr
from schoolgate_policyd.core.names import DomainName


@mypyc_attr(acyclic=True)
class Edns:
    """What a client said in its OPT record; *has_options* that it said more than this."""

    __slots__ = ("dnssec_ok", "has_options", "udp_octets", "version")

    def __init__(
        self, udp_octets: int, version: int, *, dnssec_ok: bool, has_options: bool = False
    ) -> None:
        self.udp_octets: Final = udp_octets
        self.version: Final = version
        self.dnssec_ok: Final = dnssec_ok
        self.has_options: Final = has_options


@mypyc_attr(acyclic=True)
class Query:
    """
    A client's well-formed query, its id left out.

    *question* is the question's octets as asked, capitals included; *flags* are the header's.
    """

    __slots__ = ("edns", "flags", "lookup", "name", "question", "question_class", "type")

    def __init__(
        self,
        name: DomainName,
        type_: int,
        question_class: int,
        question: bytes,
        lookup: Lookup,
        *,
        flags: int,
        edns: Edns | None = None,
    ) -> None:
        self.name: Final = name
        self.type: Final = type_
        self.question_class: Final = question_class
        self.question: Final = question
        self.lookup: Final = lookup
        self.flags: Final = flags
        self.edns: Final = edns
