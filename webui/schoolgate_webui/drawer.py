"""What handlers of a draft's pages take it from: the version, what it says, what it changes."""

from collections.abc import Mapping

import structlog

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.times import local_date
from schoolgate_policyd.drafting.describing import describe
from schoolgate_policyd.drafting.differences import differences
from schoolgate_policyd.rulefiles import Preset
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.workflow.policy_changes import require_editable
from schoolgate_policyd.workflow.policy_versions import Origin, PolicyVersion
from schoolgate_webui.changing.kinds import Kind, is_offered
from schoolgate_webui.changing.sheet import Asked
from schoolgate_webui.checks import Asker, Check
from schoolgate_webui.desk import Desk
from schoolgate_webui.guard import NotForYou
from schoolgate_webui.views.drafts import Drafted

BUSY = (
    "Another one runs at the moment, of another draft or of this one before it was changed. It "
    "takes less than a minute: try again then."
)

log = structlog.get_logger(__name__)


def drafted(desk: Desk, number: int) -> Drafted:
    """Return draft *number* for the pages. Raises UnknownObject, also for what is no draft."""
    version = desk.site.decisions.policies.find(number)
    if version.origin is not Origin.DRAFT or version.school != desk.site.settings.school:
        raise UnknownObject(f"version {number} is no draft")
    return Drafted(
        version=version,
        versions=desk.site.workshop.every(),
        people=desk.site.decisions.people.members(),
        member=desk.member,
        names=desk.site.names(),
        now=desk.now,
    )


def has_running(desk: Desk, shown: Drafted, check: Check) -> bool:
    """
    Have *check* of the draft run as it now stands; whether it does.

    It does not while another one of its kind runs, be it of this draft before it was changed.
    """
    checks, version = desk.site.checks, shown.version
    today = local_date(desk.now.school, desk.now.zone)
    asker = Asker(desk.member.id, desk.now.machine, today)
    return checks.start(check, version, asker) or checks.run_of(check, version) is not None


def editable(desk: Desk, number: int, kind: Kind) -> Drafted:
    """
    Return draft *number* if whoever asks may change it by the form of *kind*.

    Raises UnknownObject, NotAllowed, WrongState, NotForYou.
    """
    shown = drafted(desk, number)
    require_editable(shown.version, desk.member)
    if not is_offered(kind, desk.member):
        raise NotForYou(f"the form {kind}")
    return shown


def asked_of(desk: Desk, shown: Drafted, values: Mapping[str, str]) -> Asked | None:
    """Return what a form about the draft is about; None where it cannot be read any more."""
    preset = preset_of(desk, shown.version)
    if preset is None:
        return None
    return Asked(
        preset=preset,
        texts=desk.site.decisions.policies.texts(shown.version.number),
        classes=desk.site.decisions.people.classes(),
        values=values,
    )


def preset_of(desk: Desk, version: PolicyVersion) -> Preset | None:
    """Return what *version* says; None where it cannot be read any more."""
    try:
        return desk.site.presets_read.of(version, desk.site.policy_in_force.policy())
    except SchoolgateError as error:
        cause = str(error)
        log.error("a version of the policy cannot be read", number=version.number, cause=cause)  # noqa: TRY400 - the cause says all
        return None


def differences_of(desk: Desk, shown: Drafted) -> tuple[str, ...] | None:
    """Return what the draft changes, in words; None where that cannot be read any more."""
    base = next((each for each in shown.versions if each.number == shown.version.base), None)
    before = None if base is None else preset_of(desk, base)
    after = preset_of(desk, shown.version)
    return None if before is None or after is None else differences(before, after)


def changes_of(desk: Desk, shown: Drafted) -> tuple[str, ...]:
    """Return the changes of the draft, each in a sentence."""
    preset = preset_of(desk, shown.version)
    if preset is None:
        return tuple("A change that cannot be described now." for _ in shown.version.changes)
    return tuple(describe(each, preset) for each in shown.version.changes)
