"""The line that a newcomer sees for each decision, and a printer that never makes one wait."""

import queue
import sys
import threading
from typing import TextIO
from zoneinfo import ZoneInfo

from schoolgate_policyd.core.decision import Decision
from schoolgate_policyd.core.subjects import UNKNOWN_SUBJECT
from schoolgate_policyd.ipc.messages import PointKind
from schoolgate_policyd.ipc.recorder import Seen

MAX_WHAT_LENGTH = 100
MAX_WAITING_LINES = 1000
_CLOSING_S = 1.0


def live_line(point: PointKind, seen: Seen, zone: ZoneInfo, detail: str = "") -> str | None:
    """
    Return one line on what was decided, by the school's clock; None for a help line.

    *detail* stands behind the page or host: a record type, a method.
    """
    if seen.decision.is_help_line:
        return None
    time = seen.school_at.astimezone(zone).strftime("%H:%M:%S")
    word = "block" if seen.is_blocked else "allow"
    is_known = seen.subject.network != UNKNOWN_SUBJECT.network
    who = seen.subject.audience.value if is_known else UNKNOWN_SUBJECT.network
    what = _printable(seen.page or seen.host)
    if detail:
        what = f"{what} {_printable(detail)}"
    reason = _reason(seen.decision, is_blocked=seen.is_blocked)
    return (
        f"{time} {point.value:<5} {word:<6} {seen.client:<10} {who:<11} {what}  {reason}".rstrip()
    )


def _reason(decision: Decision, *, is_blocked: bool) -> str:
    if is_blocked:
        return ", ".join(f"{rule.id} {rule.cite.section}" for rule in decision.rules)
    return ", ".join(dict.fromkeys(grant.kind.value for grant in decision.grants))


def _printable(text: str) -> str:
    """Return *text* such that a terminal only shows it, shortened in the middle."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text)
    if len(shown) <= MAX_WHAT_LENGTH:
        return shown
    half = MAX_WHAT_LENGTH // 2
    return f"{shown[:half]}…{shown[-half:]}"


class LivePrinter:
    """
    Prints lines from a thread of its own; when the reader is slow, lines are dropped.

    *dropped* counts them. `close` waits briefly for what is left.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.dropped = 0
        self._stream = sys.stdout if stream is None else stream
        self._lines: queue.Queue[str | None] = queue.Queue(MAX_WAITING_LINES)
        # A daemon, since a terminal that does not read must not keep the process alive.
        self._thread = threading.Thread(target=self._print_all, name="live lines", daemon=True)
        self._thread.start()

    def show(self, line: str) -> None:
        """Have *line* printed soon; never waits."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Print what is left, for at most a second."""
        try:
            self._lines.put(None, timeout=_CLOSING_S)
        except queue.Full:
            return
        self._thread.join(_CLOSING_S)

    def _print_all(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._stream.write(line + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                return  # nobody reads any more; the decisions go on
