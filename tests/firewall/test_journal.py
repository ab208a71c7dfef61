"""What the point was told outlives its process: bounded, read as hostile, never needed."""

import dataclasses
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from firewall_world import PUPIL, PUPIL_LINK, STAFF, STAFF_LINK, link_to, told
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_dns.finished.egress import LIFETIME_S
from schoolgate_firewall.journal import KEPT_S, Journal, Telling
from schoolgate_policyd.netfilter.ways import Told, datagram_of, encode_told

LESSON = told(PUPIL, "lessons.example", link_to(PUPIL_LINK), lifetime_s=LIFETIME_S)
SOCIAL = told(
    STAFF, ("social.example", "edge.example"), link_to(STAFF_LINK), lifetime_s=LIFETIME_S
)


@dataclasses.dataclass
class Now:
    """A clock in hand."""

    second: float = 1000.5


def journal_at(path: Path, now: Now, most_octets: int = 100_000, boot: str = "one") -> Journal:
    return Journal(path, lambda: now.second, boot=boot, most_octets=most_octets)


@contextmanager
def begun(path: Path, now: Now, most_octets: int = 100_000) -> Iterator[Journal]:
    journal = journal_at(path, now, most_octets)
    journal.begin([])
    try:
        yield journal
    finally:
        journal.close()


def datagram(*tellings: Told) -> bytes:
    return datagram_of([encode_told(each) for each in tellings])


def read(path: Path, now: Now, boot: str = "one") -> list[Told]:
    return [each.told for each in journal_at(path, now, boot=boot).read()]


def test_what_was_noted_is_read_by_the_next_process_with_its_second(tmp_path: Path) -> None:
    path, now = tmp_path / "firewall" / "told.journal", Now()
    with begun(path, now) as journal:
        journal.note([datagram(LESSON, SOCIAL)])
        now.second += 7
        journal.note([datagram(LESSON)])

        assert 0 == journal.failures

    expected = [Telling(1000.5, LESSON), Telling(1000.5, SOCIAL), Telling(1007.5, LESSON)]
    assert expected == journal_at(path, now).read()
    assert 0o600 == path.stat().st_mode & 0o777


def test_what_is_begun_with_stands_in_place_of_all_that_was_there(tmp_path: Path) -> None:
    path, now = tmp_path / "told.journal", Now()
    with begun(path, now, most_octets=300) as journal:
        for _ in range(5):
            journal.note([datagram(LESSON)])
        assert 2 == len(list(tmp_path.iterdir()))
    second = journal_at(path, now)
    second.begin([Telling(999.25, SOCIAL)])
    second.close()

    assert [Telling(999.25, SOCIAL)] == journal_at(path, now).read()
    assert [path] == list(tmp_path.iterdir())


def test_what_is_over_is_not_read(tmp_path: Path) -> None:
    path, now = tmp_path / "told.journal", Now()
    with begun(path, now) as journal:
        journal.note([datagram(LESSON)])
        now.second += LIFETIME_S - 0.1
        assert [LESSON] == read(path, now)
        now.second += 0.2

    assert [] == read(path, now)


def test_another_boot_s_journal_tells_nothing(tmp_path: Path) -> None:
    path, now = tmp_path / "told.journal", Now()
    with begun(path, now) as journal:
        journal.note([datagram(LESSON)])

    assert [] == read(path, now, boot="two")


def test_a_time_that_is_to_come_and_a_life_longer_than_dns_gives_are_not_believed(
    tmp_path: Path,
) -> None:
    path, now = tmp_path / "told.journal", Now()
    with begun(path, now) as journal:
        journal.note(
            [datagram(told(PUPIL, "a.example", link_to(PUPIL_LINK), lifetime_s=KEPT_S + 1))]
        )
        now.second += 60
        journal.note([datagram(LESSON)])
        now.second -= 30
        journal.note([datagram(SOCIAL)])

    assert [SOCIAL] == read(path, now)
    assert LIFETIME_S < KEPT_S  # what DNS tells is


@pytest.mark.parametrize("torn_off", [1, 10, 60])
def test_a_torn_end_is_left_out_and_the_rest_is_read(
    tmp_path: Path, torn_off: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path, now = tmp_path / "told.journal", Now()
    with begun(path, now) as journal:
        journal.note([datagram(LESSON), datagram(SOCIAL)])
    content = path.read_bytes()
    path.write_bytes(content[:-torn_off])

    assert [LESSON] == read(path, now)
    assert 1 == "".join(capsys.readouterr()).count("is not whole")


def test_a_datagram_that_tells_no_ways_is_left_out_alone(tmp_path: Path) -> None:
    path, now = tmp_path / "told.journal", Now()
    with begun(path, now) as journal:
        journal.note([b"\xc1", datagram(LESSON), b"", b"\x90", datagram(SOCIAL)])

    assert [LESSON, SOCIAL] == read(path, now)


@pytest.mark.parametrize("octets", [b"", b"\0" * 5000, b"\xff" * 5000])
def test_what_is_no_journal_tells_nothing(tmp_path: Path, octets: bytes) -> None:
    path, now = tmp_path / "told.journal", Now()
    path.write_bytes(octets)
    assert [] == read(path, now)

    with begun(path, now) as journal:
        journal.note([datagram(LESSON)])
    path.write_bytes(path.read_bytes() + octets)
    assert [LESSON] == read(path, now)


@given(place=st.integers(0, 399), octet=st.integers(0, 255))
def test_whatever_one_octet_becomes_nothing_is_read_that_was_not_told(
    tmp_path_factory: pytest.TempPathFactory, place: int, octet: int
) -> None:
    path, now = tmp_path_factory.mktemp("journal") / "told.journal", Now()
    with begun(path, now) as journal:
        journal.note([datagram(LESSON), datagram(SOCIAL)])
    content = bytearray(path.read_bytes())
    content[place % len(content)] = octet
    path.write_bytes(content)

    tellings = journal_at(path, now).read()
    assert [Telling(1000.5, LESSON), Telling(1000.5, SOCIAL)][: len(tellings)] == tellings


def test_a_pipe_or_a_link_in_its_place_is_not_read(tmp_path: Path) -> None:
    path, now = tmp_path / "told.journal", Now()
    os.mkfifo(path)
    assert [] == read(path, now)

    path.unlink()
    with begun(tmp_path / "other", now) as journal:
        journal.note([datagram(LESSON)])
    path.symlink_to(tmp_path / "other")
    assert [] == read(path, now)


def test_it_never_grows_beyond_its_bound_and_leaves_out_the_oldest(tmp_path: Path) -> None:
    path, now, most = tmp_path / "told.journal", Now(), 2_000
    tellings = [
        told(PUPIL, f"site{number}.example", link_to(PUPIL_LINK), lifetime_s=LIFETIME_S)
        for number in range(200)
    ]
    with begun(path, now, most) as journal:
        for each in tellings:
            journal.note([datagram(each)])
            assert 2 * most >= sum(file.stat().st_size for file in tmp_path.iterdir())

    found = read(path, now)
    assert tellings[-len(found) :] == found
    assert len(found) > 20


def test_what_it_is_begun_with_is_bounded_too(tmp_path: Path) -> None:
    path, now, most = tmp_path / "told.journal", Now(), 2_000
    tellings = [
        Telling(1000.0, told(PUPIL, f"site{number}.example", link_to(PUPIL_LINK)))
        for number in range(200)
    ]
    journal = journal_at(path, now, most)
    journal.begin(tellings)
    journal.close()

    found = journal_at(path, now).read()
    assert tellings[-len(found) :] == found
    assert most // 2 < path.stat().st_size <= most


def test_what_is_long_over_is_not_kept(tmp_path: Path) -> None:
    """It says who was told which names: no longer than that can be of use."""
    path, now = tmp_path / "told.journal", Now()
    with begun(path, now) as journal:
        journal.note([datagram(LESSON)])
        now.second += KEPT_S - 1
        journal.tick()
        journal.note([datagram(SOCIAL)])
        assert [SOCIAL] == read(path, now)
        for _ in range(2):
            now.second += KEPT_S
            journal.tick()

        kept = b"".join(each.read_bytes() for each in tmp_path.iterdir())
        assert b"example" not in kept
        journal.note([datagram(LESSON)])
    assert [LESSON] == read(path, now)


def test_what_finds_no_room_is_counted_and_leaves_the_rest_readable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, now = tmp_path / "told.journal", Now()
    with begun(path, now) as journal:
        journal.note([datagram(LESSON)])
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        # The second datagram is written in part, and the third not at all.
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, before[1]))
        try:
            journal.note([datagram(SOCIAL)])
            journal.note([datagram(SOCIAL)])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, ignored)
        assert 2 == journal.failures
        assert [LESSON] == read(path, now)

        journal.note([datagram(SOCIAL)])
    assert [LESSON, SOCIAL] == read(path, now)
    assert 1 == "".join(capsys.readouterr()).count("cannot be written")


def test_a_folder_that_cannot_be_had_is_counted_and_tried_again(tmp_path: Path) -> None:
    place, now = tmp_path / "firewall", Now()
    place.write_text("a file where the folder should be")
    with begun(place / "told.journal", now) as journal:
        journal.note([datagram(LESSON)])
        journal.tick()
        assert journal.failures

        place.unlink()
        journal.tick()
        journal.note([datagram(SOCIAL)])
    assert [SOCIAL] == read(place / "told.journal", now)


def test_it_is_this_boot_s_by_itself(tmp_path: Path) -> None:
    first, second = (Journal(tmp_path / "told.journal", lambda: 5.0) for _ in range(2))
    first.begin([])
    first.note([datagram(LESSON)])
    first.close()

    assert [Telling(5.0, LESSON)] == second.read()
