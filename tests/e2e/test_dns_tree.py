"""
A local tree of zones, asked through our point and of the unbound behind it.

`make dns-tree` compares 100,000 names; here are some 2,000, and the same through real clients.
"""

import asyncio
import itertools
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tree_comparison import CLIENTS, compare
from tree_point import point_before
from tree_servers import SEARCH_PATH, Tree
from tree_zones import Kind, Zone, zones_for

NAMES = 2_000
# Others of the staff than those who ask for the comparison.
_STAFF = itertools.cycle(range(CLIENTS + 1, 255))
_WHY = {
    Kind.EXPIRED: "RRSIG has expired",
    Kind.FORGED: "RRSIG failed to verify",
    Kind.MISMATCHED: "no valid|broken trust chain",
}

pytestmark = pytest.mark.skipif(
    not all(
        shutil.which(each, path=SEARCH_PATH) for each in ("nsd", "unbound", "dnssec-signzone")
    ),
    reason="nsd, unbound or bind9-utils is not installed; `tools/test-packages.sh` installs them",
)


@dataclass(frozen=True)
class Resolved:
    """A tree with our point in front of its resolver, at *port*."""

    tree: Tree
    port: int

    def zone(self, kind: Kind) -> Zone:
        """The first zone of *kind*."""
        return next(each for each in self.tree.zones if each.kind is kind)

    def run(self, *command: str) -> str:
        """What a client prints that asks our point; `-p` and the like are its own."""
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=20, check=False, cwd=self.tree.folder
        )
        return done.stdout + done.stderr

    def dig(self, *options: str) -> str:
        return self.run("dig", *self._server(), *options)

    def kdig(self, *options: str) -> str:
        return self.run("kdig", *self._server(), *options)

    def delv(self, *options: str) -> str:
        return self.run("delv", "-a", str(self.tree.anchor), *self._server(), *options)

    def _server(self) -> tuple[str, ...]:
        # Each time another of the staff asks: so much below one parent would be a tunnel.
        return ("-b", f"127.0.2.{next(_STAFF)}", "@127.0.0.1", "-p", str(self.port))


@pytest.fixture(scope="module")
def resolved() -> Iterator[Resolved]:
    with (
        tempfile.TemporaryDirectory(prefix="sg-", dir="/tmp") as folder,
        Tree(Path(folder), zones_for(NAMES)) as tree,
        point_before(tree.unbound_port, Path(folder)) as port,
    ):
        yield Resolved(tree, port)


def test_what_unbound_answers_our_point_answers_or_there_is_a_reason(resolved: Resolved) -> None:
    questions = [question for zone in resolved.tree.zones for question in zone.questions()]
    comparison = asyncio.run(compare(questions, resolved.tree.unbound_port, resolved.port))

    assert not comparison.unexplained, str(comparison)
    assert 4 * NAMES <= comparison.asked
    # Whatever may be explained, nearly all is the same.
    assert comparison.explained.total() < comparison.asked // 100
    # The tree has all that it is meant to have.
    assert {"NOERROR", "NXDOMAIN", "YXDOMAIN", "SERVFAIL"} <= set(comparison.rcodes)
    assert NAMES < comparison.rcodes["NOERROR"]


@pytest.mark.parametrize("kind", [Kind.NSEC, Kind.NSEC3])
@pytest.mark.parametrize("asked", [("www", "A"), ("a.dname3", "TXT"), ("x.wild", "TXT")])
def test_delv_validates_what_comes_through_our_point(
    resolved: Resolved, kind: Kind, asked: tuple[str, str]
) -> None:
    name, type_ = asked
    told = resolved.delv(f"{name}.{resolved.zone(kind).origin}", type_)

    assert "; fully validated" in told, told
    assert "unsigned" not in told


@pytest.mark.parametrize("kind", [Kind.NSEC, Kind.NSEC3])
@pytest.mark.parametrize(
    ("asked", "proved"),
    [(("nothing", "A"), "ncache nxdomain"), (("y.ent", "A"), "ncache nxrrset")],
)
def test_delv_validates_that_something_is_not_there(
    resolved: Resolved, kind: Kind, asked: tuple[str, str], proved: str
) -> None:
    name, type_ = asked
    told = resolved.delv(f"{name}.{resolved.zone(kind).origin}", type_)

    assert f"resolution failed: {proved}" in told, told
    assert "; negative response, fully validated" in told


@pytest.mark.parametrize("kind", [Kind.PLAIN, Kind.UNTRUSTED])
def test_delv_is_shown_that_nobody_vouches_for_an_unsigned_zone(
    resolved: Resolved, kind: Kind
) -> None:
    told = resolved.delv(f"www.{resolved.zone(kind).origin}", "A")

    assert "; unsigned answer" in told or "; answer not validated" in told, told
    assert "192.0.2.1" in told


@pytest.mark.parametrize("kind", [Kind.EXPIRED, Kind.FORGED, Kind.MISMATCHED])
def test_delv_is_refused_what_is_broken_and_refuses_it_itself(
    resolved: Resolved, kind: Kind
) -> None:
    name = f"www.{resolved.zone(kind).origin}"
    told = resolved.delv(name, "A")
    told_unchecked = resolved.delv("+cdflag", name, "A")

    assert ";; resolution failed: failure" in told
    assert re.search(_WHY[kind], told_unchecked), told_unchecked
    assert "fully validated" not in told + told_unchecked


@pytest.mark.parametrize("kind", [Kind.EXPIRED, Kind.FORGED, Kind.MISMATCHED, Kind.LAME])
def test_dig_is_told_of_a_failure_and_with_cd_gets_what_there_is(
    resolved: Resolved, kind: Kind
) -> None:
    name = f"www.{resolved.zone(kind).origin}"
    checked = resolved.dig("+dnssec", name)
    unchecked = resolved.dig("+dnssec", "+cd", name)

    assert "status: SERVFAIL" in checked
    assert ("status: SERVFAIL" if kind is Kind.LAME else "status: NOERROR") in unchecked
    assert not re.search(r"flags:[^;]* ad[ ;]", checked + unchecked)


@pytest.mark.parametrize(
    "options", [(), ("+dnssec",), ("+tcp",), ("+tcp", "+dnssec"), ("+bufsize=512",)]
)
@pytest.mark.parametrize(
    ("label", "type_", "records"), [("www", "A", 3), ("largest", "A", 200), ("larger", "TXT", 18)]
)
def test_kdig_gets_answers_of_every_size_whole(
    resolved: Resolved, options: tuple[str, ...], label: str, type_: str, records: int
) -> None:
    name = f"{label}.{resolved.zone(Kind.NSEC).origin}"
    told = resolved.kdig(*options, name, type_)

    assert "status: NOERROR" in told
    assert records == len(re.findall(rf"^{name}\s+\d+\s+IN\s+{type_}\s", told, re.MULTILINE))
    assert ("RRSIG" in told) is ("+dnssec" in options)


# unbound follows eleven redirections; a twelfth only while it remembers the end of the chain.
@pytest.mark.parametrize("length", range(1, 12))
def test_dig_follows_chains_as_far_as_unbound_does(resolved: Resolved, length: int) -> None:
    name = f"c{length}.{resolved.zone(Kind.NSEC3).origin}"
    told = resolved.dig("+short", name)
    theirs = resolved.run(
        "dig", "@127.0.0.1", "-p", str(resolved.tree.unbound_port), "+short", name
    )

    assert sorted(theirs.split()) == sorted(told.split())
    assert length + 3 == len(told.split())


@pytest.mark.parametrize("label", [r"\000\001\255", r"sp\032ace", r"d\.ot", r"\195\169t\195\169"])
def test_dig_finds_names_of_any_octets(resolved: Resolved, label: str) -> None:
    told = resolved.dig("+short", f"{label}.{resolved.zone(Kind.PLAIN).origin}")

    assert re.fullmatch(r"192\.0\.2\.\d+\n", told)
