"""What the notes of clients that ask one name over and over say of a change."""

from collections.abc import Sequence
from dataclasses import dataclass

from probing import Heard


class NotSeenError(Exception):
    """A change did not reach clients as it should; the message says what they saw."""


@dataclass(frozen=True)
class Change:
    """How a change reached clients: seconds from the moment it was made until answers followed."""

    first_s: float
    all_s: float
    # Asked after the change was in force, and answered as before.
    late: int
    longest_wait_s: float


def change_seen(
    watchers: Sequence[Sequence[Heard]],
    rcode: int,
    *,
    made_s: float,
    in_force_s: float,
    until_s: float,
) -> Change:
    """
    Return how the change made at *made_s* to the answer *rcode* was seen before *until_s*.

    Raises NotSeenError where one of *watchers* had it too early, not at all or not for good.
    """
    first, late, longest = [], 0, 0.0
    for heard in watchers:
        before = [each for each in heard if each.came_s < made_s]
        after = [each for each in heard if made_s <= each.came_s < until_s]
        new = [each for each in after if each.rcode == rcode]
        if not before or not new:
            raise NotSeenError("somebody never saw it")
        if before[-1].rcode == rcode:
            raise NotSeenError("somebody saw it before it was made")
        if any(each.rcode != rcode for each in after[after.index(new[0]) :]):
            raise NotSeenError("somebody saw it and then what was before")
        first.append(new[0].came_s - made_s)
        late += sum(each.rcode != rcode and each.sent_s > in_force_s for each in after)
        longest = max(longest, *(each.came_s - each.sent_s for each in after))
    return Change(min(first), max(first), late, longest)
