"""How processes log: one line an event on standard error; standard output is for live lines."""

import logging
import os
import re
import sys

import structlog

LEVEL_VARIABLE = "SCHOOLGATE_LOG"
# syslog(3)'s numbers, by the method that logs; the journal takes them from a line (sd-daemon(3)).
_PRIORITIES = {"critical": 2, "exception": 3, "error": 3, "warning": 4, "info": 6, "debug": 7}
# Line feeds are left to whoever writes the line, who escapes them.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def configure_logs(process: str) -> None:
    """Log as *process* from now on; `SCHOOLGATE_LOG` names the lowest level, `info` unless set."""
    level = logging.getLevelNamesMapping().get(
        os.environ.get(LEVEL_VARIABLE, "info").upper(), logging.INFO
    )
    # Tracebacks are plain: one that shows local variables would show whose request it was.
    if sys.stderr.isatty():
        shown: list[structlog.typing.Processor] = [
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        ]
    else:
        shown = [
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(
                key_order=["timestamp", "level", "process", "event"], bool_as_flag=False
            ),
        ]
        if _is_read_by_the_journal():
            shown.append(_with_priority)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _one_line,
            *shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)


def _is_read_by_the_journal() -> bool:
    """Whether systemd's journal reads standard error: it names its inode (systemd.exec(5))."""
    journal = os.environ.get("JOURNAL_STREAM")
    if journal is None:
        return False
    status = os.fstat(sys.stderr.fileno())
    return journal == f"{status.st_dev}:{status.st_ino}"


def _with_priority(_: structlog.typing.WrappedLogger, method: str, line: object) -> str:
    """Have the journal know how grave *line* is: `journalctl -p warning` goes by that."""
    return f"<{_PRIORITIES.get(method, 6)}>{line}"


def _one_line(
    _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Replace what moves a cursor or begins a line: what is logged may hold a stranger's words."""
    return {
        key: _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) else value
        for key, value in event.items()
    }
