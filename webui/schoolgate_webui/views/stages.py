"""Where a request or grant stands, as a tag and a sentence."""

from datetime import datetime

import msgspec

from schoolgate_policyd.ipc.messages import Status
from schoolgate_policyd.workflow.requests import AccessRequest, Stage, stage_at


class Tag(msgspec.Struct, frozen=True):
    """A state in a coloured tag; the colour says nothing that the text does not."""

    text: str
    classes: str = ""


_TAGS = {
    Stage.DRAFT: Tag("Draft"),
    Stage.WAITING_FOR_ANSWER: Tag("Question to answer", "govuk-tag--yellow"),
    Stage.WAITING_FOR_MEASURES: Tag("Waiting for measures", "govuk-tag--yellow"),
    Stage.MEASURES_REFUSED: Tag("Measures not in place", "govuk-tag--red"),
    Stage.WAITING_FOR_DECISION: Tag("Waiting for decision", "govuk-tag--yellow"),
    Stage.REFUSED: Tag("Not approved", "govuk-tag--red"),
    Stage.APPROVED: Tag("Signed for later", "govuk-tag--teal"),
    Stage.IN_FORCE: Tag("In force", "govuk-tag--green"),
    Stage.ENDED: Tag("Ended", "govuk-tag--grey"),
    Stage.TOLD: Tag("Ended, to be reviewed", "govuk-tag--grey"),
    Stage.REVIEWED: Tag("Reviewed", "govuk-tag--grey"),
    Stage.WITHDRAWN: Tag("Withdrawn", "govuk-tag--grey"),
    Stage.LAPSED: Tag("Lapsed", "govuk-tag--grey"),
}
_ON_ITS_WAY = Tag("Signed, on its way", "govuk-tag--yellow")


def is_in_force_everywhere(version: int | None, status: Status | None) -> bool:
    """
    Whether every enforcement point has acknowledged the store's *version*.

    Unknown (*status* None, no point, one that is gone) is no: a page says less, never more.
    """
    if version is None or status is None or not status.points:
        return False
    return (
        all(point.is_connected for point in status.points) and status.in_force_version >= version
    )


def is_on_its_way(request: AccessRequest, moment: datetime, status: Status | None) -> bool:
    """Whether *request* should be in force at *moment* but not every point has said so."""
    return stage_at(request, moment) is Stage.IN_FORCE and not is_in_force_everywhere(
        request.store_version, status
    )


def tag_of(request: AccessRequest, moment: datetime, status: Status | None) -> Tag:
    """Return the tag of *request* at *moment* (the school's clock)."""
    if is_on_its_way(request, moment, status):
        return _ON_ITS_WAY
    return _TAGS[stage_at(request, moment)]


def on_its_way_words(status: Status | None) -> str:
    """Return why a signed permission is not called in force yet."""
    if status is None:
        return (
            "It is signed and kept. Whether it is in force cannot be seen now, because the "
            "gateway’s decision point does not answer."
        )
    missing = [point.name for point in status.points if not point.is_connected]
    if missing:
        return f"It is signed and kept. Not every part of the gateway answers: {missing[0]}."
    return "It is signed and being put in force; that takes about a second."


def closing_words(status: Status | None) -> str:
    """Return how far the end of a permission is that was withdrawn a moment ago."""
    if status is None:
        return (
            "Whether it is closed everywhere cannot be seen now, because the gateway’s decision "
            "point does not answer."
        )
    return "It is being closed; that takes about a second."
