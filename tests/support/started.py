"""Processes of a test, which are ended together."""

import contextlib
import subprocess
from collections.abc import Iterable

_STOP_WITHIN_S = 6.0


class Started:
    """Processes that were started and are ended together."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[str]] = []

    def add(self, process: subprocess.Popen[str]) -> subprocess.Popen[str]:
        """Take care of *process*."""
        self._processes.append(process)
        return process

    def stop(self, processes: Iterable[subprocess.Popen[str]] | None = None) -> None:
        """End *processes*, all of them by default, by force those that do not listen."""
        ending = list(self._processes if processes is None else processes)
        for process in ending:
            process.terminate()
        for process in ending:
            try:
                process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
            with contextlib.suppress(ValueError):
                self._processes.remove(process)
