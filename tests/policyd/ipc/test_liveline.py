"""The line for each decision: short, harmless to a terminal, never waited for."""

import io
import threading
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from schoolgate_policyd.core.decision import Decision, Verdict
from schoolgate_policyd.core.rules import (
    Citation,
    Condition,
    Grant,
    GrantKind,
    Rule,
    ServiceScope,
)
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.ipc.liveline import MAX_WAITING_LINES, LivePrinter, live_line
from schoolgate_policyd.ipc.messages import PointKind
from schoolgate_policyd.ipc.recorder import Seen

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 6, 1, 9, 29, 3, tzinfo=UTC)
RULE = Rule("pupils-social-media", frozenset({"x"}), (Condition(),), Citation("Policy", "§7"))


def line(host: str = "www.tiktok.com", detail: str = "A", **more: object) -> str | None:
    verdict = Verdict.BLOCK
    decision = Decision(verdict, verdict, NOW, (RULE,), is_help_line=bool(more.pop("help", False)))
    seen = Seen(NOW, NOW, "127.0.1.10", Subject(network="pupils"), host, decision, is_blocked=True)
    return live_line(PointKind.DNS, seen, LONDON, detail)


def test_a_block_is_told_by_the_schools_clock_with_rule_and_clause() -> None:
    assert (
        "10:29:03 dns   block  127.0.1.10 pupil       www.tiktok.com A  pupils-social-media §7"
        == line()
    )


def test_an_allowed_page_is_told_with_the_kind_of_grant_that_opened_it() -> None:
    grant = Grant("g1", GrantKind.ACCESS_GRANT, ServiceScope("tiktok"), NOW, NOW)
    decision = Decision(Verdict.ALLOW, Verdict.ALLOW, NOW, grants=(grant, grant))
    seen = Seen(
        NOW,
        NOW,
        "192.0.2.1",
        Subject(),
        "a.example",
        decision,
        is_blocked=False,
        page="https://a.example/x",
    )

    assert (
        "10:29:03 proxy allow  192.0.2.1  unknown     https://a.example/x  access-grant"
        == live_line(PointKind.PROXY, seen, LONDON)
    )


def test_a_help_line_is_not_told() -> None:
    assert line(help=True) is None


def test_what_a_terminal_would_obey_is_shown_as_question_marks() -> None:
    told = line("a\x1b[2J\n\r\u202eb.example" + "x" * 500)

    assert told is not None
    assert "a?[2J???b.example" in told
    assert len(told) < 200
    assert told.isprintable()


def test_lines_are_printed_in_order_and_the_rest_at_the_end() -> None:
    stream = io.StringIO()
    printer = LivePrinter(stream)
    for number in range(100):
        printer.show(str(number))
    printer.close()

    assert [str(number) for number in range(100)] == stream.getvalue().split()


class Stuck(io.StringIO):
    """A terminal that does not read until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def write(self, text: str) -> int:
        self.released.wait(10)
        return super().write(text)


def test_a_terminal_that_does_not_read_costs_lines_never_time() -> None:
    stream = Stuck()
    printer = LivePrinter(stream)
    for number in range(2 * MAX_WAITING_LINES):
        printer.show(str(number))
    dropped = printer.dropped
    stream.released.set()
    printer.close()

    assert MAX_WAITING_LINES - 1 <= dropped <= MAX_WAITING_LINES


def test_a_terminal_that_is_gone_does_no_harm() -> None:
    stream = io.StringIO()
    stream.close()
    printer = LivePrinter(stream)
    printer.show("a line")
    printer.close()

    assert 0 == printer.dropped
