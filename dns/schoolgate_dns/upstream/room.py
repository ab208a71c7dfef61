"""How many questions may be on their way at once, to all upstreams together."""

from typing import Final

MAX_IN_FLIGHT: Final = 2048


class Room:
    """
    Room for *most* questions, each with a socket of its own at worst; *taken* counts them.

    Those to an upstream on this machine share sockets, and count all the same.
    """

    def __init__(self, most: int = MAX_IN_FLIGHT) -> None:
        self.most = most
        self.taken = 0

    @property
    def is_full(self) -> bool:
        """Whether no further question can be asked."""
        return self.taken >= self.most
