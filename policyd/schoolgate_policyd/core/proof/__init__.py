"""
Proof that a policy holds what it must, over everything that there can be in a school year.

- `asked`: what rules ask; only that tells one request from another.
- `year`: the different times of the school year, each with its first span.
- `dimensions`: what tells subjects, times and live states apart, few values each.
- `cells`: sets of combinations of those values, as whole numbers.
- `judge`: the cells in which a rule blocks. `verdicts`: in which a policy does.
- `sites`: the classes of sites that no rule tells apart. `survey` goes through all of it.
- `claims`, `laws`: what must hold. `prove` checks it; `openings` compares two policies.
- `agreement`: the proof held against decisions. `crosscheck`: decisions against the reference.
- `witness`, `says`, `reasons`: what was found, as a request to check and as a sentence.
"""

from schoolgate_policyd.core.proof.counterexample import Counterexample
from schoolgate_policyd.core.proof.openings import Opening, closings, openings
from schoolgate_policyd.core.proof.prove import Proof, prove
from schoolgate_policyd.core.proof.survey import Coverage
from schoolgate_policyd.core.proof.witness import Witness

__all__ = [
    "Counterexample",
    "Coverage",
    "Opening",
    "Proof",
    "Witness",
    "closings",
    "openings",
    "prove",
]
