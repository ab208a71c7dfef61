"""
In the machine: a teacher asks for sites until a moment, and the head signs.

    signed_grants.py ADDRESS URL MINUTES [URL MINUTES]...

The device at ADDRESS becomes the teacher's.
"""

import sys
from contextlib import closing
from datetime import timedelta
from itertools import batched

import msgspec
import office
from office import HEAD, LEAD, TEACHER
from signing_by_hand import sign

from schoolgate_policyd.clock import MachineClock
from schoolgate_policyd.config import load_settings
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.rules import Grant
from schoolgate_policyd.core.subjects import Device
from schoolgate_policyd.networks import networks_of
from schoolgate_policyd.rulefiles import load_preset
from schoolgate_policyd.settings import Settings
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.signed_decisions import DecisionToSign
from schoolgate_policyd.workflow.decision_text import WouldOpen
from schoolgate_policyd.workflow.effects import effects_of
from schoolgate_policyd.workflow.forms import DecisionForm, ReviewForm
from schoolgate_policyd.workflow.requests import ScopeChoice
from schoolgate_policyd.workflow.scopes import grant_for


def main() -> None:
    address, *asked_for = sys.argv[1:]
    settings = load_settings()
    with closing(DecisionStore(settings.decisions_path, hasher=office.QuickHasher())) as store:
        store.people.register_device(
            Device(address, "teacher-laptop", owner=TEACHER.id), at=MachineClock().now(), by=None
        )
        for url, minutes in batched(asked_for, 2, strict=True):
            grant = _signed(store, settings, url, timedelta(minutes=int(minutes)))
            print(msgspec.json.encode(grant).decode())


def _signed(store: DecisionStore, settings: Settings, url: str, lasting: timedelta) -> Grant:
    """Return the grant of *url* from now on, asked for, reviewed and signed."""
    policy = load_preset(settings.rules_dir, settings.school).policy
    now = MachineClock().now()
    form = office.form(url, scope=ScopeChoice.SITE, starts_at=now, ends_at=now + lasting)
    asked = store.requests.submit(TEACHER.id, form, at=now, moment=now)
    answer = ReviewForm(True, "seen")
    store.requests.review(asked.id, by=LEAD.id, answer=answer, at=now, moment=now)
    asked = store.requests.find(asked.id)
    grant = grant_for(asked, policy.catalogue)
    source = Source(1, policy, store.register(networks_of(settings)))
    sign(
        store,
        DecisionToSign(
            number=asked.id,
            by=HEAD.id,
            decision=DecisionForm(True, "good", HEAD.name, now.date()),
            effects=effects_of(grant, source, asked.form.url, moment=now),
            would_open=WouldOpen(grant, (url,), ()),
            zone=office.LONDON,
            at=now,
            moment=now,
        ),
        at=now,
    )
    return grant


if __name__ == "__main__":
    main()
