"""What the commands about policy versions work with: the store, the workshop and both clocks."""

import difflib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from schoolgate_policyd.cli.frame import complaining, refuse, school_now, settings_in_use
from schoolgate_policyd.clock import MachineClock

if TYPE_CHECKING:
    from schoolgate_policyd.store.decisions import DecisionStore
    from schoolgate_policyd.workflow.people import Member
    from schoolgate_policyd.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Bench:
    """What the commands work with."""

    store: "DecisionStore"
    workshop: "Workshop"
    school: str
    machine: datetime
    moment: datetime

    def member(self, username: str) -> "Member":
        """Return whoever signs in as *username*, or end with a sentence."""
        members = self.store.people.members()
        found = next((each for each in members if each.username == username), None)
        if found is None:
            refuse(f"nobody signs in as `{username}`: give the user name of a person")
        return found

    def again(self) -> "Bench":
        """Return the same at what both clocks say now."""
        return replace(self, machine=MachineClock().now(), moment=school_now(settings_in_use()))

    def zone(self) -> ZoneInfo:
        """Return the school's zone."""
        in_force = self.workshop.in_force(self.moment)
        return ZoneInfo(self.workshop.preset(in_force.number).policy.school_time.zone)


@contextmanager
def bench() -> Iterator[Bench]:
    """Give what the commands work with, and say what went wrong in a sentence."""
    from schoolgate_policyd.store.decisions import DecisionStore
    from schoolgate_policyd.workshop import Workshop

    with complaining():
        settings = settings_in_use()
        if not settings.decisions_path.exists():
            refuse(f"{settings.decisions_path}: is not there: start Schoolgate once")
        codes_key = settings.codes_key_path
        with closing(DecisionStore(settings.decisions_path, codes_key=codes_key)) as store:
            yield Bench(
                store=store,
                workshop=Workshop(settings.rules_dir, settings.school, store.policies),
                school=settings.school,
                machine=MachineClock().now(),
                moment=school_now(settings),
            )


def diff_of(before: dict[str, str], after: dict[str, str]) -> str:
    """Return the lines in which two versions' texts differ."""
    lines: list[str] = []
    for path in sorted(before.keys() | after.keys()):
        old, new = (each.get(path, "").splitlines(keepends=True) for each in (before, after))
        lines += difflib.unified_diff(old, new, f"rules/{path}", f"rules/{path}")
    return "".join(lines)


def read_text(path: Path) -> str:
    """Return the text at *path*, or end with a sentence."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        refuse(f"{path}: cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        refuse(f"{path}: is not UTF-8: save it in that encoding")


def wake() -> None:
    """Tell policyd that another version may be in force."""
    from schoolgate_policyd.ipc.admin import AdminClient

    AdminClient(settings_in_use().socket_path).wake()
