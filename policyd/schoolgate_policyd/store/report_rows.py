"""Reports between their rows and the workflow's values."""

from sqlalchemy.orm import Session

from schoolgate_policyd.core.names import Url, parse_url
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models.reports import ReportRow
from schoolgate_policyd.workflow.reports import Report, ReportForm, ReportStep


def report_row_in(session: Session, number: int) -> ReportRow:
    """Return the row of report *number*. Raises UnknownObject."""
    row = session.get(ReportRow, number)
    if row is None:
        raise UnknownObject(f"there is no report {number}")
    return row


def report_of(row: ReportRow) -> Report:
    """Return the report that *row* keeps."""
    return Report(
        id=row.id,
        reported_at=row.reported_at,
        form=ReportForm(row.saw, _url(row.url), row.name),
        reporter=row.reporter_id,
        about=frozenset(each.person_id for each in row.about),
        steps=tuple(
            ReportStep(
                each.state,
                each.actor_id,
                each.at,
                each.reasons,
                each.answer,
                each.block,
                each.incident,
            )
            for each in row.steps
        ),
    )


def _url(text: str | None) -> Url | None:
    return None if text is None else parse_url(text)
