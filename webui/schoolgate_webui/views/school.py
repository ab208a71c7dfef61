"""The school at a glance; its name; what an import or the new year would change."""

from collections.abc import Iterable, Mapping

import msgspec

from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.people_import import ImportPlan, Update
from schoolgate_policyd.workflow.people_table import BadTable
from schoolgate_policyd.workflow.register_acts import RegisterAct, may
from schoolgate_policyd.workflow.register_people import PersonEntry, PersonRecord
from schoolgate_policyd.workflow.school_record import SchoolRecord
from schoolgate_policyd.workflow.year_moves import YearMoves
from schoolgate_webui.changing.fields import ChangeField, Item
from schoolgate_webui.views.requests import Names, Row
from schoolgate_webui.views.school_fields import (
    Link,
    SchoolForm,
    Sheet,
    mistakes_of,
    stale_mistake,
)
from schoolgate_webui.views.school_people import missing_duties, year_words
from schoolgate_webui.views.words import AUDIENCE, AUDIENCES, DUTIES, capitalised, joined

# A page names this many lines of a plan; the rest is counted.
_MOST_SHOWN = 100


class Overview(msgspec.Struct, frozen=True):
    """What there is in the school, who holds which duty, and what is missing."""

    name: str
    rows: tuple[Row, ...]
    duties: tuple[Row, ...]
    missing: tuple[str, ...]
    may_keep: bool


class PlanLine(msgspec.Struct, frozen=True):
    """One line that changes."""

    who: str
    what: str


class ImportPage(msgspec.Struct, frozen=True):
    """A pasted table and what would come of it; *shown* is empty until that can be done."""

    text: str
    mistakes: tuple[dict[str, str], ...] = ()
    lines: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    added: tuple[PlanLine, ...] = ()
    changed: tuple[PlanLine, ...] = ()
    further: str = ""
    missing: tuple[str, ...] = ()
    shown: str = ""


class YearPage(msgspec.Struct, frozen=True):
    """The new year's form and what would come of it."""

    fields: tuple[ChangeField, ...]
    values: tuple[tuple[str, str], ...]
    mistakes: tuple[dict[str, str], ...]
    counts: tuple[str, ...]
    leaving: tuple[str, ...]
    shown: str


def overview(
    name: str,
    policy: Policy,
    people: tuple[PersonRecord, ...],
    *,
    classes: int,
    devices: int,
    networks: int,
    member: Member,
) -> Overview:
    """Return the school at a glance."""
    sizes = {
        audience: sum(each.entry.audience is audience for each in people) for audience in Audience
    }
    rows = [Row(AUDIENCES[audience], str(size)) for audience, size in sizes.items()]
    rows += [
        Row("Classes", str(classes)),
        Row("Devices in the register", str(devices)),
        Row("Networks", str(networks)),
        Row("Policy", policy.document.name),
    ]
    duties = []
    for duty, words in DUTIES.items():
        holders = [
            each.entry.name for each in people if any(held.duty is duty for held in each.duties)
        ]
        duties.append(Row(capitalised(words), joined(holders) or "nobody"))
    return Overview(
        name, tuple(rows), tuple(duties), missing_duties(people), may(member, RegisterAct.KEEP)
    )


def name_form(
    name: str,
    record: SchoolRecord | None,
    *,
    entered: Mapping[str, str] | None = None,
    invalid: InvalidForm | None = None,
    is_stale: bool = False,
) -> SchoolForm:
    """Return the form of the school's name."""
    sheet = Sheet({"name": name}, entered, invalid)
    fields = (sheet.line("name", "The school’s name", "It stands on every page."),)
    return SchoolForm(
        title="The school’s name",
        action="/school/name",
        fields=fields,
        button="Save",
        back=Link("/school", "Back to the school"),
        hidden=(("version", "0" if record is None else str(record.version)),),
        mistakes=((stale_mistake(),) if is_stale else ()) + mistakes_of(fields),
        now=(f"Name: {name}",) if is_stale else (),
    )


def import_page(
    text: str,
    names: Names,
    *,
    plan: ImportPlan | None = None,
    bad: BadTable | None = None,
    refusal: str = "",
) -> ImportPage:
    """Return the page of a table: to paste it, with its mistakes, or with what would change."""
    if bad is not None:
        lines = [f"Line {each.line}: {each.message}" for each in bad.lines]
        if bad.further:
            lines.append(f"And {bad.further} more.")
        count = len(bad.lines) + bad.further
        words = "1 mistake" if count == 1 else f"{count} mistakes"
        mistake = {"text": f"The table has {words}: nothing was changed.", "href": "#table"}
        return ImportPage(text, (mistake,), tuple(lines))
    if plan is None:
        return ImportPage(text)
    added = [PlanLine(entry.name, _entry_words(entry, plan, names)) for _, entry in plan.added]
    changed = [
        PlanLine(each.after.name, _update_words(each, plan, names)) for each in plan.changed
    ]
    further = max(0, len(added) - _MOST_SHOWN) + max(0, len(changed) - _MOST_SHOWN)
    missing = [names.people.get(each, each) for each in plan.missing]
    return ImportPage(
        text=text,
        mistakes=({"text": refusal, "href": "#plan"},) if refusal else (),
        counts=(
            f"People added: {len(plan.added)}",
            f"People changed: {len(plan.changed)}",
            f"People who stay as they are: {plan.unchanged}",
            f"Classes added: {joined([each.name for each in plan.classes]) or 'none'}",
        ),
        added=tuple(added[:_MOST_SHOWN]),
        changed=tuple(changed[:_MOST_SHOWN]),
        further=f"And {further} more lines." if further else "",
        missing=tuple(missing[:_MOST_SHOWN]),
        shown=plan.digest,
    )


def _entry_words(entry: PersonEntry, plan: ImportPlan, names: Names) -> str:
    parts = [AUDIENCE[entry.audience].lower(), year_words(entry.year_group)]
    parts.append(_classes(entry.classes, plan, names))
    return ", ".join(part for part in parts if part)


def _update_words(update: Update, plan: ImportPlan, names: Names) -> str:
    before, after = update.before, update.after
    parts = []
    if before.name != after.name:
        parts.append(f"was called {before.name}")
    if before.audience is not after.audience:
        parts.append(
            f"{AUDIENCE[before.audience].lower()} becomes {AUDIENCE[after.audience].lower()}"
        )
    if before.year_group != after.year_group:
        was = year_words(before.year_group) or "no year group"
        parts.append(f"{was} becomes {year_words(after.year_group) or 'none'}")
    if before.classes != after.classes:
        was = _classes(before.classes, plan, names) or "no class"
        parts.append(f"{was} becomes {_classes(after.classes, plan, names) or 'none'}")
    return "; ".join(parts)


def _classes(ids: Iterable[str], plan: ImportPlan, names: Names) -> str:
    named = {**names.classes, **{each.id: each.name for each in plan.classes}}
    return joined([f"class {named.get(each, each)}" for each in sorted(ids)])


def year_page(
    entered: Mapping[str, str],
    names: Names,
    *,
    moves: YearMoves | None,
    invalid: InvalidForm | None,
) -> YearPage:
    """Return the new year's form, with what would change once that is known."""
    sheet = Sheet(entered, None, invalid)
    years = [Item("", "Choose"), *(Item(str(year), year_words(year)) for year in range(1, 14))]
    fields = (
        sheet.select("last_year", "Your school’s last year group", years, "Its pupils leave."),
        sheet.day("leave_on", "Their last day", "Usually the last day of the school year."),
        sheet.text(
            "moves",
            "Where does each class go?",
            "One on each line, like 4B > 5B. Nothing after the arrow: its pupils are in no class.",
        ),
    )
    counts: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()
    if moves is not None:
        counts = (
            f"Pupils who move up by one year: {len(moves.moved)}",
            f"Pupils who leave: {len(moves.leaving)}",
            f"Pupils without a year group, who stay as they are: {len(moves.without_year)}",
        )
        leaving = tuple(names.people.get(each, each) for each in moves.leaving[:_MOST_SHOWN])
    return YearPage(
        fields=fields,
        values=tuple((name, entered.get(name, "")) for name in ("last_year", "leave_on", "moves")),
        mistakes=mistakes_of(fields),
        counts=counts,
        leaving=leaving,
        shown="" if moves is None else moves.digest,
    )
