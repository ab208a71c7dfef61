"""What was found of the machine: a plain sentence, whether it is so, and what was seen."""

import time
from collections.abc import Callable
from typing import NamedTuple

_LOOK_EVERY_S = 0.5


class Finding(NamedTuple):
    """One check's result."""

    sentence: str
    is_so: bool
    seen: str


class Findings:
    """All results of a run, each told as soon as it is there by *tell*."""

    def __init__(self, tell: Callable[[str], None] = print) -> None:
        self.every: list[Finding] = []
        self._tell = tell

    def found(self, sentence: str, is_so: bool, seen: object = "") -> None:
        """Note whether *sentence* is so, and what was *seen*."""
        finding = Finding(sentence, is_so, str(seen).strip())
        self.every.append(finding)
        self._tell(told(finding))

    @property
    def faults(self) -> list[Finding]:
        """What is not as it should be."""
        return [each for each in self.every if not each.is_so]


def told(finding: Finding) -> str:
    """Return *finding* as it is printed: a line, and below it what was seen where that is long."""
    mark = "yes" if finding.is_so else "NO "
    if not finding.seen:
        return f"{mark}  {finding.sentence}"
    if "\n" not in finding.seen:
        return f"{mark}  {finding.sentence}: {finding.seen}"
    lines = "\n".join(f"       {line}" for line in finding.seen.splitlines())
    return f"{mark}  {finding.sentence}:\n{lines}"


def waited(condition: Callable[[], bool], within_s: float) -> float | None:
    """Wait until *condition* holds and return for how many seconds; None if it never did."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within_s:
            return None
        time.sleep(_LOOK_EVERY_S)
    return time.monotonic() - began
