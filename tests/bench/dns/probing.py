"""Clients that ask one thing at a time, and note what they heard and how long they waited."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from datagrams import connected
from packets import Ask, WrongAnswerError, is_answer_to


class Turning(Protocol):
    """Something that a loop of load gives a turn, such as a `Probe`."""

    def turn(self, now_s: float) -> None:
        """Do what is due."""
        ...


@dataclass(frozen=True)
class Heard:
    """An answer: when it was asked for and came (`perf_counter`), and its response code."""

    sent_s: float
    came_s: float
    rcode: int


class Probe:
    """
    The client at *address*, which asks one of *asks* every *every_s* and waits for the answer.

    *heard* has the answers; *lost* counts those that did not come within *silent_s*. Each is
    compared with its question, the response code too where *is_rcode_known*.
    """

    def __init__(
        self,
        address: str,
        port: int,
        asks: Sequence[Ask],
        every_s: float,
        *,
        silent_s: float = 1.0,
        is_rcode_known: bool = True,
    ) -> None:
        self.heard: list[Heard] = []
        self.lost = 0
        self._asks = asks
        self._every_s, self._silent_s = every_s, silent_s
        self._is_rcode_known = is_rcode_known
        self._socket = connected(address, port)
        self._number = 0
        self._packet = b""
        self._sent_s = float("-inf")

    @property
    def waits_s(self) -> list[float]:
        """How long each answer took; the longest for those that did not come."""
        waits_s = [each.came_s - each.sent_s for each in self.heard]
        return waits_s + [self._silent_s] * self.lost

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def forget(self) -> None:
        """Begin to note anew."""
        self.heard, self.lost = [], 0

    def turn(self, now_s: float) -> None:
        """Do what is due. Raises WrongAnswerError."""
        if self._packet:
            self._listen(now_s)
        elif now_s - self._sent_s >= self._every_s:
            self._number += 1
            packet = self._ask.packet(self._number & 0xFFFF)
            try:
                self._socket.send(packet)
            except OSError:
                return  # there is no room just now
            self._sent_s, self._packet = now_s, packet

    @property
    def _ask(self) -> Ask:
        return self._asks[self._number % len(self._asks)]

    def _listen(self, now_s: float) -> None:
        try:
            answer = self._socket.recv(4096)
        except OSError:
            if now_s - self._sent_s > self._silent_s:
                self.lost += 1
                self._packet = b""
            return
        if answer[:2] != self._packet[:2]:
            return  # the late answer to a question that was given up
        rcode = answer[3] & 0x0F
        expected = self._ask.rcode if self._is_rcode_known else rcode
        if not is_answer_to(answer, self._packet, expected):
            raise WrongAnswerError(f"{self._ask}: {answer.hex()}")
        self.heard.append(Heard(self._sent_s, now_s, rcode))
        self._packet = b""


def percentile(waits_s: Sequence[float], share: float) -> float:
    """Return the wait that *share* of *waits_s* do not exceed; 0 of none."""
    ordered = sorted(waits_s)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0
