"""Octets by the block: none is given twice, not even by two processes."""

import subprocess
import sys

from schoolgate_dns.upstream.chance import Chance


def test_no_octets_are_given_twice_within_a_block_and_beyond() -> None:
    chance = Chance()
    given = [chance.take(count) for count in (8, 250, 31, 16) * 40]

    assert [8, 250, 31, 16] * 40 == [len(each) for each in given]
    assert len(given) == len(set(given))
    # A block that was given from its beginning again would show the same octets elsewhere.
    whole = b"".join(given)
    pieces = [whole[at : at + 8] for at in range(len(whole) - 8)]
    assert len(pieces) == len(set(pieces))


def test_every_value_comes_about_as_often() -> None:
    chance = Chance()
    octets = b"".join(chance.take(100) for _ in range(1000))

    assert 256 == len(set(octets))
    assert max(octets.count(bytes([value])) for value in range(256)) < 600


def test_what_is_forgotten_is_not_given() -> None:
    chance = Chance()
    chance.take(8)
    rest = chance._block[8:24]
    chance.forget()

    assert rest != chance.take(16)


_FORKED = """
import os
from schoolgate_dns.upstream.chance import CHANCE
CHANCE.take(8)
children = []
for _ in range(2):
    reading, writing = os.pipe()
    if not os.fork():
        os.write(writing, CHANCE.take(16))
        os._exit(0)
    children.append(os.read(reading, 16))
    os.wait()
print(len({*children, CHANCE.take(16)}))
"""


def test_workers_and_their_parent_give_different_octets() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FORKED], check=False, capture_output=True, text=True
    )

    assert (0, "3\n", "") == (done.returncode, done.stdout, done.stderr)
