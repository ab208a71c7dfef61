"""How many questions may be on their way at once, to all upstreams together."""

MAX_IN_FLIGHT = 2048


class Room:
    """Room for *most* questions, each of which has a socket of its own; *taken* counts them."""

    def __init__(self, most: int = MAX_IN_FLIGHT) -> None:
        self.most = most
        self.taken = 0

    @property
    def is_full(self) -> bool:
        """Whether no further question can be asked."""
        return self.taken >= self.most
