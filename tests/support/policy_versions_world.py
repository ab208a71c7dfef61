"""A web school whose policy has versions, as policyd takes them up from the shipped files."""

from datetime import datetime

from web_school import WebSchool

from schoolgate_policyd.config import default_rules_dir
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.drafting.bundle import bundle_in, digest_of, load
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.store.policy_rows import PolicyContent
from schoolgate_policyd.workflow.policy_versions import PolicyVersion

SCHOOL = "twiss-green"


def take_up(
    school: WebSchool, moment: datetime, texts: dict[str, str] | None = None
) -> PolicyVersion:
    """Record the shipped policy, or *texts*, as what policyd took up at *moment*."""
    rules_dir = default_rules_dir()
    texts = bundle_in(rules_dir, SCHOOL) if texts is None else texts
    preset = load(rules_dir, SCHOOL, texts)
    content = PolicyContent(texts, digest_of(texts), preset.notes.changes)
    version = school.decisions.policies.take_up(
        SCHOOL, content, at=school.machine_clock.now(), moment=moment
    )
    assert version is not None
    assert school.settings is not None
    source = Source(number=version.number + 1, policy=preset.policy)
    save_last_snapshot(school.settings.last_snapshot_path("policyd"), source)
    return version


def later_texts() -> dict[str, str]:
    """Return the shipped texts in which staff have no lunch: what a technician edited."""
    texts = bundle_in(default_rules_dir(), SCHOOL)
    path = f"schools/{SCHOOL}.yaml"
    edited = texts[path].replace("period: [break, lunch]", "period: [break]", 1)
    assert edited != texts[path]
    return {**texts, path: edited}
