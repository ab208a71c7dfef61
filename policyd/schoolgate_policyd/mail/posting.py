"""
policyd's side of sending: letters go to a process of their own, answers come back one by one.

On the gateway policyd has no network, and the service manager starts that process for whoever
connects to a socket (`systemd/units/schoolgate-mail.socket`); elsewhere it is policyd's child.
"""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path

from schoolgate_policyd.child import SUPERVISOR_VARIABLE
from schoolgate_policyd.mail.letters import MAX_LINE, Answer, Letter, answer_in, line_of

COMMAND = (sys.executable, "-m", "schoolgate_policyd.child", "schoolgate_policyd.mail")
END_WITHIN_S = 2.0


class Posting:
    """
    Hands letters over; *socket_path* is the service manager's, where there is one.

    A child that does not end by itself is ended after *end_within_s*.
    """

    def __init__(
        self,
        *,
        socket_path: Path | None = None,
        command: Sequence[str] = COMMAND,
        end_within_s: float = END_WITHIN_S,
    ) -> None:
        self._socket_path = socket_path
        self._command = tuple(command)
        self._end_within_s = end_within_s

    async def post(self, letters: Sequence[Letter]) -> AsyncGenerator[Answer]:
        """Yield the answers as they come. Raises OSError, LetterError."""
        async with contextlib.AsyncExitStack() as stack:
            if self._socket_path is not None and self._socket_path.exists():
                reader, writer = await asyncio.open_unix_connection(
                    self._socket_path, limit=MAX_LINE
                )
            else:
                child = _child(self._command, self._end_within_s)
                reader, writer = await stack.enter_async_context(child)
            stack.callback(writer.transport.abort)
            writer.writelines(line_of(letter) for letter in letters)
            writer.write_eof()
            # Killed before it read every letter, it leaves a connection that is reset.
            with contextlib.suppress(ConnectionError):
                while line := await reader.readline():
                    yield answer_in(line)


@contextlib.asynccontextmanager
async def _child(
    command: Sequence[str], end_within_s: float
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Give a connection to a child that has its other end as standard input."""
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                env={**os.environ, SUPERVISOR_VARIABLE: str(os.getpid())},
                stdin=theirs.fileno(),
            )
        except BaseException:
            ours.close()
            raise
    try:
        yield await asyncio.open_connection(sock=ours, limit=MAX_LINE)
    finally:
        await _ended(process, end_within_s)


async def _ended(process: asyncio.subprocess.Process, within_s: float) -> None:
    """Wait for a child that should end by itself, and end one that does not."""
    try:
        await asyncio.wait_for(process.wait(), within_s)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
