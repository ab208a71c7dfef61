"""What a proof finds when a policy does not hold a claim."""

import msgspec

from schoolgate_policyd.core.proof.witness import Witness


class Counterexample(msgspec.Struct, frozen=True):
    """
    A claim that does not hold, and a sentence that says who, what and when.

    *witness* is a request that shows it; None where what is missing has no request.
    """

    claim: str
    sentence: str
    witness: Witness | None = None
