"""
A list from the internet: by ETag, within bounds of time and size, never from inside the school.

Each address that a name leads to is looked at before it is connected to, each redirection like
the first request, and the whole must be done in time however slowly a server drips.
"""

import http.client
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urljoin

import certifi
import msgspec

from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import AddressLiteral, Host, Url, parse_url
from schoolgate_policyd.destinations import Destinations
from schoolgate_policyd.lists.errors import ListError
from schoolgate_policyd.lists.pinned import PinnedConnection
from schoolgate_policyd.lists.tally import shown
from schoolgate_policyd.lists.validators import MAX_VALIDATOR, Validators

MAX_REDIRECTIONS = 3
MAX_ADDRESSES = 4
BLOCK_OCTETS = 1 << 16
MEGABYTE = 1_000_000
_REDIRECTIONS = frozenset({301, 302, 303, 307, 308})
_PORTS = {"http": 80, "https": 443}

Resolve = Callable[[str], tuple[str, ...]]
"""Gives the addresses of a name. Raises OSError."""


class Patience(msgspec.Struct, frozen=True):
    """How long a server is waited for, in seconds: each answer, and the whole."""

    answer_s: float = 20.0
    whole_s: float = 600.0


def system_addresses(name: str) -> tuple[str, ...]:
    """Return the addresses of *name*, as the system resolves it. Raises OSError."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def trusting(authority: Path | None = None) -> ssl.SSLContext:
    """Return what certificates are checked with; *authority* is a PEM file of further ones."""
    context = ssl.create_default_context(cafile=certifi.where())
    if authority is not None:
        context.load_verify_locations(authority)
    return context


class Fetcher:
    """
    Fetches lists to files.

    *keep_free_octets* stay free on the disk, whatever a server sends.
    """

    def __init__(
        self,
        destinations: Destinations,
        *,
        tls: ssl.SSLContext,
        patience: Patience = Patience(),  # noqa: B008 - it cannot change
        keep_free_octets: int = 0,
        resolve: Resolve = system_addresses,
    ) -> None:
        self._destinations = destinations
        self._tls = tls
        self._patience = patience
        self._keep_free_octets = keep_free_octets
        self._resolve = resolve

    def fetch(
        self, text: str, into: Path, validators: Validators, max_megabytes: int
    ) -> Validators | None:
        """
        Write what is at the URL *text* to *into*; None where *validators* say it is the same.

        Raises ListError, which says what is wrong in one sentence.
        """
        place = _url(text)
        for _ in range(MAX_REDIRECTIONS + 1):
            with self._asked(place, validators) as answer:
                if answer.status in _REDIRECTIONS:
                    place = _redirected(place, answer.getheader("Location"))
                    continue
                if answer.status == http.client.NOT_MODIFIED and validators.headers:
                    return None
                if answer.status != http.client.OK:
                    raise ListError(f"{place.host} answered with {answer.status}")
                self._keep(answer, into, max_megabytes * MEGABYTE)
                return Validators(
                    _validator(answer.getheader("ETag")),
                    _validator(answer.getheader("Last-Modified")),
                )
        raise ListError(f"it was redirected more than {MAX_REDIRECTIONS} times")

    @contextmanager
    def _asked(self, place: Url, validators: Validators) -> Iterator[http.client.HTTPResponse]:
        is_late = threading.Event()
        connection = self._connected(place)

        def cut() -> None:
            is_late.set()
            connection.cut()

        timer = threading.Timer(self._patience.whole_s, cut)
        timer.start()
        late = ListError(f"{place.host} was not done after {self._patience.whole_s:g} seconds")
        try:
            with closing(connection):
                connection.connect()
                connection.request("GET", _target(place), headers=_headers(validators.headers))
                with connection.getresponse() as answer:
                    yield answer
        except (OSError, http.client.HTTPException, ValueError) as error:
            if is_late.is_set():
                raise late from error
            raise ListError(f"{place.host} cannot be asked: {_cause(error)}") from error
        finally:
            timer.cancel()
        # What was cut in its headers looks like an answer that is complete, and empty.
        if is_late.is_set():
            raise late

    def _connected(self, place: Url) -> PinnedConnection:
        return PinnedConnection(
            place.host.text,
            place.port or _PORTS[place.scheme],
            address=self._address_of(place.host),
            tls=self._tls if place.scheme == "https" else None,
            timeout_s=self._patience.answer_s,
        )

    def _address_of(self, host: Host) -> str:
        try:
            is_literal = isinstance(host, AddressLiteral)
            addresses = (host.text,) if is_literal else self._resolve(host.text)
        except (OSError, UnicodeError) as error:
            raise ListError(f"{host} has no address: {_cause(error)}") from error
        for address in addresses[:MAX_ADDRESSES]:
            if self._destinations.is_permitted(address):
                return address
        raise ListError(f"{host} leads inside the school or nowhere: lists never come from there")

    def _keep(self, answer: http.client.HTTPResponse, into: Path, most_octets: int) -> None:
        said = answer.length
        if said is not None and said > most_octets:
            raise _too_large(most_octets)
        octets = 0
        with into.open("wb") as file:
            while block := answer.read(BLOCK_OCTETS):
                octets += len(block)
                if octets > most_octets:
                    raise _too_large(most_octets)
                free = shutil.disk_usage(into.parent).free
                if free - len(block) < self._keep_free_octets:
                    raise ListError(
                        f"the disk has only {free // MEGABYTE:,} MB left: make room on it"
                    )
                file.write(block)
        if said is not None and octets < said:
            raise ListError(f"the answer ended after {octets:,} of {said:,} octets")


def _url(text: str) -> Url:
    try:
        place = parse_url(text)
    except NameSyntaxError as error:
        raise ListError(str(error)) from error
    if place.scheme not in _PORTS:
        raise ListError(f"`{place.scheme}:` is neither http nor https")
    return place


def _redirected(place: Url, location: str | None) -> Url:
    if location is None:
        raise ListError(f"{place.host} redirects without saying where")
    target = _url(urljoin(str(place), location))
    if place.scheme == "https" and target.scheme != "https":
        raise ListError(f"{place.host} redirects from https to http")
    return target


def _target(place: Url) -> str:
    return place.path if place.query is None else f"{place.path}?{place.query}"


def _headers(asking: Mapping[str, str]) -> dict[str, str]:
    # What is compressed for the way would be measured twice; a packed list is packed as a file.
    return {"User-Agent": "schoolgate", "Accept-Encoding": "identity", **asking}


def _validator(text: str | None) -> str | None:
    """Return what a server wants to be asked with next time, if it can be sent at all."""
    if text is None or len(text) > MAX_VALIDATOR or not (text.isascii() and text.isprintable()):
        return None
    return text


def _too_large(most_octets: int) -> ListError:
    return ListError(f"the list is larger than {most_octets // MEGABYTE} MB: see `max_megabytes`")


def _cause(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return shown((str(error) or type(error).__name__).encode())
