"""The gate: policyd takes up no policy that is not proved."""

from collections.abc import Callable

import msgspec

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.proving import FEW_CASES, prove_preset
from schoolgate_policyd.rulefiles.preset import Preset

SEED = 1


class NotProvedError(SchoolgateError):
    """A policy does not hold what it must; each line says of one claim what breaks it."""


def faults_of(preset: Preset) -> tuple[str, ...]:
    """Return what *preset* does not hold, with few random cases: a start must not take long."""
    return prove_preset(preset, cases=FEW_CASES, seed=SEED).faults


class Gate:
    """Loads presets by *load* and holds each policy against its own preset's claims."""

    def __init__(
        self,
        load: Callable[[], Preset],
        faults: Callable[[Preset], tuple[str, ...]] = faults_of,
    ) -> None:
        self._load = load
        self._faults = faults
        self._preset: Preset | None = None
        self._proved: Preset | None = None

    def load(self) -> Policy:
        """Return the policy as it is loaded. Raises what *load* raises."""
        self._preset = self._load()
        return self._preset.policy

    def require_proof(self, policy: Policy) -> None:
        """Raise NotProvedError unless *policy*, which was loaded last, holds what it must."""
        if self._preset is None:
            raise NotProvedError(f"policy {policy.id}: nothing says what it must hold")
        claimed = msgspec.structs.replace(self._preset, policy=_without_table(policy))
        # Lists have other names every day, and no claim is about a name on one.
        if claimed == self._proved:
            return
        faults = self._faults(claimed)
        if faults:
            raise NotProvedError("\n".join(f"policy {policy.id}: {each}" for each in faults))
        self._proved = claimed


def is_the_same(policy: Policy, other: Policy) -> bool:
    """Whether both are one policy, whatever names their large lists have today."""
    return _without_table(policy) == _without_table(other)


def _without_table(policy: Policy) -> Policy:
    catalogue = msgspec.structs.replace(policy.catalogue, name_table=None)
    return msgspec.structs.replace(policy, catalogue=catalogue)
