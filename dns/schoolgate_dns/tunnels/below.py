"""
What is remembered of what one client asks below one parent domain.

Neither names nor labels are kept: what was asked before is one bit of a hash.
"""

from typing import Final

from schoolgate_dns.native import mypyc_attr


@mypyc_attr(acyclic=True)
class Below:
    """
    The counts since *since_s*; *at_s* is when they were brought up to date.

    *is_look_up* says that new names are the rule below this parent. *seen* has a bit for each
    path of labels. While *closed_until_s* is not None the parent is closed, and *evidence* says
    why.
    """

    __slots__ = (
        "answer_octets",
        "at_s",
        "closed_until_s",
        "code_names",
        "evidence",
        "is_look_up",
        "name_octets",
        "names",
        "points",
        "seen",
        "since_s",
        "types",
    )

    def __init__(self, since_s: float, at_s: float, *, is_look_up: bool) -> None:
        self.is_look_up: Final = is_look_up
        self.since_s = since_s
        self.at_s = at_s
        self.points = 0.0
        self.seen = 0
        self.names = 0
        self.code_names = 0
        self.name_octets = 0
        self.answer_octets = 0
        self.types: dict[int, int] = {}
        self.closed_until_s: float | None = None
        self.evidence = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be remembered."""
        return not self.points and self.closed_until_s is None
