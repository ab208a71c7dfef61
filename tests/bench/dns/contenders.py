"""Who is measured, started one after another: peers that are installed, and Schoolgate."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from packets import CLIENTS, LISTED, Ask, allowed_name, listed_name
from peers import PEERS, MissingError, Site
from processes import Server, unused_port
from school_point import School

SCHOOLGATE = "Schoolgate"


def blocked() -> Iterator[str]:
    """Return every listed name."""
    return map(listed_name, range(LISTED))


def answering(
    folder: Path,
    upstream_port: int,
    only: Sequence[str],
    stack: ExitStack,
    *,
    workers: int = 1,
) -> Iterator[tuple[Server, float]]:
    """
    Return each server of *only*, or every one, once it answers, and how many seconds it took.

    *stack* ends them; *workers* are Schoolgate's. Of those that are not installed is said which
    package they are in.
    """
    folder.mkdir(exist_ok=True)
    for peer in PEERS:
        if only and peer.name not in only:
            continue
        own = folder / peer.name.replace(", ", "-")
        own.mkdir()
        site = Site(own, unused_port(), upstream_port)
        try:
            command = peer.command(site, blocked())
        except MissingError as missing:
            print(missing)
            continue
        yield _waited_for(stack.enter_context(Server(peer.name, command, site.port, own)))
    if not only or SCHOOLGATE in only:
        school = School(folder / "school", unused_port(), upstream_port, workers=workers)
        school.keep(school.source(blocked()))
        yield _waited_for(stack.enter_context(school.start()))


def _waited_for(server: Server) -> tuple[Server, float]:
    return server, server.wait_until_it_answers(Ask(allowed_name(0)), CLIENTS[0])
