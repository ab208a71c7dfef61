"""The school's people as the choices of a field: pupils by class, then everybody else."""

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.rendering import plain
from schoolgate_webui.views.fields import Option


def person_options(
    people: tuple[Member, ...], *, but: str, only_pupils: bool = False
) -> list[dict[str, object]]:
    """Return everybody but the person whose id is *but*, pupils first."""
    wanted = [
        each
        for each in people
        if each.id != but and (not only_pupils or each.audience is Audience.PUPIL)
    ]
    ordered = sorted(
        wanted,
        key=lambda each: (
            each.audience is not Audience.PUPIL,
            sorted(each.classes) if each.audience is Audience.PUPIL else [],
            each.name.casefold(),
        ),
    )
    options = [Option("", "Choose"), *(Option(each.id, plain(_named(each))) for each in ordered)]
    return [each.printed() for each in options]


def _named(member: Member) -> str:
    if member.audience is not Audience.PUPIL:
        return f"{member.name} ({member.audience.value})"
    classes = ", ".join(sorted(member.classes)) or "no class"
    return f"{member.name} ({classes})"
