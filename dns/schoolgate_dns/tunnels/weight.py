"""How much a name and its answer weigh, in points; about one octet in words is a point."""

import msgspec


class Weight(msgspec.Struct, frozen=True, gc=False):
    """
    Points of a new name, of its octets in words and in code, and of an answer's octets.

    *excess_octet* is added for each octet of an answer above `carriage.USUAL_ANSWER_OCTETS`.
    """

    name: float
    word_octet: float
    code_octet: float
    answer_octet: float
    excess_octet: float = 0.0
