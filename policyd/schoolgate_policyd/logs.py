"""How processes log: one line an event on standard error; standard output is for live lines."""

import logging
import os
import sys

import structlog

LEVEL_VARIABLE = "SCHOOLGATE_LOG"


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
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
