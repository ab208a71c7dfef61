"""Files, packed files and trees, within bounds whatever they claim."""

import gzip
import io
import random
import tarfile
import tracemalloc
from pathlib import Path

import pytest
from list_world import SEED, counted

from schoolgate_policyd.lists import reading, trees
from schoolgate_policyd.lists.errors import ListError
from schoolgate_policyd.lists.intake import Intake
from schoolgate_policyd.lists.reading import MAX_LINE_OCTETS, Recipe, lines_of, read_list
from schoolgate_policyd.lists.subscription import Format
from schoolgate_policyd.lists.tally import Reason

DOMAINS = Recipe(Format.DOMAINS, None, 1)
ADULT = Recipe(Format.UT1, "adult", 1)


def names_in(path: Path, recipe: Recipe) -> int:
    intake = Intake(SEED)
    read_list(path, recipe, intake)
    return sum(map(len, intake.parts)) // 17


def tree(files: dict[str, bytes], *, format_: int = tarfile.GNU_FORMAT) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=format_) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


TREE = {
    "blacklists/README": b"read me",
    "blacklists/games/domains": b"games.example\n",
    "blacklists/adult/domains": b"one.example\ntwo.example\n",
    "blacklists/adult/urls": b"site.example/page\nsite.example/other\n",
    "blacklists/adult/expressions": b"(sex)",
    "blacklists/adult/very/domains": b"three.example\n",
}


@pytest.mark.parametrize("text", [b"a.example\nb.example", b"a.example\r\nb.example\r\n", b""])
def test_packed_and_plain_text_are_read_alike(tmp_path: Path, text: bytes) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.write_bytes(text)
    packed.write_bytes(gzip.compress(text[:5]) + gzip.compress(text[5:]))

    assert names_in(plain, DOMAINS) == names_in(packed, DOMAINS) == 2 * bool(text)


@pytest.mark.parametrize("format_", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
@pytest.mark.parametrize("is_packed", [True, False])
def test_one_category_of_a_tree_is_read_and_its_pages_are_counted(
    tmp_path: Path, format_: int, *, is_packed: bool
) -> None:
    archive = tree(TREE, format_=format_)
    path = tmp_path / "tree"
    path.write_bytes(gzip.compress(archive) if is_packed else archive)
    intake = Intake(SEED)
    read_list(path, ADULT, intake)

    assert 2 == sum(map(len, intake.parts)) // 17
    assert {Reason.PAGE: 2} == counted(intake)


def test_a_folder_is_a_tree_too(tmp_path: Path) -> None:
    (tmp_path / "adult").mkdir()
    (tmp_path / "adult" / "domains").write_text("one.example\n")

    assert 1 == names_in(tmp_path, ADULT)
    assert 1 == names_in(tmp_path / "adult", ADULT._replace(member=None))
    with pytest.raises(ListError, match="no file `domains`"):
        names_in(tmp_path, ADULT._replace(member="games"))
    with pytest.raises(ListError, match="only the format `ut1`"):
        names_in(tmp_path, DOMAINS)


def test_a_name_that_is_too_long_for_a_header_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "tree"
    path.write_bytes(tree({f"{'deep/' * 40}adult/domains": b"one.example\n"}))

    assert 1 == names_in(path, ADULT)


def test_lines_are_the_same_however_the_octets_come() -> None:
    rng = random.Random(7)  # noqa: S311 - repeatable, not secret
    text = b"".join(bytes([rng.choice(b"ab\n")]) for _ in range(5000)) + b"x" * 9000 + b"\nend"

    class Dripping:
        def __init__(self) -> None:
            self._octets = io.BytesIO(text)

        def read(self, _: int, /) -> bytes:
            return self._octets.read(rng.randint(1, 700))

    whole = [line for line in text.split(b"\n") if len(line) <= MAX_LINE_OCTETS]
    found = list(lines_of(Dripping()))
    assert whole == [line for line in found if not line.startswith(b"\xff")]
    assert 1 == sum(line.startswith(b"\xff") for line in found)


def test_a_small_file_cannot_become_a_huge_text(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb"
    bomb.write_bytes(gzip.compress(b"a.example\n" * 2_000_000))
    assert bomb.stat().st_size < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(ListError, match="more than 12 MB of text"):
            names_in(bomb, DOMAINS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 60_000_000


def test_a_line_without_an_end_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "line"
    path.write_bytes(gzip.compress(b"a" * 11_000_000 + b"\nb.example\n"))
    tracemalloc.start()
    try:
        assert 1 == names_in(path, DOMAINS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 5_000_000


def header(name: bytes, size: bytes, kind: bytes = b"0") -> bytes:
    block = bytearray(512)
    block[: len(name)] = name
    block[124 : 124 + len(size)] = size
    block[156:157] = kind
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    ("archive", "told"),
    [
        (b"hello", "ends in the middle"),
        (b"x" * 512, "damaged, or is none"),
        (header(b"adult/domains", b"77777777777"), "ends in the middle"),
        (header(b"adult/domains", b"\x80" + b"\xff" * 11), "damaged, or is none"),
        (header(b"adult/domains", b"-1"), "damaged, or is none"),
        (header(b"x", b"00004000000", b"x"), "a header that no list needs"),
        (header(b"x", b"00004000000", b"L"), "a header that no list needs"),
        (header(b"games/domains", b"0") + bytes(1024), "no file `domains` in a folder `adult`"),
        (b"", "ends in the middle"),
    ],
)
def test_an_archive_that_lies_is_refused(tmp_path: Path, archive: bytes, told: str) -> None:
    path = tmp_path / "tree"
    path.write_bytes(archive)

    with pytest.raises(ListError, match=told):
        names_in(path, ADULT)


def test_an_archive_with_too_many_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees, "MAX_MEMBERS", 3)
    path = tmp_path / "tree"
    path.write_bytes(b"".join(header(b"a/x%d" % number, b"0") for number in range(5)))

    with pytest.raises(ListError, match="more than 3 files"):
        names_in(path, ADULT)


@pytest.mark.parametrize("cut", [3, 20, 40, -1])
def test_what_is_packed_and_damaged_is_refused(tmp_path: Path, cut: int) -> None:
    octets = gzip.compress(b"a.example\nb.example\n" * 50)
    path = tmp_path / "list"
    path.write_bytes(octets[:cut])

    with pytest.raises(ListError, match="cannot be unpacked"):
        names_in(path, DOMAINS)


def test_a_file_beyond_its_bound_or_missing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(b"a.example\n" * 100_001)

    with pytest.raises(ListError, match="larger than 1 MB"):
        names_in(path, DOMAINS)
    with pytest.raises(ListError, match="cannot be read: No such file"):
        names_in(tmp_path / "nothing", DOMAINS)


def test_a_megabyte_is_a_million_octets() -> None:
    assert 1_000_000 == reading.MEGABYTE
