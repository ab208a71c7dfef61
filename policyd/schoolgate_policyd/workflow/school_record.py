"""The school's own name and preset, which are preferred to the configuration's."""

from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec

from schoolgate_policyd.workflow.entries import Entry

MAX_NAME = 80
FIELDS = ("name", "preset")


class SchoolRecord(msgspec.Struct, frozen=True):
    """What the school is called and from which preset it started; *set_up_at*: machine time."""

    name: str
    preset: str
    version: int
    set_up_at: datetime | None = None


def parse_school(raw: Mapping[str, str], presets: Collection[str]) -> tuple[str, str]:
    """Return name and preset as entered. Raises InvalidForm."""
    entry = Entry(raw, FIELDS)
    name = entry.line("name", "Enter the school’s name.", MAX_NAME)
    known = {each: each for each in presets}
    preset = entry.choice("preset", known, "Choose the policy that is nearest to yours.")
    entry.raise_mistakes()
    return name, preset or ""


def parse_name(raw: Mapping[str, str]) -> str:
    """Return the school's name as entered. Raises InvalidForm."""
    entry = Entry(raw, ("name",))
    name = entry.line("name", "Enter the school’s name.", MAX_NAME)
    entry.raise_mistakes()
    return name
