"""The compiled table: it says what a dictionary would, and a damaged one says nothing."""

import hashlib
import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from list_world import SEED, FakeNames, read, records_of, table_of

from schoolgate_policyd.core.names import AddressLiteral, DomainName, Host, parse_host
from schoolgate_policyd.lists import compiling
from schoolgate_policyd.lists.compiling import Kept, compile_table
from schoolgate_policyd.lists.errors import ListError, TableError
from schoolgate_policyd.lists.intake import DIGEST_OCTETS
from schoolgate_policyd.lists.subscription import Format
from schoolgate_policyd.lists.table import HEADER, RECORD_OCTETS, NameTable, table_path

NAMES = ("a.example", "www.a.example", "b.example", "x.b.example", "y.x.b.example", "c.test")
ASKED = (*NAMES, "deep.www.a.example", "z.y.x.b.example", "example", "test", "c.test.example")
RECORDS = st.lists(
    st.tuples(st.sampled_from(("one", "two", "three")), st.sampled_from(NAMES), st.integers(1, 3)),
    min_size=1,
    max_size=20,
)


@settings(max_examples=30)
@given(RECORDS)
def test_a_table_says_what_a_dictionary_would(records: list[tuple[str, str, int]]) -> None:
    """RPZ can say all three: the name, what is below it, or both by two lines."""
    texts: dict[str, str] = {}
    at: dict[str, tuple[str, ...]] = {}
    below: dict[str, tuple[str, ...]] = {}
    for id_, name, covers in records:
        if covers & 1:
            texts[id_] = texts.get(id_, "") + f"{name} CNAME .\n"
            at[name] = tuple(dict.fromkeys((*at.get(name, ()), id_)))
        if covers & 2:
            texts[id_] = texts.get(id_, "") + f"*.{name} CNAME .\n"
            below[name] = tuple(dict.fromkeys((*below.get(name, ()), id_)))
    names = FakeNames(at, below)
    with TemporaryDirectory() as folder:
        table = table_of(Path(folder), {id_: (Format.RPZ, text) for id_, text in texts.items()})
        for name in ASKED:
            host = DomainName(name)
            assert set(names.lists_of(host)) == set(table.lists_of(host))
        assert {name for _, name, _ in records} <= set(NAMES)
        assert len({name for _, name, _ in records}) == table.names
        table.close()


def test_every_one_of_many_names_is_found_and_no_other(tmp_path: Path) -> None:
    rng = random.Random(1)  # noqa: S311 - repeatable, not secret
    names = {f"n{rng.randrange(10**9)}.site{number % 97}.example" for number in range(20_000)}
    listed = sorted(names)[::2]
    table = table_of(tmp_path, {"many": (Format.DOMAINS, "\n".join(listed))})

    assert all(("many",) == table.lists_of(DomainName(name)) for name in listed)
    assert not any(table.lists_of(DomainName(name)) for name in names.difference(listed))
    assert len(listed) == table.names
    table.close()


def test_addresses_are_themselves_alone(tmp_path: Path) -> None:
    table = table_of(tmp_path, {"list": (Format.DOMAINS, "93.184.215.14\n2606:2800::1\n")})
    found = [
        table.lists_of(AddressLiteral(text))
        for text in ("93.184.215.14", "2606:2800::1", "184.215.14.1", "215.14.1.1")
    ]
    table.close()

    assert [("list",), ("list",), (), ()] == found


def weak(name: bytes, _: int) -> bytes:
    """A hash that many names share, of octets that look like any other record's."""
    return bytes([len(name) % 3]) * DIGEST_OCTETS


def test_with_a_hash_that_collides_a_listed_name_is_never_lost(tmp_path: Path) -> None:
    """What a collision can do is block more: it never opens, and it never hides another list."""
    lists = {
        "one": (Format.RPZ, "aa.test CNAME .\nbbbb.test CNAME ."),
        "two": (Format.RPZ, "*.cc.test CNAME .\nddddd.test CNAME ."),
    }
    table = table_of(tmp_path, lists, hash_with=weak)
    assert ("one", "two") == table.lists_of(DomainName("aa.test"))[:2]
    assert {"one"} <= set(table.lists_of(DomainName("bbbb.test")))
    assert {"two"} <= set(table.lists_of(DomainName("x.cc.test")))
    assert {"two"} <= set(table.lists_of(DomainName("ddddd.test")))
    table.close()


def misaligned(name: bytes, _: int) -> bytes:
    """Two listed names whose records, side by side, hold the hash of a third in their midst."""
    return {
        b"a.test": bytes(14) + b"\1\2",
        b"b.test": b"\0\0" + bytes(range(3, 17)),
    }.get(name, (bytes(14) + b"\1\2" + b"\0\0" + b"\0\0" + bytes(range(3, 17)))[4:20])


def test_a_hash_across_two_records_is_no_hit(tmp_path: Path) -> None:
    lists = {"list": (Format.DOMAINS, "a.test\nb.test\n")}
    table = table_of(tmp_path, lists, hash_with=misaligned)
    content = next(tmp_path.glob("*.names")).read_bytes()
    records = content[HEADER.size : HEADER.size + 2 * RECORD_OCTETS]

    assert 4 == records.find(misaligned(b"innocent.test", 0))
    assert () == table.lists_of(DomainName("innocent.test"))
    assert ("list",) == table.lists_of(DomainName("b.test"))
    table.close()


@pytest.fixture
def compiled(tmp_path: Path) -> tuple[Path, str]:
    text = "\n".join(f"n{number}.example" for number in range(1000))
    kept = {"list": records_of(tmp_path, "list", read(Format.DOMAINS, text))}
    sha256 = compile_table(tmp_path, kept, SEED).sha256
    path = table_path(tmp_path, sha256)
    path.chmod(0o600)
    return path, sha256


@pytest.mark.parametrize("damage", ["cut", "longer", "flipped", "empty", "gone", "folder"])
def test_a_damaged_table_is_refused(compiled: tuple[Path, str], damage: str) -> None:
    path, sha256 = compiled
    octets = bytearray(path.read_bytes())
    match damage:
        case "cut":
            path.write_bytes(octets[: len(octets) // 2])
        case "longer":
            path.write_bytes(octets + b"\0")
        case "flipped":
            octets[len(octets) // 2] ^= 1
            path.write_bytes(octets)
        case "empty":
            path.write_bytes(b"")
        case "gone":
            path.unlink()
        case _:
            path.unlink()
            path.mkdir()

    with pytest.raises(TableError, match=str(path)):
        NameTable(path, sha256)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        bytes(HEADER.size),
        HEADER.pack(b"something else..", 0, 0, 8, 0),
        HEADER.pack(b"schoolgate table", 0, 2**60, 8, 0),
        HEADER.pack(b"schoolgate table", 0, 0, 200, 0),
        HEADER.pack(b"schoolgate table", 0, 0, 8, 2) + bytes(4 * 257) + b"{]",
        HEADER.pack(b"schoolgate table", 0, 0, 8, 56)
        + bytes(4 * 257)
        + b'{"lists":["one"],"combinations":[[[7,1]],[[0,1]]]}      ',
    ],
)
def test_a_file_that_is_no_table_is_refused_even_under_its_own_digest(
    tmp_path: Path, content: bytes
) -> None:
    sha256 = hashlib.sha256(content).hexdigest()
    path = table_path(tmp_path, sha256)
    path.write_bytes(content)

    with pytest.raises(TableError):
        NameTable(path, sha256)


def test_the_same_lists_make_the_same_table(tmp_path: Path) -> None:
    kept = {"list": records_of(tmp_path, "list", read(Format.DOMAINS, "b.example\na.example"))}
    again = {"list": records_of(tmp_path, "list", read(Format.DOMAINS, "a.example\nb.example"))}

    assert compile_table(tmp_path, kept, SEED) == compile_table(tmp_path, again, SEED)


def test_damaged_records_make_no_table(tmp_path: Path) -> None:
    kept = records_of(tmp_path, "list", read(Format.DOMAINS, "a.example"))
    kept.path.write_bytes(kept.path.read_bytes()[:-1])

    with pytest.raises(ListError, match="damaged"):
        compile_table(tmp_path, {"list": kept}, SEED)
    assert [] == [path for path in tmp_path.iterdir() if path != kept.path]


@pytest.mark.parametrize(("limit", "value"), [("MAX_LISTS", 1), ("MAX_TABLE_NAMES", 1)])
def test_too_much_makes_no_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(compiling, limit, value)
    kept = {
        id_: records_of(tmp_path, id_, read(Format.DOMAINS, f"{id_}.example"))
        for id_ in ("one", "two")
    }

    with pytest.raises(ListError, match="2 lists with 2 names"):
        compile_table(tmp_path, kept, SEED)


def test_lists_that_overlap_in_too_many_ways_make_no_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "MAX_COMBINATIONS", 1)
    kept = {
        "one": records_of(tmp_path, "one", read(Format.DOMAINS, "a.example\nb.example")),
        "two": records_of(tmp_path, "two", read(Format.DOMAINS, "b.example")),
    }

    with pytest.raises(ListError, match="overlap in too many ways"):
        compile_table(tmp_path, kept, SEED)


def test_a_million_names_fit_in_twenty_five_megabytes() -> None:
    names = 1_000_000
    index = 4 * ((1 << (names // 2).bit_length()) + 1)

    assert HEADER.size + names * RECORD_OCTETS + index + 1000 <= 25_000_000


def test_hosts_of_every_kind_can_be_asked(tmp_path: Path) -> None:
    table = table_of(tmp_path, {"list": (Format.DOMAINS, "bad.example")})
    hosts: list[Host] = [parse_host(text) for text in ("localhost", "a" * 63, "1.2.3.4", "[::1]")]

    assert not any(map(table.lists_of, hosts))
    table.close()


def test_kept_is_what_records_say(tmp_path: Path) -> None:
    kept = records_of(tmp_path, "list", read(Format.DOMAINS, "a.example\na.example\nb.example"))

    assert Kept(tmp_path / "list.records", kept.sha256, 2) == kept
