"""What the machine is asked from outside: the QEMU guest agent's words, over a socket."""

import base64
import contextlib
import json
import shlex
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

_POLL_S = 0.1
PATIENCE_S = 900.0
# Where the machine has what was brought to it in pieces.
_BROUGHT = "/run/brought"
_LONGEST_LINE = 64 * 1024 * 1024


class GuestError(Exception):
    """The machine does not answer, or a command in it failed."""


class Said(NamedTuple):
    """How a command in the machine ended, and what it said."""

    status: int
    output: str
    errors: str

    def must(self, command: str) -> str:
        """Return what *command* printed. Raises GuestError, with what it said, if it failed."""
        if self.status:
            told = f"{self.output[-2000:]}{self.errors[-2000:]}"
            raise GuestError(f"`{command}` ended with {self.status}: {told}")
        return self.output.rstrip("\n")


def run_message(command: str, given: str) -> dict[str, Any]:
    """Return the message that has the agent run the shell's *command* with *given* as input."""
    arguments: dict[str, Any] = {
        "path": "/bin/sh",
        "arg": ["-c", command],
        "capture-output": True,
        "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"],
    }
    if given:
        arguments["input-data"] = base64.b64encode(given.encode()).decode()
    return {"execute": "guest-exec", "arguments": arguments}


def said_in(status: dict[str, Any]) -> Said | None:
    """Return what the agent's *status* of a command says, None while it still runs."""
    if not status["exited"]:
        return None
    # Who was ended by a signal has no status; a shell would call it 128 and the signal's number.
    ended = status.get("exitcode", 128 + status.get("signal", 0))
    output, errors = (
        base64.b64decode(status.get(name, "")).decode(errors="replace")
        for name in ("out-data", "err-data")
    )
    return Said(ended, output, errors)


class Commands(Protocol):
    """Runs commands in what was booted."""

    def run(self, command: str, *, given: str = "", within_s: float = PATIENCE_S) -> Said:
        """Run the shell's *command* to its end. Raises GuestError if there is no answer."""
        ...

    def get(self, command: str, *, given: str = "", within_s: float = PATIENCE_S) -> str:
        """Return what *command* prints. Raises GuestError, with what it said, if it fails."""
        ...

    def write(self, place: str, content: str) -> None:
        """Put *content* into the file *place*, whose owner and mode stay."""
        ...


def at_path(path: Path) -> Callable[[], socket.socket]:
    """Return what connects with the socket *path*."""

    def connect() -> socket.socket:
        connected = socket.socket(socket.AF_UNIX)
        connected.settimeout(1.0)
        connected.connect(str(path))
        return connected

    return connect


class Guest:
    """
    The machine's agent, at the other end of what *connect* gives.

    Input of more than *longest_given* octets is brought in pieces, each of which it acknowledges.
    """

    def __init__(
        self, connect: Callable[[], socket.socket], longest_given: int | None = None
    ) -> None:
        self._connect = connect
        self._longest_given = longest_given
        self._socket: socket.socket | None = None
        self._kept = b""

    def wait(self, within_s: float, is_on: Callable[[], bool]) -> None:
        """Wait until the agent answers, for as long as the machine *is_on*. Raises GuestError."""
        deadline = time.monotonic() + within_s
        number = 0
        while is_on() and time.monotonic() < deadline:
            number += 1
            with contextlib.suppress(OSError, GuestError, ValueError):
                self._open()
                # Whatever was said before is passed over (guest-sync of the agent's reference).
                self._send({"execute": "guest-sync", "arguments": {"id": number}})
                while self._receive(1.0).get("return") != number:
                    pass
                return
            self.close()
            time.sleep(_POLL_S)
        said = f"did not answer within {within_s:.0f} s" if is_on() else "ended"
        raise GuestError(f"the machine {said} (its logs may say why)")

    def run(self, command: str, *, given: str = "", within_s: float = PATIENCE_S) -> Said:
        """Run the shell's *command* to its end. Raises GuestError if the machine is silent."""
        if self._longest_given is not None and len(given.encode()) > self._longest_given:
            self._bring(given.encode(), self._longest_given)
            command, given = f"/bin/sh -c {shlex.quote(command)} < {_BROUGHT}", ""
        number = self._asked(run_message(command, given))["pid"]
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            asking = {"execute": "guest-exec-status", "arguments": {"pid": number}}
            said = said_in(self._asked(asking))
            if said is not None:
                return said
            time.sleep(_POLL_S)
        raise GuestError(f"`{command}` takes longer than {within_s:.0f} s")

    def get(self, command: str, *, given: str = "", within_s: float = PATIENCE_S) -> str:
        """Return what *command* prints. Raises GuestError, with what it said, if it fails."""
        return self.run(command, given=given, within_s=within_s).must(command)

    def write(self, place: str, content: str) -> None:
        """Put *content* into the machine's file *place*, whose owner and mode stay."""
        self.get(f"cat > {shlex.quote(place)}", given=content)

    def close(self) -> None:
        """Speak with the agent no more."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._kept = b""

    def _open(self) -> None:
        self.close()
        self._socket = self._connect()
        self._socket.settimeout(1.0)

    def _bring(self, given: bytes, longest: int) -> None:
        """Write *given* into a file of the machine's (guest-file-write of the reference)."""
        opening = {"execute": "guest-file-open", "arguments": {"path": _BROUGHT, "mode": "w"}}
        handle = self._ask(opening)
        for start in range(0, len(given), longest):
            piece = base64.b64encode(given[start : start + longest]).decode()
            arguments = {"handle": handle, "buf-b64": piece}
            self._ask({"execute": "guest-file-write", "arguments": arguments})
        self._ask({"execute": "guest-file-close", "arguments": {"handle": handle}})

    def _asked(self, message: dict[str, Any]) -> dict[str, Any]:
        found = self._ask(message)
        assert isinstance(found, dict)
        return found

    def _ask(self, message: dict[str, Any]) -> object:
        try:
            self._send(message)
            answer = self._receive(60.0)
        except (OSError, ValueError) as error:
            raise GuestError(f"the machine does not answer: {error}") from error
        if "error" in answer:
            raise GuestError(str(answer["error"]))
        return answer["return"]

    def _send(self, message: dict[str, Any]) -> None:
        if self._socket is None:
            raise GuestError("nobody speaks with the machine")
        self._socket.sendall(json.dumps(message).encode() + b"\n")

    def _receive(self, within_s: float) -> dict[str, Any]:
        assert self._socket is not None
        self._socket.settimeout(within_s)
        while b"\n" not in self._kept:
            octets = self._socket.recv(65536)
            if not octets or len(self._kept) > _LONGEST_LINE:
                raise GuestError("the machine hung up")
            self._kept += octets
        line, _, self._kept = self._kept.partition(b"\n")
        answer = json.loads(line.lstrip(b"\xff"))
        assert isinstance(answer, dict)
        return answer
