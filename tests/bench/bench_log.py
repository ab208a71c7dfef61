"""
What the log and the figures take with a term's events: every page and every filter.

    python tests/bench/bench_log.py --events 10000000

A school of 420 pupils and 60 staff, the events spread over the school days of 89 days, a third of
them blocks. They are put into the files as rows and then added up as policyd adds up older days;
pages are asked of the application itself, signed in. Target: every page within 1 s.
"""

import argparse
import json
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from web_browser import Browser
from web_school import LESSON, MACHINE, WebSchool

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.store.day_files import path_of
from schoolgate_policyd.store.events import EventStore
from schoolgate_policyd.store.records import NewPerson

DAYS = 89
PUPILS, STAFF = 420, 60
SCHOOL_HOURS = range(8 * 60, 17 * 60)
TARGET_S = 1.0
TIMES = 3
# Needles: on one old day alone.
RARE_HOST, RARE_RULE, RARE_CATEGORY = "needle.example", "rare-rule", "rare-category"
CATEGORIES = ["video-sharing", "social-network", "circumvention", "adult", "gambling", "games"]
RULES = ["pupils-social-media", "staff-social-media", "circumvention", "baseline-adult"]
BLOCKED = f"INSERT INTO blocked VALUES ({','.join('?' * 22)})"  # noqa: S608 - marks alone
ALLOWED = f"INSERT INTO allowed VALUES ({','.join('?' * 12)})"  # noqa: S608 - marks alone


def school_days() -> list[date]:
    """Return the weekdays of the time that events are kept for, newest first."""
    today = MACHINE.date()
    every = (today - timedelta(days=number) for number in range(DAYS))
    return [day for day in every if day.weekday() < 5]


class Day:
    """The rows of one day: names and people drawn anew, the same in each run."""

    def __init__(self, day: date, count: int, *, has_needle: bool) -> None:
        self._day, self._count = day, count
        self._draw = random.Random(day.toordinal())  # noqa: S311 - the same events each time
        self._hosts = [f"www.site-{number}.example" for number in range(8_000)]
        self._social = [f"{name}.facebook.com" for name in ("www", "static", "edge", "chat")]
        self._has_needle = has_needle
        self._blocked = count // 3

    def _at(self, number: int, of: int) -> str:
        minute = SCHOOL_HOURS[number * len(SCHOOL_HOURS) // of]
        second = self._draw.randrange(60)
        return f"{self._day} {minute // 60:02}:{minute % 60:02}:{second:02}.000000"

    def blocked(self) -> Iterator[tuple[object, ...]]:
        """Yield the blocks, in the order of the table's columns."""
        draw = self._draw
        for number in range(self._blocked):
            at = self._at(number, self._blocked)
            is_staff = draw.random() < 0.2
            who = draw.randrange(STAFF if is_staff else PUPILS)
            client = f"10.2.0.{who + 1}" if is_staff else f"10.1.{who // 250}.{who % 250 + 1}"
            person = f"staff-{who}" if is_staff else f"pupil-{who}"
            category, rule = draw.choice(CATEGORIES), draw.choice(RULES)
            host = draw.choice(self._hosts)
            if self._has_needle and number == self._blocked // 2:
                host, rule, category = RARE_HOST, RARE_RULE, RARE_CATEGORY
            yield (
                "dns-1", "0123456789abcdef", number, at, at, at, "dns", client,
                "staff" if is_staff else "pupil", "school-computer", "pupil-computers", host,
                json.dumps([rule]), json.dumps(["Social Media Policy, §7"]),
                person if draw.random() < 0.8 else None, None, None, "[]",
                json.dumps([category]), "circumvention" if category == "circumvention" else None,
                draw.randrange(4) + 1, None,
            )  # fmt: skip

    def allowed(self) -> Iterator[tuple[object, ...]]:
        """Yield the counts of what was allowed."""
        draw, count = self._draw, self._count - self._blocked
        for number in range(count):
            is_staff = draw.random() < 0.2
            who = draw.randrange(STAFF if is_staff else PUPILS)
            client = f"10.2.0.{who + 1}" if is_staff else f"10.1.{who // 250}.{who % 250 + 1}"
            is_social = is_staff and draw.random() < 0.3
            yield (
                "dns-1", "0123456789abcdef", self._blocked + number,
                self._at(number, count)[:17] + "00.000000", "dns", client,
                draw.choice(self._social if is_social else self._hosts), draw.randrange(9) + 1,
                "staff" if is_staff else "pupil", f"staff-{who}" if is_staff else f"pupil-{who}",
                '["facebook"]' if is_social else "[]",
                '["social-network"]' if is_social else "[]",
            )  # fmt: skip


def fill(folder: Path, count: int) -> None:
    """Put *count* events into *folder*, and add them up."""
    days = school_days()
    with closing(EventStore(folder)) as store:
        for day in days:
            # An empty batch makes the day's file with its tables.
            with store._files.writing(day):
                pass
    for place, day in enumerate(days):
        path = path_of(folder, day)
        made = Day(day, count // len(days), has_needle=place == len(days) - 3)
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            file.execute("PRAGMA synchronous=OFF")
            for (name,) in file.execute(
                "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'ix_%'"
            ).fetchall():
                file.execute(f"DROP INDEX {name}")
            file.execute("BEGIN")
            file.execute("DELETE FROM sums_state")
            file.executemany(BLOCKED, made.blocked())
            file.executemany(ALLOWED, made.allowed())
            file.execute("COMMIT")
    with closing(EventStore(folder)) as store:
        while store.add_up_one():
            pass


def open_school(folder: Path) -> WebSchool:
    """Return the pages over the events, with the people whom these name."""
    school = WebSchool(folder)
    for number in range(PUPILS):
        added = NewPerson(
            f"pupil-{number}", f"Pupil Number {number}", Audience.PUPIL, year_group=number % 7
        )
        school.decisions.people.add(added, at=MACHINE, by=None)
    for number in range(STAFF):
        added = NewPerson(f"staff-{number}", f"Staff Number {number}", Audience.STAFF)
        school.decisions.people.add(added, at=MACHINE, by=None)
    return school


def addresses() -> list[str]:
    """Return the pages, with every filter: those that find much, little and nothing."""
    deep = int((MACHINE - timedelta(days=40)).timestamp() * 1_000_000)
    day = LESSON - timedelta(days=30)
    filters = [
        "", "audience=visitor", "audience=staff", "who=10.2.0.7", "who=10.9.9.9", "who=pc-1",
        "name=site-77", "name=facebook", "name=needle", "name=nowhere", "name=e",
        "rule=staff-social-media", "rule=rare-rule", "rule=no-such", "category=gambling",
        "category=rare-category", "attempts=yes", "attempts=yes&audience=visitor",
        "attempts=yes&rule=baseline-adult&name=site-77", "audience=staff&category=rare-category",
        f"from={day:%Y-%m-%dT%H:%M}", f"to={day:%Y-%m-%dT%H:%M}",
        f"from={day:%Y-%m-%dT09:00}&to={day:%Y-%m-%dT09:01}&who=10.2.0.7",
        f"before={deep}~dns-1~0~0", f"before={deep}~dns-1~0~0&rule=baseline-adult&name=site-77",
    ]  # fmt: skip
    log = [f"/log?{each}" for each in filters]
    log += [f"/log?{each}&allowed=yes" for each in filters]
    figures = [
        f"/figures?span={span}&on={LESSON - timedelta(days=back):%Y-%m-%d}"
        for span in ("day", "week", "term")
        for back in (1, 30)
    ]
    return [
        *log, "/log/rows?until=9999999999", "/log/people?q=number", "/log/looks", *figures,
        "/figures/minutes.csv?span=term", "/log/people/staff-7", "/log?person=staff-7",
        "/log?person=staff-7&allowed=yes&name=nowhere", "/log/people/pupil-7",
    ]  # fmt: skip


def measure(school: WebSchool) -> list[tuple[float, float, str]]:
    """Return for each page its slowest time and the most CPU that it took, in seconds."""
    browser, dsl = Browser(school).sign_in("lead"), Browser(school).sign_in("dsl")
    reason = {"reason": "safeguarding", "words": "measuring"}
    for person in ("staff-7", "pupil-7"):
        browser.send(f"/log/people/{person}", f"/log/people/{person}", **reason)
    found = []
    for address in addresses():
        took, cpu = [], []
        for _ in range(TIMES):
            started, cpu_before = time.perf_counter(), time.process_time()
            answer = (dsl if address == "/log/looks" else browser).ask("GET", address)
            took.append(time.perf_counter() - started)
            cpu.append(time.process_time() - cpu_before)
            if answer.status_code != 200:
                raise SystemExit(f"{address}: {answer.status_code}")
        found.append((max(took), max(cpu), address))
    return sorted(found, reverse=True)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="the log with a term's events")
    parser.add_argument("--events", type=int, default=10_000_000)
    count = parser.parse_args().events
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.perf_counter()
        fill(folder / "var" / "events", count)
        took = time.perf_counter() - started
        size = sum(each.stat().st_size for each in (folder / "var" / "events").iterdir())
        print(f"{count:,} events, {size / 1e6:,.0f} MB, written and added up in {took:.0f} s")
        school = open_school(folder / "var")
        try:
            found = measure(school)
        finally:
            school.close()
        for slowest, cpu, address in found[:15]:
            print(f"{slowest * 1000:6.0f} ms at most, {cpu * 1000:6.0f} ms of CPU  {address}")
        over = sum(slowest > TARGET_S for slowest, _, _ in found)
        print(f"{len(found)} pages, {over} of them over {TARGET_S:.0f} s")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak memory {peak:,.0f} MB")


if __name__ == "__main__":
    main()
