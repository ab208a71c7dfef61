"""What happened between us and one upstream."""


class Counts:
    """
    What happened between us and one upstream, since this process began.

    A transport counts *mismatched* (messages that were not the answer), *late* (answers to
    questions whose time was over, where such can be told) and *tcp* (questions that went over a
    connection since UDP would not do); all others are counted by `Upstreams`.
    """

    __slots__ = ("answered", "asked", "failovers", "late", "mismatched", "tcp", "timeouts")

    def __init__(self) -> None:
        self.asked = 0
        self.answered = 0
        self.timeouts = 0
        self.mismatched = 0
        self.late = 0
        self.failovers = 0
        self.tcp = 0

    def as_dict(self) -> dict[str, int]:
        """Return every count by its name."""
        return {
            "answered": self.answered,
            "asked": self.asked,
            "failovers": self.failovers,
            "late": self.late,
            "mismatched": self.mismatched,
            "tcp": self.tcp,
            "timeouts": self.timeouts,
        }
