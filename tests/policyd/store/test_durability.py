"""An acknowledged decision survives kill -9, never half: the short form."""

from contextlib import closing
from pathlib import Path

import pytest
from killed import killed_after
from office import LESSON, QuickHasher, fill

from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.events import EventStore
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.workflow.requests import State
from schoolgate_policyd.workflow.signing import SignedKind

SUPPORT = Path(__file__).parents[2] / "support"

# Says a line only once the store has acknowledged; runs until it is killed.
DECIDER = """
import sys
from datetime import timedelta
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from office import *
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.workflow.effects import effects_of
from schoolgate_policyd.workflow.forms import DecisionForm, ReviewForm
from schoolgate_policyd.workflow.scopes import grant_for

store = DecisionStore(Path(sys.argv[1]), hasher=QuickHasher())
while True:
    request = store.requests.submit(TEACHER.id, form(), at=MACHINE, moment=LESSON)
    answer = ReviewForm(True, "seen")
    store.requests.review(request.id, by=LEAD.id, answer=answer, at=MACHINE, moment=LESSON)
    grant = grant_for(request, policy().catalogue)
    decision = DecisionForm(True, "good", HEAD.name, LESSON.date())
    effects = effects_of(grant, source(), request.form.url, moment=LESSON)
    request = sign_decision(store, request.id, by=HEAD.id, decision=decision, effects=effects,
                                    address="::1", at=MACHINE, moment=LESSON)
    print(request.id, flush=True)
"""
REPORTER = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.ipc.messages import Blocked, EventBatch, NumberedEvent, PointKind
from schoolgate_policyd.store.events import EventStore

at = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
event = Blocked(at, at, at, PointKind.DNS, "127.0.1.10", Audience.PUPIL,
                DeviceKind.UNKNOWN, "pupils", "clips.example", (), ())
store = EventStore(Path(sys.argv[1]))
sequence = 0
while True:
    numbers = range(sequence + 1, sequence + 6)
    batch = EventBatch("dns", "b1", tuple(NumberedEvent(number, event) for number in numbers))
    store.append(batch, at=at)
    sequence += 5
    print(sequence, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 3])
def test_a_signed_grant_survives_kill_9_with_its_audit_entry(tmp_path: Path, lines: int) -> None:
    path = tmp_path / "decisions.db"
    with closing(DecisionStore(path, hasher=QuickHasher())) as store:
        fill(store)

    acknowledged = killed_after(lines, DECIDER, path, SUPPORT)

    with closing(DecisionStore(path, hasher=QuickHasher())) as store:
        requests = store.requests.every(limit=500)
        approved = {each.id for each in requests if each.state is State.APPROVED}
        entries = {
            int(each.object_id): each.details["signed"]
            for each in store.audit.recent(limit=500)
            if each.action is AuditAction.REQUEST_APPROVED
        }
        granted = {each.id for each in store.live(LESSON).grants}
        signed = {
            each.digest
            for number in range(1, len(requests) + 1)
            for each in store.signings.of(SignedKind.DECISION, str(number))
        }
    assert set(acknowledged) <= approved
    assert set(entries.values()) == signed
    # No signature without its audit entry, no entry without its signature, no half a grant.
    assert approved == entries.keys()
    assert {f"grant-{number}" for number in approved} == granted
    for request in requests:
        if request.id in approved:
            signature = request.steps[-1].signature
            assert signature is not None
            assert entries[request.id] == signature.digest


def test_stored_events_survive_kill_9_and_batches_are_whole(tmp_path: Path) -> None:
    acknowledged = killed_after(4, REPORTER, tmp_path / "events")

    with closing(EventStore(tmp_path / "events")) as store:
        kept = sorted(each.place.sequence for each in store.recent(limit=500))
    assert max(acknowledged) <= len(kept)
    assert list(range(1, len(kept) + 1)) == kept
    assert 0 == len(kept) % 5
