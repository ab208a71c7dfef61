"""
What is remembered of what one client asks below one parent domain.

Neither names nor labels are kept: what was asked before is one bit of a hash.
"""

import msgspec


class Below(msgspec.Struct, gc=False):
    """
    The counts since *since_s*; *at_s* is when they were brought up to date.

    *is_look_up* says that new names are the rule below this parent. *seen* has a bit for each
    path of labels. While *closed_until_s* is not None the parent is closed, and *evidence* says
    why.
    """

    is_look_up: bool
    since_s: float
    at_s: float
    points: float = 0.0
    seen: int = 0
    names: int = 0
    code_names: int = 0
    name_octets: int = 0
    answer_octets: int = 0
    types: dict[int, int] = msgspec.field(default_factory=dict)
    closed_until_s: float | None = None
    evidence: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be remembered."""
        return not self.points and self.closed_until_s is None
