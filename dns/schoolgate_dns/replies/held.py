"""A reply as it is held, and given."""

from typing import Final

from schoolgate_dns.messages import Reply
from schoolgate_dns.native import mypyc_attr


@mypyc_attr(acyclic=True)
class Held:
    """
    A reply and for how many whole seconds it has been held.

    If it *is_stale*, its TTLs are `held.STALE_TTL_S` at most and count from now. For *lasts_s*
    whole seconds it may be given again without asking here; asked then, a hot one is fetched
    again before it is over.
    """

    __slots__ = ("age_s", "is_stale", "lasts_s", "reply")

    def __init__(
        self, reply: Reply, age_s: int, *, is_stale: bool = False, lasts_s: int = 0
    ) -> None:
        self.reply: Final = reply
        self.age_s: Final = age_s
        self.is_stale: Final = is_stale
        self.lasts_s: Final = lasts_s
