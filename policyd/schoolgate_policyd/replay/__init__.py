"""
What a changed policy would have meant for the days behind us: `schoolgate replay`.

Recorded events are decided anew, once with the policy *before* and once with the one *after*, for
the same subject at the same moment, so that only the policies' difference counts.

- `recorded`: an event as it is read back from the store.
- `past`: what was in force then: grants, device claims, standing permissions.
- `recall`: who asked for what in an event, and how certain that is.
- `tally`: counts, bounded whatever the events hold.
- `outcome`: `Replay`, the result, which names nobody.
- `replaying`: `replay`, which goes through the events.
- `policies`: the snapshots that are compared, and the stores that events come from.

`docs/replay.md` says what an event lets one know and what not.
"""

from schoolgate_policyd.replay.outcome import Replay
from schoolgate_policyd.replay.past import Past
from schoolgate_policyd.replay.recorded import RecordedAllowed, RecordedBlock, RecordedEvent
from schoolgate_policyd.replay.replaying import replay

__all__ = ["Past", "RecordedAllowed", "RecordedBlock", "RecordedEvent", "Replay", "replay"]
