"""policyd's side of sending: a process of its own, over a socket or as a child."""

import asyncio
import sys
from pathlib import Path

import pytest
from mail_world import SENDER, MailServer, listening

from schoolgate_policyd.mail.letters import Answer, Letter, LetterError, line_of
from schoolgate_policyd.mail.posting import Posting

LETTERS = (
    Letter(4, SENDER, "one@school.example", b"Subject: a\r\n\r\nText\r\n"),
    Letter(5, SENDER, "two@school.example", b"Subject: b\r\n\r\nText\r\n"),
)


async def answers_of(posting: Posting) -> list[Answer]:
    return [answer async for answer in posting.post(LETTERS)]


def test_a_child_sends_the_letters_and_says_so(tmp_path: Path) -> None:
    server = MailServer()

    async def run() -> list[Answer]:
        async with listening(server) as port:
            config = tmp_path / "school.yaml"
            config.write_text(
                f"mail: {{server: 127.0.0.1, port: {port}, security: none, sender: {SENDER}}}\n"
            )
            environment = f"SCHOOLGATE_CONFIG={config}"
            module = "schoolgate_policyd.mail"
            command = ("/usr/bin/env", environment, sys.executable, "-m", module)
            return await answers_of(Posting(command=command))

    assert [Answer(4, is_taken=True), Answer(5, is_taken=True)] == asyncio.run(run())
    assert [["one@school.example"], ["two@school.example"]] == [
        each.recipients for each in server.received
    ]


def test_what_a_child_said_before_it_was_killed_counts() -> None:
    said = line_of(Answer(4, is_taken=True))
    code = (
        "import os, socket, sys; sys.stdin.buffer.read(); "
        f"socket.socket(fileno=0).sendall({said!r}); os.kill(os.getpid(), 9)"
    )

    answers = asyncio.run(answers_of(Posting(command=(sys.executable, "-Sc", code))))

    assert [Answer(4, is_taken=True)] == answers


@pytest.mark.parametrize("said", [b"nonsense\n", b'{"id": "x"}\n', b"\xff\n"])
def test_nonsense_is_no_answer(said: bytes) -> None:
    code = f"import socket; socket.socket(fileno=0).sendall({said!r})"

    with pytest.raises(LetterError):
        asyncio.run(answers_of(Posting(command=(sys.executable, "-Sc", code))))


def test_a_child_that_never_ends_is_ended() -> None:
    code = "import time; time.sleep(600)"

    posting = Posting(command=(sys.executable, "-Sc", code), end_within_s=0.1)

    async def run() -> None:
        async with asyncio.timeout(0.2):
            await answers_of(posting)

    with pytest.raises(TimeoutError):
        asyncio.run(run())


def test_where_a_socket_is_there_it_is_asked(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def run() -> list[Answer]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while line := await reader.readline():
                heard.append(line)
            writer.write(line_of(Answer(4, is_taken=True)))
            writer.close()

        path = tmp_path / "mail.sock"
        async with await asyncio.start_unix_server(serve, path):
            return await answers_of(Posting(socket_path=path, command=("/bin/false",)))

    assert [Answer(4, is_taken=True)] == asyncio.run(run())
    assert [line_of(each) for each in LETTERS] == heard
