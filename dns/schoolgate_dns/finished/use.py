"""What one client is given in one minute: all that an answer given again has to look at."""

from schoolgate_dns.finished.answer import FinishedAnswer
from schoolgate_dns.finished.finishing import renew


class Use:
    """
    An answer, *finished*, as one client is given it in one minute; each use is only itself.

    *octets* are its own, right for *second* (of the monotonic clock), which is the newest in which
    it was given. *untold* counts how often it was, less what an event has told already: the first
    time of one that blocks.

    INVARIANT: whoever gives the octets has seen that `second` is now's, or has made it so with
    `renew`.
    """

    __slots__ = ("finished", "octets", "second", "untold")

    def __init__(self, finished: FinishedAnswer, second: int) -> None:
        self.finished = finished
        self.untold = -1 if finished.is_blocked else 0
        self.octets = finished.octets
        self.second = second

    def renew(self, second: int) -> bool:
        """Make it right for *second*; return False if it may not be given any more."""
        finished = self.finished
        # Others who are given the same may have done most of it.
        if finished.second != second and not renew(finished, second):
            return False
        self.octets = finished.octets
        self.second = second
        return True
