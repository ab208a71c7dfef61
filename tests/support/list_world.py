"""Lists for tests: texts to names, tables of them, and a server that publishes them."""

import gzip
import http.server
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from schoolgate_policyd.core.names import Host, parse_host
from schoolgate_policyd.lists.compiling import Kept, compile_table
from schoolgate_policyd.lists.formats import READERS
from schoolgate_policyd.lists.intake import HashName, Intake, Spared, hash_name
from schoolgate_policyd.lists.records import write_records
from schoolgate_policyd.lists.subscription import Format
from schoolgate_policyd.lists.table import NameTable, table_path
from schoolgate_policyd.lists.tally import Reason

SEED = 0x5C001_6A7E


def read(format_: Format, text: str | bytes, *, spared: tuple[str, ...] = ()) -> Intake:
    octets = text.encode() if isinstance(text, str) else text
    intake = Intake(SEED, Spared(map(parse_host, spared)))
    READERS[format_](octets.split(b"\n"), intake)
    return intake


def counted(intake: Intake) -> dict[Reason, int]:
    return {each.reason: each.count for each in intake.tally.not_honoured()}


def records_of(folder: Path, id_: str, intake: Intake) -> Kept:
    path = folder / f"{id_}.records"
    written = write_records(path, intake.parts)
    return Kept(path, written.sha256, written.names)


def table_of(
    folder: Path, lists: Mapping[str, tuple[Format, str]], *, hash_with: HashName = hash_name
) -> NameTable:
    """Return the table of *lists*, each a format and a text."""
    kept = {}
    for id_, (format_, text) in lists.items():
        intake = Intake(SEED, hash_with=hash_with)
        READERS[format_](text.encode().split(b"\n"), intake)
        kept[id_] = records_of(folder, id_, intake)
    compiled = compile_table(folder, kept, SEED)
    return NameTable(table_path(folder, compiled.sha256), compiled.sha256, hash_with=hash_with)


class FakeNames:
    """Names in a dictionary, by the list they are on: at the name, and below it."""

    def __init__(
        self, at: Mapping[str, tuple[str, ...]], below: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._at = {parse_host(name): ids for name, ids in at.items()}
        self._below = {parse_host(name): ids for name, ids in below.items()}

    def lists_of(self, host: Host) -> tuple[str, ...]:
        found = list(self._at.get(host, ()))
        for name, ids in self._below.items():
            if host != name and host.is_under(name):
                found += ids
        return tuple(dict.fromkeys(found))


class Publisher(http.server.ThreadingHTTPServer):
    """Answers each path as *answers* says: (status, headers, body), or a function that writes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, tuple[int, dict[str, str], bytes] | Callable[..., None]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def url(self, path: str, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.server_address[1]}{path}"

    def put(self, path: str, body: str | bytes, *, status: int = 200, **headers: str) -> None:
        octets = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = (status, named, octets)

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever hangs up is no error here."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Publisher
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers.items())))
        answer = self.server.answers.get(self.path, (404, {}, b""))
        if callable(answer):
            answer(self)
            self.close_connection = True
            return
        status, headers, body = answer
        etag = headers.get("ETag")
        if etag is not None and self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Nothing is printed."""


@contextmanager
def publishing() -> Iterator[Publisher]:
    """Run a publisher on loopback."""
    with Publisher() as publisher:
        serving = threading.Thread(target=publisher.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield publisher
        finally:
            publisher.shutdown()
            serving.join()


def packed(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)
