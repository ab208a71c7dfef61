"""Which upstream is asked next, and which ones are looked at in the background."""

from collections.abc import Sequence
from typing import Final

from schoolgate_dns.upstream.health import Health

MAX_TRIES: Final = 2
# An upstream that nobody asked for so long is asked something in the background.
REFRESH_AFTER_S: Final = 30.0


class Ranking:
    """
    *upstreams* in the configured order, but the slower classes behind.

    Those that rest are asked by clients only when no other is left, and those known to be dead
    not even then.
    """

    def __init__(self, upstreams: Sequence[Health]) -> None:
        self._upstreams = upstreams
        self._order = list(upstreams)

    def in_order(self) -> list[Health]:
        """Return all of them, those that rest behind the others."""
        return sorted(self._order, key=lambda each: each.is_resting)

    def put_in_order(self) -> None:
        """Take in how fast they have been."""
        self._order.sort(key=lambda each: (each.slowness, self._upstreams.index(each)))

    def next_after(
        self, asked: Sequence[Health], now_s: float, *, may_repeat: bool = False
    ) -> Health | None:
        """
        Return whom to ask after those that were *asked*, None if that would lead nowhere.

        With *may_repeat* one may be asked twice where it is the last that is well.
        """
        first_well: Health | None = None
        for upstream in self._order:
            if not upstream.is_resting:
                if upstream not in asked:
                    return upstream
                first_well = first_well or upstream
        if first_well is not None:
            return first_well if may_repeat and len(asked) < MAX_TRIES else None
        for upstream in self._order:
            if upstream not in asked and not upstream.is_known_dead(now_s):
                return upstream
        return None

    def unattended(self, now_s: float) -> list[Health]:
        """Return those to ask beside: who rested long enough, and whom nobody asked for long."""
        if all(each.is_resting for each in self._order):
            # Whoever asks finds out, and a question that nobody waits for shows no more.
            return []
        return [
            each
            for position, each in enumerate(self._order)
            if each.may_be_probed(now_s)
            or (
                position > 0
                and not each.is_resting
                and not each.is_probed
                and (each.is_suspect or now_s - each.asked_at_s >= REFRESH_AFTER_S)
            )
        ]
