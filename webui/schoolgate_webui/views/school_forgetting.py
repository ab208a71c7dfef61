"""Forgetting somebody who left: what goes, what is kept, for how long and why."""

from collections.abc import Mapping, Sequence

from schoolgate_policyd.store.forgettable import Naming
from schoolgate_policyd.store.retention_kinds import FOR_GOOD, Kind
from schoolgate_policyd.workflow.register_people import PersonRecord
from schoolgate_webui.views.keeping import length_words
from schoolgate_webui.views.school_fields import Link, SchoolForm

_GOES = (
    "Their name, user name, year group, age and working hours are deleted from the register, and "
    "from every page of the file. What is kept shows their pseudonym from then on."
)
_STAYS = (
    "What they signed or filled in keeps the name that stands on it until it is deleted; what is "
    "kept for good keeps it for good."
)
_LOG = "Blocks and attempts in the log name a pseudonym alone, and go with their day after {days}."
_NOTHING = "No record names them: nothing else is kept."


def forgetting_form(
    record: PersonRecord, naming: Sequence[Naming], kinds: Sequence[Kind], days: Mapping[str, int]
) -> SchoolForm:
    """Return the page that says what is kept, with the button."""
    known = {each.name: each for each in kinds}
    kept = tuple(
        _kept(each, known[each.kind], days[each.kind])
        if each.kind in known
        else _kept_for_good(each)
        for each in naming
    )
    href = f"/school/people/{record.id}"
    return SchoolForm(
        title=f"Forget {record.entry.name}",
        action=f"{href}/forget",
        fields=(),
        button="Forget them for good",
        back=Link(href, "Back"),
        intro=(
            _GOES,
            *(kept or (_NOTHING,)),
            *((_STAYS,) if kept else ()),
            _LOG.format(days=length_words(days["events"])),
        ),
        warning="This cannot be undone.",
        is_final=True,
    )


def _kept(naming: Naming, kind: Kind, days: int) -> str:
    return f"Kept, {naming.records:,}: {kind.what} ({length_words(days)}). {kind.reason}"


def _kept_for_good(naming: Naming) -> str:
    kind = next(each for each in FOR_GOOD if each.name == naming.kind)
    return f"Kept for good, {naming.records:,}: {kind.what}. {kind.reason}"
