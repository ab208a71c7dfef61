"""The school of `web_school` with rule files of its own, whose policy is drafted in the pages."""

import dataclasses
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import msgspec
from rule_tree import SCHOOL, plant
from web_browser import Browser, Page
from web_school import LESSON, MACHINE, WebSchool, settings_in

from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.drafting.bundle import bundle_in, digest_of, load
from schoolgate_policyd.drafting.proofs import ProofSays, prove
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.networks import networks_of
from schoolgate_policyd.rulefiles import Preset
from schoolgate_policyd.store.policy_rows import PolicyContent
from schoolgate_policyd.workshop import Workshop

WORKED_BEFORE = timedelta(days=30)


@dataclass
class PolicySchool(WebSchool):
    """A school whose policy, which asks for notice and approval, was taken up as version 1."""

    workshop: Workshop = field(init=False)

    def __post_init__(self) -> None:
        rules = self.folder / "rules"
        if not self.is_copy:
            plant(rules)
        known = self.settings or settings_in(self.folder)
        self.settings = dataclasses.replace(known, rules_dir=rules, school=SCHOOL)
        super().__post_init__()
        self.workshop = Workshop(rules, SCHOOL, self.decisions.policies, _proved)
        if not self.is_copy:
            self._take_up(rules)

    def _take_up(self, rules: Path) -> None:
        assert self.settings is not None
        texts = bundle_in(rules, SCHOOL)
        preset = load(rules, SCHOOL, texts)
        register = self.decisions.register(networks_of(self.settings))
        path = self.settings.last_snapshot_path("policyd")
        save_last_snapshot(path, Source(2, preset.policy, register))
        self.decisions.policies.take_up(
            SCHOOL,
            PolicyContent(texts, digest_of(texts), preset.notes.changes),
            at=MACHINE - WORKED_BEFORE,
            moment=LESSON - WORKED_BEFORE,
        )

    def prove(self, number: int) -> None:
        """Prove draft *number* here and now, as the pages do in a process of its own."""
        self.workshop.prove(number, by="technician", at=self.machine_clock.now())

    def own_text(self, number: int) -> str:
        """Return what the school's own file says in version *number*."""
        return self.decisions.policies.texts(number)[f"schools/{SCHOOL}.yaml"]


_KNOWN: dict[bytes, ProofSays] = {}


def _proved(before: Preset | None, after: Preset) -> ProofSays:
    """Prove *after* as `prove` does, each pair of presets once: tests draft the same again."""
    key = msgspec.json.encode((before, after), order="deterministic")
    if key not in _KNOWN:
        _KNOWN[key] = prove(before, after)
    return _KNOWN[key]


def begin(browser: Browser, summary: str = "Staff lose break") -> int:
    """Begin a draft and return its number."""
    browser.send("/policy/drafts/new", "/policy/drafts/new", summary=summary)
    assert browser.last is not None
    return int(browser.last.request.url.path.split("/")[3])


def change(browser: Browser, number: int, kind: str, query: str = "", **entered: str) -> Page:
    """Send the form of a change; `__` in a name stands for a colon, a box as nothing is off."""
    path = f"/policy/drafts/{number}/changes/{kind}"
    page = browser.get(f"{path}{query}")
    return browser.post(path, entries(page, path, **entered))


def entries(page: Page, action: str, **entered: str) -> dict[str, str]:
    """Return what is sent of a form of *page* with these entries."""
    changed = {name.replace("__", ":"): value for name, value in entered.items()}
    found = {**page.form(action).fields, **changed}
    return {name: value for name, value in found.items() if value or ":" not in name}


def lose_break(browser: Browser, number: int) -> Page:
    """Put the change into draft *number* that staff may at lunch alone: it only tightens."""
    return change(browser, number, "exception", "?rule=staff&exception=0", periods__break="")


def gain_lessons(browser: Browser, number: int) -> Page:
    """Put the change into draft *number* that staff may in lessons too: it opens something."""
    return change(browser, number, "exception", "?rule=staff&exception=0", periods__lesson="yes")


def take(browser: Browser, number: int, step: str, **entered: str) -> Page:
    """Send the form of a step of draft *number*, and sign where it is to be signed."""
    path = f"/policy/drafts/{number}/{step}"
    return browser.sign(path, path, **entered)
