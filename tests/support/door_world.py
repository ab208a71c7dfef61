"""Loopback sockets around the front door: a client, an origin, and a loop that both share."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from time import monotonic


def listener(address: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """Return a socket that takes connections and does not wait."""
    made = socket.create_server((address, port), backlog=16)
    made.setblocking(False)
    return made


def a_port_nobody_listens_at() -> int:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        return int(gone.getsockname()[1])


async def connected() -> tuple[socket.socket, socket.socket]:
    """Return both ends of a TCP connection, neither of which waits."""
    with listener() as waiting:
        return await to(waiting.getsockname()), (await taken(waiting))


async def to(place: tuple[str, int]) -> socket.socket:
    """Return a connection to *place*."""
    made = socket.socket()
    made.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(made, place)
    except OSError:
        made.close()
        raise
    return made


async def taken(waiting: socket.socket) -> socket.socket:
    """Return the next connection that comes to *waiting*."""
    loop = asyncio.get_running_loop()
    accepted, _ = await asyncio.wait_for(loop.sock_accept(waiting), 5)
    return accepted


async def send(end: socket.socket, octets: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(end, octets)


async def receive(end: socket.socket, most: int = 65536) -> bytes:
    """Return what comes next, nothing at the end."""
    return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(end, most), 5)


async def receive_all(end: socket.socket) -> bytes:
    """Return everything that comes until the end."""
    got = bytearray()
    while part := await receive(end, 1 << 20):
        got += part
    return bytes(got)


async def is_reset(end: socket.socket) -> bool:
    """Whether *end* ends with a reset, whatever comes before."""
    try:
        await receive_all(end)
    except ConnectionError:
        return True
    return False


async def until(holds: Callable[[], bool], within_s: float = 5.0) -> None:
    """Wait until *holds*."""
    end = monotonic() + within_s
    while not holds():
        assert monotonic() < end, "it never came to hold"
        await asyncio.sleep(0.005)


def run[T](work: Callable[[], Awaitable[T]]) -> T:
    """Run *work* in a loop of its own."""

    async def whole() -> T:
        return await asyncio.wait_for(work(), 20)

    return asyncio.run(whole())
