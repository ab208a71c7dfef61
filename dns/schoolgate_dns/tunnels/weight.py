"""How much a name and its answer weigh, in points; about one octet in words is a point."""

from typing import Final

from schoolgate_dns.native import mypyc_attr


@mypyc_attr(acyclic=True)
class Weight:
    """
    Points of a new name, of its octets in words and in code, and of an answer's octets.

    *excess_octet* is added for each octet of an answer above `carriage.USUAL_ANSWER_OCTETS`.
    """

    __slots__ = ("answer_octet", "code_octet", "excess_octet", "name", "word_octet")

    def __init__(
        self,
        name: float,
        word_octet: float,
        code_octet: float,
        answer_octet: float,
        excess_octet: float = 0.0,
    ) -> None:
        self.name: Final = name
        self.word_octet: Final = word_octet
        self.code_octet: Final = code_octet
        self.answer_octet: Final = answer_octet
        self.excess_octet: Final = excess_octet
