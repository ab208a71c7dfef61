"""Presets of versions, read once: reading one takes a twentieth of a second."""

import threading

from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.rulefiles import Preset
from schoolgate_policyd.workflow.policy_versions import PolicyVersion
from schoolgate_policyd.workshop import Workshop

_MOST = 8


class PresetsRead:
    """
    What versions say, remembered while the policy in force stays the same object.

    A version stands on the catalogue that every school shares; when that changes, so does the
    policy in force, and everything is read anew.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._lock = threading.Lock()
        self._read: dict[tuple[int, str], Preset] = {}
        self._read_under: Policy | None = None

    def of(self, version: PolicyVersion, in_force: Policy) -> Preset:
        """Return what *version* says. Raises RuleFileErrors."""
        key = (version.number, version.digest)
        with self._lock:
            if self._read_under is not in_force:
                self._read.clear()
                self._read_under = in_force
            known = self._read.get(key)
        if known is not None:
            return known
        preset = self._workshop.preset(version.number)
        # A change in the meantime: these are the texts of another digest.
        is_as_asked = self._workshop.digest(version.number) == version.digest
        with self._lock:
            if is_as_asked and self._read_under is in_force:
                if len(self._read) >= _MOST:
                    self._read.clear()
                self._read[key] = preset
        return preset
