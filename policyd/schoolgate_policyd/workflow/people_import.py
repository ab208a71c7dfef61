"""
What taking a table of people up would change, so that it is seen before it is done.

It names what stood there, so that nothing is written over unseen.
"""

import msgspec

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.workflow.people import SchoolClass
from schoolgate_policyd.workflow.people_table import (
    Book,
    ImportedPerson,
    class_id_of,
)
from schoolgate_policyd.workflow.register_people import PersonEntry, PersonRecord, shown
from schoolgate_policyd.workflow.shown_plans import digest_of


class Update(msgspec.Struct, frozen=True):
    """Somebody whose line changes, from what it was."""

    id: str
    before: PersonEntry
    after: PersonEntry


class ImportPlan(msgspec.Struct, frozen=True):
    """
    What taking the table up would change; *missing* are pupils here who are not in the table.

    They stay: who leaves is said for each, since it ends what they may do.
    """

    classes: tuple[SchoolClass, ...]
    added: tuple[tuple[str, PersonEntry], ...]
    changed: tuple[Update, ...]
    unchanged: int
    missing: tuple[str, ...]

    @property
    def digest(self) -> str:
        """What stands for this very plan, so that what was shown is what is done."""
        return digest_of(self)


def plan_import(
    people: tuple[ImportedPerson, ...],
    known: tuple[PersonRecord, ...],
    left: frozenset[str],
    classes: tuple[SchoolClass, ...],
) -> ImportPlan:
    """
    Return what taking *people* up would change; *left* are the ids of those who left.

    Raises BadTable for what cannot be: somebody who left, a duty holder made a pupil.
    """
    book = Book()
    class_ids, new_classes = _classes_for(people, classes, book)
    by_id = {each.id: each for each in known}
    added, changed, unchanged = [], [], 0
    for each in people:
        record = by_id.get(each.id)
        ids = frozenset({class_ids[each.class_name.casefold()]} if each.class_name else ())
        if record is None:
            if each.id in left:
                book.add(each.line, f"{each.id} has left: say first that they are back.")
            entry = PersonEntry(each.name, each.audience, None, ids, each.year_group)
            added.append((each.id, entry))
            continue
        after = _updated(record, each, ids)
        if (record.duties or record.entry.username) and after.audience is Audience.PUPIL:
            book.add(each.line, f"{each.id} signs in or holds a duty, so is no pupil.")
        if after == record.entry:
            unchanged += 1
        else:
            changed.append(Update(each.id, record.entry, after))
    book.raise_mistakes()
    named = {each.id for each in people}
    missing = tuple(
        each.id for each in known if each.entry.audience is Audience.PUPIL and each.id not in named
    )
    return ImportPlan(new_classes, tuple(added), tuple(changed), unchanged, missing)


def _updated(record: PersonRecord, row: ImportedPerson, classes: frozenset[str]) -> PersonEntry:
    """Return the line with what the table says; what it does not say stays."""
    return msgspec.structs.replace(
        record.entry,
        name=row.name,
        audience=row.audience,
        year_group=record.entry.year_group if row.year_group is None else row.year_group,
        classes=classes or record.entry.classes,
    )


def _classes_for(
    people: tuple[ImportedPerson, ...], classes: tuple[SchoolClass, ...], book: Book
) -> tuple[dict[str, str], tuple[SchoolClass, ...]]:
    """Return the id of each class by its folded name, and the classes that are new."""
    ids = {each.id.casefold(): each.id for each in classes}
    ids |= {each.name.casefold(): each.id for each in classes}
    new: list[SchoolClass] = []
    for each in people:
        folded = each.class_name.casefold()
        if not each.class_name or folded in ids:
            continue
        id_ = class_id_of(each.class_name) or ""
        if id_.casefold() in ids:
            like = ids[id_.casefold()]
            book.add(each.line, f"The class {shown(each.class_name)} is too like {like}.")
            ids[folded] = ids[id_.casefold()]
            continue
        ids[folded] = ids[id_.casefold()] = id_
        new.append(SchoolClass(id_, each.class_name))
    return ids, tuple(new)
