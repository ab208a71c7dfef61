"""
In the machine: a teacher asks for a site until a moment, and the head signs.

    one_grant.py URL MINUTES ADDRESS    the device at ADDRESS becomes the teacher's
"""

import sys
from contextlib import closing
from datetime import timedelta

import msgspec
import office
from office import HEAD, LEAD, TEACHER
from signing_by_hand import sign

from schoolgate_policyd.clock import MachineClock
from schoolgate_policyd.config import load_settings
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.subjects import Device
from schoolgate_policyd.networks import networks_of
from schoolgate_policyd.rulefiles import load_preset
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.signed_decisions import DecisionToSign
from schoolgate_policyd.workflow.decision_text import WouldOpen
from schoolgate_policyd.workflow.effects import effects_of
from schoolgate_policyd.workflow.forms import DecisionForm, ReviewForm
from schoolgate_policyd.workflow.requests import ScopeChoice
from schoolgate_policyd.workflow.scopes import grant_for


def main() -> None:
    url, minutes, address = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    settings = load_settings()
    policy = load_preset(settings.rules_dir, settings.school).policy
    now = MachineClock().now()
    asked_for = office.form(
        url,
        scope=ScopeChoice.SITE,
        starts_at=now,
        ends_at=now + timedelta(minutes=minutes),
    )
    with closing(DecisionStore(settings.decisions_path, hasher=office.QuickHasher())) as store:
        store.people.register_device(
            Device(address, "teacher-laptop", owner=TEACHER.id), at=now, by=None
        )
        asked = store.requests.submit(TEACHER.id, asked_for, at=now, moment=now)
        answer = ReviewForm(True, "seen")
        store.requests.review(asked.id, by=LEAD.id, answer=answer, at=now, moment=now)
        asked = store.requests.find(asked.id)
        grant = grant_for(asked, policy.catalogue)
        register = store.register(networks_of(settings))
        source = Source(1, policy, register)
        effects = effects_of(grant, source, asked.form.url, moment=now)
        decision = DecisionForm(True, "good", HEAD.name, now.date())
        sign(
            store,
            DecisionToSign(
                number=asked.id,
                by=HEAD.id,
                decision=decision,
                effects=effects,
                would_open=WouldOpen(grant, (url,), ()),
                zone=office.LONDON,
                at=now,
                moment=now,
            ),
            at=now,
        )
        print(msgspec.json.encode(grant).decode())


if __name__ == "__main__":
    main()
