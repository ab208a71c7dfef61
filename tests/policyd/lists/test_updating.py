"""Updates: what is good is taken, and whatever goes wrong keeps the last good version."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from list_world import Publisher, packed, publishing

from schoolgate_policyd.core.names import DomainName, parse_host
from schoolgate_policyd.destinations import Destinations
from schoolgate_policyd.lists import updating
from schoolgate_policyd.lists.faults import faults_in
from schoolgate_policyd.lists.fetching import Fetcher, Patience, trusting
from schoolgate_policyd.lists.intake import Spared
from schoolgate_policyd.lists.state import (
    MANIFEST,
    STATE,
    load_manifest,
    load_state,
    peek_state,
)
from schoolgate_policyd.lists.subscription import Format, Subscription
from schoolgate_policyd.lists.table import NameTable, table_path
from schoolgate_policyd.lists.updating import Outcome, Updating

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class School:
    """A folder of lists, what is subscribed to, and a clock that a test moves."""

    def __init__(self, folder: Path, publisher: Publisher) -> None:
        self.dir = folder / "lists"
        self.publisher = publisher
        self.subscriptions: list[Subscription] = []
        self.spared = Spared([parse_host("lesson.example")])
        self.now = NOON
        self.in_use: tuple[str, ...] = ()
        self.keep_free = 0
        self.max_names = 10_000

    def subscribe(self, id_: str = "bad", **fields: object) -> Subscription:
        values: dict[str, object] = {
            "category": "adult",
            "format": Format.DOMAINS,
            "source": "a publisher",
            "url": None if "file" in fields else self.publisher.url(f"/{id_}"),
        }
        found = Subscription(id=id_, **(values | fields))  # type: ignore[arg-type] # tests know
        self.subscriptions = [each for each in self.subscriptions if each.id != id_] + [found]
        return found

    def update(self, *, check_all: bool = True, accept: tuple[str, ...] = ()) -> Outcome:
        return Updating(
            self.dir,
            self.subscriptions,
            self.spared,
            Fetcher(Destinations(["127.0.0.0/8"]), tls=trusting(), patience=Patience(5, 10)),
            now=lambda: self.now,
            tables_in_use=lambda: self.in_use,
            keep_free_octets=self.keep_free,
            max_names=self.max_names,
        ).run(check_all=check_all, accept=frozenset(accept))

    def lists_of(self, name: str) -> tuple[str, ...]:
        manifest = load_manifest(self.dir)
        assert manifest is not None
        table = NameTable(table_path(self.dir, manifest.table), manifest.table)
        found = table.lists_of(DomainName(name))
        table.close()
        return found

    def files(self, ending: str) -> list[Path]:
        return sorted(self.dir.glob(f"*{ending}"))


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    with publishing() as publisher:
        yield School(tmp_path, publisher)


def names(count: int, first: int = 0) -> str:
    return "".join(f"n{number}.example\n" for number in range(first, first + count))


def test_what_is_subscribed_to_is_looked_up_by_its_list(school: School) -> None:
    school.publisher.put("/bad", names(3), ETag='"1"')
    school.publisher.put("/worse", packed("0.0.0.0 n1.example\n"))
    school.subscribe("bad")
    school.subscribe("worse", format=Format.HOSTS)
    outcome = school.update()

    assert ("bad", "worse") == outcome.renewed
    assert () == outcome.faults
    assert 3 == outcome.names
    assert ("bad",) == school.lists_of("www.n1.example")
    assert {"bad", "worse"} == set(school.lists_of("n1.example"))
    assert () == school.lists_of("innocent.example")


def test_what_did_not_change_changes_nothing(school: School) -> None:
    school.publisher.put("/bad", names(3), ETag='"1"')
    school.subscribe("bad")
    first = school.update()
    manifest = (school.dir / MANIFEST).stat()
    school.now += timedelta(days=2)
    again = school.update()

    assert () == again.renewed
    assert first.table == again.table
    assert manifest.st_mtime_ns == (school.dir / MANIFEST).stat().st_mtime_ns
    assert '"1"' == school.publisher.asked[-1][1]["If-None-Match"]
    assert school.now == load_state(school.dir).lists["bad"].checked_at


def test_a_list_is_asked_for_when_it_is_due(school: School) -> None:
    school.publisher.put("/bad", names(3))
    school.subscribe("bad", update_hours=24)
    school.update(check_all=False)
    school.now += timedelta(hours=23)
    school.update(check_all=False)
    assert 1 == len(school.publisher.asked)
    school.now += timedelta(hours=1)
    school.update(check_all=False)
    assert 2 == len(school.publisher.asked)


def test_a_list_that_failed_is_asked_for_again_within_the_hour(school: School) -> None:
    school.subscribe("bad", update_hours=24)
    assert "answered with 404" in school.update(check_all=False).faults[0]
    school.publisher.put("/bad", names(3))
    school.now += timedelta(hours=1)

    assert ("bad",) == school.update(check_all=False).renewed


def fails(school: School) -> str:
    school.publisher.put("/bad", "", status=500)
    return "answered with 500"


def is_empty(school: School) -> str:
    school.publisher.put("/bad", "# nothing\n")
    return "no name is in it"


def is_a_page(school: School) -> str:
    school.publisher.put("/bad", "<!doctype html><title>Sign in to the Wi-Fi</title>\n" * 50)
    return "no name is in it"


def shrinks(school: School) -> str:
    school.publisher.put("/bad", names(50))
    return "shrank from 100 names to 50"


def is_too_large(school: School) -> str:
    school.publisher.put("/bad", names(100_000))
    return "larger than 1 MB"


def has_too_many_names(school: School) -> str:
    school.publisher.put("/bad", names(10_001))
    return "more than 10,000 names"


def is_a_bomb(school: School) -> str:
    school.publisher.put("/bad", packed("# a.example\n" * 2_000_000))
    return "MB of text"


def is_cut(school: School) -> str:
    school.publisher.put("/bad", packed(names(100))[:-20])
    return "cannot be unpacked"


def fills_the_disk(school: School) -> str:
    school.publisher.put("/bad", names(200))
    school.keep_free = 1 << 60
    return "make room"


@pytest.mark.parametrize(
    "goes_wrong",
    [
        fails,
        is_empty,
        is_a_page,
        shrinks,
        is_too_large,
        has_too_many_names,
        is_a_bomb,
        is_cut,
        fills_the_disk,
    ],
)
def test_whatever_goes_wrong_the_last_good_version_stays_and_says_so(
    school: School, goes_wrong: Callable[[School], str]
) -> None:
    school.publisher.put("/bad", names(100))
    school.subscribe("bad", max_megabytes=1)
    before = school.update()
    told = goes_wrong(school)
    school.now += timedelta(days=1)
    after = school.update()

    assert () == after.renewed
    assert before.table == after.table
    assert ("bad",) == school.lists_of("n99.example")
    (fault,) = after.faults
    assert told in fault
    assert "the version of 20 November 2026 with 100 names stays" in fault
    assert after.faults == faults_in(load_state(school.dir))
    assert [] == school.files(".begun.*")


def test_a_list_that_may_shrink_is_taken_when_somebody_says_so(school: School) -> None:
    school.publisher.put("/bad", names(100))
    school.subscribe("bad")
    school.update()
    school.publisher.put("/bad", names(3))
    assert "--accept bad" in school.update().faults[0]

    assert ("bad",) == school.update(accept=("bad",)).renewed
    assert () == school.lists_of("n99.example")


def test_a_locked_list_never_shrinks_by_half_whoever_says_so(school: School) -> None:
    school.publisher.put("/bad", names(100))
    school.subscribe("bad", locked=True)
    school.update()
    school.publisher.put("/bad", names(3))
    (fault,) = school.update(accept=("bad",)).faults

    assert "ask its publisher" in fault
    assert ("bad",) == school.lists_of("n99.example")


def test_a_list_that_shrinks_by_less_is_taken(school: School) -> None:
    school.publisher.put("/bad", names(100))
    school.subscribe("bad")
    school.update()
    school.publisher.put("/bad", names(51))

    assert ("bad",) == school.update().renewed


def test_one_list_that_fails_keeps_no_other_from_its_update(school: School) -> None:
    school.publisher.put("/bad", names(10))
    school.publisher.put("/worse", "worse.example\n")
    school.subscribe("bad")
    school.subscribe("worse")
    school.update()
    school.publisher.put("/bad", "", status=500)
    school.publisher.put("/worse", "worse.example\nworst.example\n")
    outcome = school.update()

    assert ("worse",) == outcome.renewed
    assert ("worse",) == school.lists_of("worst.example")
    assert ("bad",) == school.lists_of("n1.example")


def test_files_are_read_again_when_they_changed(school: School, tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_text(names(3))
    school.subscribe("bad", file=str(path))
    assert ("bad",) == school.update().renewed
    assert () == school.update().renewed
    path.write_text(names(4))
    os.utime(path, ns=(1, 1))

    assert ("bad",) == school.update().renewed
    path.unlink()
    assert "there is no such file" in school.update().faults[0]
    assert ("bad",) == school.lists_of("n3.example")


def test_trees_are_read_again_when_their_category_changed(school: School, tmp_path: Path) -> None:
    folder = tmp_path / "tree" / "adult"
    folder.mkdir(parents=True)
    (folder / "domains").write_text(names(3))
    school.subscribe("bad", file=str(tmp_path / "tree"), format=Format.UT1, member="adult")
    assert ("bad",) == school.update().renewed
    assert () == school.update().renewed
    (folder / "urls").write_text("site.example/page\n")

    assert ("bad",) == school.update().renewed


@pytest.mark.parametrize("change", [{"locked": True}, {"format": Format.HOSTS}, {"member": "x"}])
def test_a_list_is_fetched_anew_when_it_is_to_be_read_otherwise(
    school: School, change: dict[str, object]
) -> None:
    school.publisher.put("/bad", names(3), ETag='"1"')
    school.subscribe("bad")
    school.update()
    school.subscribe("bad", **change)
    school.update(check_all=False)

    assert 2 == len(school.publisher.asked)
    assert "If-None-Match" not in school.publisher.asked[1][1]


def test_lesson_sites_are_left_out_anew_when_there_are_more_of_them(school: School) -> None:
    school.publisher.put("/bad", "lesson.example\nother.example\nbad.example\nworse.example\n")
    school.subscribe("bad")
    school.update()
    assert () == school.lists_of("lesson.example")
    assert ("bad",) == school.lists_of("other.example")
    school.spared = Spared(map(parse_host, ("lesson.example", "other.example")))
    school.update(check_all=False)

    assert () == school.lists_of("other.example")


def test_what_nobody_subscribes_to_any_more_is_forgotten(school: School) -> None:
    school.publisher.put("/bad", names(3))
    school.publisher.put("/worse", "worse.example\n")
    school.subscribe("bad")
    school.subscribe("worse")
    school.update()
    school.subscriptions = school.subscriptions[:1]
    school.update()

    assert () == school.lists_of("worse.example")
    assert {"bad"} == load_state(school.dir).lists.keys()
    assert 1 == len(school.files(".records"))


def test_a_locked_list_is_kept_though_nobody_subscribes_to_it_any_more(school: School) -> None:
    """Its policy stays in force, and its file may come back at any moment."""
    school.publisher.put("/bad", names(3), ETag='"1"')
    school.publisher.put("/worse", "worse.example\n")
    locked = school.subscribe("bad", locked=True)
    school.subscribe("worse")
    school.update()
    school.subscriptions.remove(locked)
    school.publisher.put("/worse", "worse.example\nworst.example\n")
    school.update()

    assert ("bad",) == school.lists_of("n1.example")
    assert ("worse",) == school.lists_of("worst.example")


def test_the_disk_holds_the_newest_table_the_one_before_and_those_in_use(
    school: School,
) -> None:
    school.subscribe("bad")
    tables = []
    for number in range(6):
        school.publisher.put("/bad", names(10 + number))
        tables.append(school.update().table)
        school.in_use = (tables[0] or "",)
    (school.dir / ".begun.bad.list").write_bytes(b"interrupted")
    school.update()

    expected = sorted(f"{each}.names" for each in (tables[0], tables[-2], tables[-1]))
    assert expected == [path.name for path in school.files(".names")]
    assert 1 == len(school.files(".records"))
    assert not (school.dir / ".begun.bad.list").exists()


def test_damaged_records_are_fetched_again_and_hide_nothing_meanwhile(school: School) -> None:
    school.publisher.put("/bad", names(10), ETag='"1"')
    school.publisher.put("/worse", "worse.example\n", ETag='"1"')
    school.subscribe("bad")
    school.subscribe("worse")
    school.update()
    (records,) = school.files("bad.*.records")
    octets = bytearray(records.read_bytes())
    octets[-1] ^= 1
    records.write_bytes(octets)
    school.publisher.put("/worse", "worse.example\nworst.example\n", ETag='"2"')
    faults = school.update().faults

    assert any("damaged" in fault for fault in faults)
    assert ("bad",) == school.lists_of("n1.example")
    assert () == school.update().faults
    assert ("bad",) == school.lists_of("n1.example")
    assert ("worse",) == school.lists_of("worst.example")


def test_a_list_of_which_nothing_is_left_keeps_the_table_that_has_it(school: School) -> None:
    school.publisher.put("/bad", names(10))
    school.publisher.put("/worse", "worse.example\n")
    school.subscribe("bad")
    school.subscribe("worse")
    before = school.update()
    for path in school.files("bad.*.records"):
        path.unlink()
    school.publisher.put("/bad", "", status=500)
    school.publisher.put("/worse", "worse.example\nworst.example\n")
    after = school.update()

    assert before.table == after.table
    assert ("bad",) == school.lists_of("n1.example")


@pytest.mark.parametrize("content", [b"", b"{", b'{"seed": "x"}', b"\xff" * 100, b"[1]"])
def test_a_damaged_state_is_begun_anew(school: School, content: bytes) -> None:
    school.publisher.put("/bad", names(10), ETag='"1"')
    school.subscribe("bad")
    school.update()
    (school.dir / STATE).write_bytes(content)
    (school.dir / MANIFEST).write_bytes(content)

    assert None is peek_state(school.dir)
    assert ("bad",) == school.update().renewed
    assert ("bad",) == school.lists_of("n1.example")


def test_a_table_that_went_is_made_again(school: School) -> None:
    school.publisher.put("/bad", names(10), ETag='"1"')
    school.subscribe("bad")
    school.update()
    for path in school.files(".names"):
        path.unlink()
    school.update(check_all=False)

    assert ("bad",) == school.lists_of("n1.example")


def test_what_is_left_out_is_kept_for_people_to_see(school: School) -> None:
    school.publisher.put("/bad", "@@||open.example^\n||bad.example^\n||lesson.example^\n")
    school.subscribe("bad", format=Format.ADGUARD)
    school.update()
    good = load_state(school.dir).lists["bad"].good

    assert good is not None
    assert ["exception", "spared"] == [each.reason for each in good.report.not_honoured]
    assert 1 == good.report.names


def test_a_table_that_cannot_be_made_leaves_the_one_before(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    school.publisher.put("/bad", names(10))
    school.subscribe("bad")
    before = school.update()
    school.publisher.put("/bad", names(11))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(updating, "compile_table", full)
    after = school.update()

    assert before.table == after.table
    assert "No space left" in after.faults[0]


def test_memory_that_runs_out_is_a_fault_of_the_list(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    school.publisher.put("/bad", names(10))
    school.subscribe("bad")
    school.update()

    def hungry(*_: object) -> None:
        raise MemoryError

    school.publisher.put("/bad", names(11))
    monkeypatch.setattr(updating, "read_list", hungry)

    assert "more memory than there is" in school.update().faults[0]
    assert ("bad",) == school.lists_of("n1.example")


def test_the_recipe_names_everything_that_reading_depends_on() -> None:
    one = Subscription("a", "adult", Format.DOMAINS, "s", url="https://a.example/")
    others = [
        msgspec.structs.replace(one, **change)
        for change in (
            {"format": Format.HOSTS},
            {"url": "https://b.example/"},
            {"url": None, "file": "x"},
            {"member": "x"},
            {"locked": True},
        )
    ]

    assert 6 == len({each.recipe("") for each in (one, *others)})
    assert one.recipe("") != one.recipe("other")
    assert one.recipe("") == msgspec.structs.replace(one, update_hours=1).recipe("")
