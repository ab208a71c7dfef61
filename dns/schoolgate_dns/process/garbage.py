"""
Garbage in cycles is looked for between bursts of new names, and not in the midst of one.

A burst makes values by the tens of thousands that wait for an upstream and then go by themselves;
there are hardly any cycles in them. To go through them all took a tenth of the burst's CPU. What
is kept for each name is passed over (gc=False), or let go of at a look: a worker that went through
its tables paused for a quarter of a second.
"""

import gc
from collections.abc import Callable
from typing import Final

# A burst of 2,000 new names makes some tens of thousands. Where there is never any rest this is
# what the collector waits for, and has then to go through in one go.
MOST_YOUNG: Final = 100_000
# So many collections of one generation come before one that takes the next one too.
_YOUNG_A_MIDDLE, _MIDDLE_AN_OLD = 20, 50
# Fewer are not worth a look.
_WORTH_A_LOOK: Final = 2_000
# As many queries without an answer are a burst.
MANY_UNANSWERED: Final = 64


def collect_seldom() -> None:
    """Have the collector begin by itself only when there is very much to go through."""
    gc.set_threshold(MOST_YOUNG, _YOUNG_A_MIDDLE, _MIDDLE_AN_OLD)


def collect_at_leisure(unanswered: Callable[[], int]) -> bool:
    """
    Look for garbage among what is young, now and then also among the rest; return whether it was.

    It is not where there is little to look at, nor while so many queries are *unanswered*, which
    is asked only then, that they are a burst. Call it about every second, and whenever an answer
    has left behind which nothing waits: there is the least to look at then.
    """
    young, middle, old = gc.get_count()
    if young < _WORTH_A_LOOK or unanswered() >= MANY_UNANSWERED:
        return False
    if middle < _YOUNG_A_MIDDLE:
        gc.collect(0)
    elif old < _MIDDLE_AN_OLD:
        gc.collect(1)
    else:
        gc.collect()
    return True
