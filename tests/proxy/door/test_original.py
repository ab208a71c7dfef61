"""Whom a connection was meant for, as the kernel tells it, in a namespace of the test's own."""

import json
import sys
from collections.abc import Iterator

import pytest
from door_world import connected, run
from netns import Namespace, made

from schoolgate_proxy.door.original import Original, original_of

LISTENING = 8443
_RULES = f"""
table inet brought {{
  chain leaving {{
    type nat hook output priority -100;
    tcp dport 443 redirect to :{LISTENING}
  }}
}}
"""
_CONNECT = """
import dataclasses, json, socket, sys
from schoolgate_proxy.door.original import original_of
found = []
for address, family in (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)):
    with socket.create_server((address, int(sys.argv[1])), family=family) as server:
        for port in (443, int(sys.argv[1])):
            with socket.create_connection((address, port)), server.accept()[0] as accepted:
                found.append(dataclasses.astuple(original_of(accepted)))
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def namespace() -> Iterator[Namespace]:
    """A namespace in which connections to port 443 are brought to another."""
    with made("original") as (own,):
        own.must("nft", _RULES)
        yield own


def test_what_was_brought_says_from_where_in_both_families(namespace: Namespace) -> None:
    ran = namespace.run(sys.executable, "-c", _CONNECT, str(LISTENING))

    assert "" == ran.stderr
    assert [
        ["127.0.0.1", 443, True],
        ["127.0.0.1", LISTENING, False],
        ["::1", 443, True],
        ["::1", LISTENING, False],
    ] == json.loads(ran.stdout)


def test_what_nobody_brought_was_meant_for_us() -> None:
    async def work() -> tuple[Original, tuple[str, int]]:
        client, accepted = await connected()
        with client, accepted:
            place: tuple[str, int] = client.getpeername()
            return original_of(accepted), place

    original, place = run(work)

    assert Original(*place, was_brought=False) == original
