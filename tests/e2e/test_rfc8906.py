"""
The queries of RFC 8906 section 8, as it writes them for dig, and what it expects of the answers.

The RFC tests whoever holds a zone. What it expects of that alone, the flag `aa`, is not expected
of a point that asks others: there `ra` stands instead.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tree_point import point_before
from zone_upstream import Records, ZoneUpstream

ZONE = "zone.branch"
STAFF = "127.0.2.10"
RECORDS: Records = {
    (ZONE, "SOA"): (f"ns.{ZONE}. hostmaster.{ZONE}. 1 3600 600 86400 300",),
    (ZONE, "DNSKEY"): tuple(f"256 3 8 AwEAA{letter * 339}" for letter in "BCDE"),
}
PLAIN = "+noedns +noad +norec"
EDNS = "+nocookie +edns=0 +noad +norec"
NEXT_EDNS = "+nocookie +edns=1 +noednsneg +noad +norec"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with (
        tempfile.TemporaryDirectory(prefix="sg-", dir="/tmp") as folder,
        ZoneUpstream(dict(RECORDS)) as upstream,
        point_before(upstream.port, Path(folder)) as port,
    ):
        yield port


@dataclass(frozen=True)
class Told:
    """What dig says of an answer."""

    text: str

    @property
    def status(self) -> str:
        return self._found(r"status: (\w+),")

    @property
    def opcode(self) -> str:
        return self._found(r"opcode: (\w+),")

    @property
    def flags(self) -> set[str]:
        return set(self._found(r";; flags:([^;]*);").split())

    @property
    def must_be_zero(self) -> bool:
        """Whether a reserved bit is set, of the header or of EDNS."""
        return "MBZ" in self.text

    @property
    def has_soa(self) -> bool:
        return re.search(rf"^{ZONE}\.\s+\d+\s+IN\s+SOA\s", self.text, re.MULTILINE) is not None

    @property
    def edns(self) -> str | None:
        """Version and flags of OPT, None without it."""
        found = re.search(r"; EDNS: version: (\d+), flags:([^;]*);", self.text)
        return found and f"{found[1]}{found[2]}"

    def _found(self, pattern: str) -> str:
        found = re.search(pattern, self.text)
        assert found is not None, self.text
        return found[1]


def dig(port: int, options: str) -> Told:
    command = ("dig", "-b", STAFF, "@127.0.0.1", "-p", str(port), "+tries=1", "+time=5")
    told = subprocess.run(
        [*command, *options.split()], capture_output=True, text=True, check=False
    )
    assert "no servers could be reached" not in told.stdout, options
    return Told(told.stdout)


@pytest.mark.parametrize(
    ("section", "options"),
    [
        ("8.1.1", f"{PLAIN} soa {ZONE}"),
        ("8.1.3.1", f"{PLAIN} +cd soa {ZONE}"),
        ("8.1.3.2", f"+noedns +norec +ad soa {ZONE}"),
        ("8.1.3.3", f"{PLAIN} +zflag soa {ZONE}"),
        ("8.1.3.4", f"+noedns +noad +rec soa {ZONE}"),
        ("8.1.5", f"{PLAIN} +tcp soa {ZONE}"),
    ],
)
def test_a_plain_query_has_its_records_whatever_its_header_bits(
    port: int, section: str, options: str
) -> None:
    told = dig(port, options)

    assert "NOERROR" == told.status, section
    assert told.has_soa
    assert {"qr", "ra"} <= told.flags
    assert not {"aa", "ad", "tc"} & told.flags
    assert ("rd" in told.flags) is ("+rec" in options)
    assert ("cd" in told.flags) is ("+cd" in options)
    assert not told.must_be_zero
    assert told.edns is None


def test_8_1_2_an_unknown_type_is_asked_for_like_any(port: int) -> None:
    told = dig(port, f"{PLAIN} type1000 {ZONE}")

    assert "NOERROR" == told.status
    assert "ANSWER: 0" in told.text
    assert told.edns is None


def test_8_1_4_an_unknown_opcode_is_not_implemented(port: int) -> None:
    told = dig(port, "+noedns +noad +opcode=15 +norec +header-only")

    assert ("NOTIMP", "RESERVED15") == (told.status, told.opcode)
    assert "QUERY: 0, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: 0" in told.text
    assert not {"aa", "ad", "rd"} & told.flags
    assert told.edns is None


@pytest.mark.parametrize(
    ("section", "options", "edns"),
    [
        ("8.2.1", f"{EDNS} soa {ZONE}", "0"),
        ("8.2.3", f"{EDNS} +ednsopt=100 soa {ZONE}", "0"),
        ("8.2.4", f"{EDNS} +ednsflags=0x40 soa {ZONE}", "0"),
        ("8.2.8", f"{EDNS} +dnssec soa {ZONE}", "0 do"),
        (
            "8.2.10",
            f"+edns=0 +noad +norec +cookie +nsid +expire +subnet=0.0.0.0/0 soa {ZONE}",
            "0",
        ),
        ("cookies alone", f"+edns=0 +noad +norec +cookie soa {ZONE}", "0"),
        ("a client's subnet", f"{EDNS} +subnet=192.0.2.0/24 soa {ZONE}", "0"),
        ("EDNS over TCP", f"{EDNS} +tcp +dnssec soa {ZONE}", "0 do"),
    ],
)
def test_edns_is_answered_with_edns_and_what_is_unknown_is_not_repeated(
    port: int, section: str, options: str, edns: str
) -> None:
    told = dig(port, options)

    assert "NOERROR" == told.status, section
    assert told.has_soa
    assert edns == told.edns
    assert not told.must_be_zero
    assert not re.search(r"OPT=100|COOKIE|CLIENT-SUBNET|NSID|EXPIRE", told.text)


@pytest.mark.parametrize(
    ("section", "options", "edns"),
    [
        ("8.2.2", f"{NEXT_EDNS} soa {ZONE}", "0"),
        ("8.2.5", f"{NEXT_EDNS} +ednsflags=0x40 soa {ZONE}", "0"),
        ("8.2.6", f"{NEXT_EDNS} +ednsopt=100 soa {ZONE}", "0"),
        ("8.2.9", f"{NEXT_EDNS} +dnssec soa {ZONE}", "0 do"),
    ],
)
def test_another_version_of_edns_is_told_which_one_we_know(
    port: int, section: str, options: str, edns: str
) -> None:
    told = dig(port, options)

    assert "BADVERS" == told.status, section
    assert not told.has_soa
    assert edns == told.edns
    assert not told.must_be_zero
    assert "OPT=100" not in told.text


def test_8_2_7_what_is_cut_short_still_has_its_opt(port: int) -> None:
    told = dig(port, f"+norec +dnssec +bufsize=512 +ignore dnskey {ZONE}")

    assert "NOERROR" == told.status
    assert "tc" in told.flags
    assert "0 do" == told.edns
