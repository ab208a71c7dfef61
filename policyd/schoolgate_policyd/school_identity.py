"""Which school this is: what it said at its first run, else what the configuration says."""

import dataclasses

from schoolgate_policyd.settings import Settings
from schoolgate_policyd.store.school import School


def preset_of(settings: Settings, school: School) -> str:
    """Return the name of the school's preset. Raises StoreError."""
    record = school.record()
    return settings.school if record is None else record.preset


def as_the_school_says(settings: Settings, school: School) -> Settings:
    """Return *settings* with the school's own name and preset. Raises StoreError."""
    record = school.record()
    if record is None:
        return settings
    return dataclasses.replace(settings, school=record.preset, school_name=record.name)
