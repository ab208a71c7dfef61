"""
Garbage in cycles is looked for between bursts of new names, and not in the midst of one.

A burst makes values by the tens of thousands that wait for an upstream and then go by themselves;
there are hardly any cycles in them. To go through them all took a tenth of the burst's CPU. What
is kept for each name and client is passed over (gc=False), or looked at once: a worker that went
through its tables paused for a quarter of a second.
"""

import gc

# A burst of 2,000 new names makes some tens of thousands. Where there is never any rest this is
# what the collector waits for, and has then to go through in one go.
MOST_YOUNG = 100_000
# So many collections of one generation come before one that takes the next one too.
_YOUNG_A_MIDDLE, _MIDDLE_AN_OLD = 20, 50
# Fewer are not worth a look.
_WORTH_A_LOOK = 2_000
# As many queries without an answer are a burst.
MANY_UNANSWERED = 64


def collect_seldom() -> None:
    """Have the collector begin by itself only when there is very much to go through."""
    gc.set_threshold(MOST_YOUNG, _YOUNG_A_MIDDLE, _MIDDLE_AN_OLD)


def is_worth_a_look() -> bool:
    """Whether there is so much that is young that somebody should look for garbage in it."""
    return gc.get_count()[0] >= _WORTH_A_LOOK


def collect_at_leisure(unanswered: int) -> bool:
    """
    Look for garbage among what is young, now and then also among the rest; return whether it was.

    It is not while *unanswered* queries are a burst, or where there is little to look at. Call it
    when the last query of several was answered, when the least is there to look at, and about
    every second.
    """
    if unanswered >= MANY_UNANSWERED or not is_worth_a_look():
        return False
    _, middle, old = gc.get_count()
    if middle < _YOUNG_A_MIDDLE:
        gc.collect(0)
    elif old < _MIDDLE_AN_OLD:
        gc.collect(1)
    else:
        gc.collect()
    return True
