"""Forms about exceptions: when, where and who may; what lifts a rule; what is promised."""

from schoolgate_policyd.core.rules import Condition, GrantKind, Rule
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.core.words import capitalised, describe_condition
from schoolgate_policyd.drafting.changes import (
    AddException,
    Change,
    GiveUp,
    RemoveException,
    SetDevices,
    SetDuties,
    SetLifting,
    SetPeriods,
    SetStanding,
)
from schoolgate_policyd.drafting.promises import in_words
from schoolgate_webui.changing.fields import ChangeField, Item
from schoolgate_webui.changing.sheet import Asked, Choice, Form, Reading, Sheet, ticked
from schoolgate_webui.changing.words import (
    AUDIENCE_ITEMS,
    DEVICE_ITEMS,
    DUTY_ITEMS,
    KIND_ITEMS,
    PERIOD_ITEMS,
    own_rules,
    rule_called,
    rule_choices,
    rule_says,
)

_NEW = "new"
_REMOVE = "remove"
_KEEP = "keep"


def _choices(asked: Asked) -> tuple[Choice, ...]:
    services = asked.preset.policy.catalogue.services_by_id
    found = []
    for rule in own_rules(asked.preset):
        group = rule_says(rule, asked.preset)
        for position, each in enumerate(rule.unless):
            words = capitalised(describe_condition(each, services))
            query = {"rule": rule.id, "exception": str(position)}
            found.append(Choice(words, query, "Change or remove this exception", group))
        query = {"rule": rule.id, "exception": _NEW}
        found.append(Choice("Add an exception to this rule", query, "", group))
    return tuple(found)


def _exception(asked: Asked) -> tuple[Rule | None, Condition | None]:
    """Return the rule and the exception that the form is about; None for a new one."""
    rule = rule_called(asked.get("rule"), asked.preset)
    position = asked.get("exception")
    if rule is None or not position.isdecimal() or int(position) >= len(rule.unless):
        return rule, None
    return rule, rule.unless[int(position)]


def _fields(asked: Asked) -> tuple[ChangeField, ...]:
    rule, known = _exception(asked)
    standing = asked.preset.policy.standing
    found: dict[str, str] = {"move": _KEEP}
    if known is not None:
        found |= ticked("periods", known.period or ())
        found |= ticked("devices", known.device or ())
        found |= ticked("duties", known.duty or ())
        found |= ticked("standing", known.standing or ())
    sheet = Sheet(asked, found)
    fields = [sheet.hidden("rule"), sheet.hidden("exception")]
    if known is not None:
        moves = (Item(_KEEP, "It holds as follows"), Item(_REMOVE, "It is removed"))
        fields.append(sheet.radios("move", "What becomes of this exception?", moves))
    elif rule is not None:
        whom = "Tick none where it is for everybody whom the rule is about."
        fields.append(sheet.boxes("audience", "For whom?", AUDIENCE_ITEMS, whom))
    fields += [
        sheet.boxes("periods", "When?", PERIOD_ITEMS, "Tick none where it holds at any time."),
        sheet.boxes("devices", "On which devices?", DEVICE_ITEMS, "Tick none for any device."),
        sheet.boxes("duties", "For those with which duty?", DUTY_ITEMS, "Tick none for anybody."),
    ]
    if standing:
        items = tuple(Item(each.id, capitalised(each.about)) for each in standing)
        fields.append(
            sheet.boxes(
                "standing",
                "Which standing permission must be recorded?",
                items,
                "It needs the headteacher’s permission and the online safety lead’s controls.",
            )
        )
    return tuple(fields)


def _read(asked: Asked, reading: Reading) -> tuple[Change, ...]:
    rule, known = _exception(asked)
    if rule is None:
        return ()
    periods = reading.chosen("periods", Period)
    devices = reading.chosen("devices", DeviceKind)
    duties = reading.chosen("duties", Duty)
    standing = reading.chosen_of("standing", (each.id for each in asked.preset.policy.standing))
    if known is None:
        audience = reading.chosen("audience", Audience)
        if not (audience or periods or devices or duties or standing):
            reading.mistake("periods", "Say for whom, when or where the exception holds.")
        return (
            AddException(
                rule.id,
                audience=audience,
                periods=periods,
                devices=devices,
                duties=duties,
                standing=standing,
            ),
        )
    position = int(asked.get("exception"))
    move = reading.one_of("move", (_KEEP, _REMOVE), "Say what becomes of this exception.")
    if move == _REMOVE:
        return (RemoveException(rule.id, position),)
    changes: list[tuple[bool, Change]] = []
    if periods != (known.period or frozenset()):
        changes.append((bool(periods), SetPeriods(rule.id, position, periods)))
    if devices != (known.device or frozenset()):
        changes.append((bool(devices), SetDevices(rule.id, position, devices)))
    if duties != (known.duty or frozenset()):
        platforms = known.platform or frozenset() if duties else frozenset()
        changes.append((bool(duties), SetDuties(rule.id, position, duties, platforms)))
    if standing != (known.standing or frozenset()):
        changes.append((bool(standing), SetStanding(rule.id, position, standing)))
    if move and not changes:
        reading.mistake("periods", "Change something: this is how it holds already.")
    # What asks more comes first, so that no step between leaves an exception that holds always.
    return tuple(change for _, change in sorted(changes, key=lambda each: not each[0]))


def _heading(asked: Asked) -> str:
    rule, known = _exception(asked)
    if rule is None:
        return ""
    if known is None:
        return f"A new exception from: {rule_says(rule, asked.preset)}"
    services = asked.preset.policy.catalogue.services_by_id
    return f"Now: except {describe_condition(known, services)}."


def _lifting_fields(asked: Asked) -> tuple[ChangeField, ...]:
    rule = rule_called(asked.get("rule"), asked.preset)
    found = ticked("kinds", () if rule is None else rule.lifted_by)
    sheet = Sheet(asked, found)
    return (
        sheet.hidden("rule"),
        sheet.boxes("kinds", "What may lift this rule?", KIND_ITEMS, "Tick none to lock it."),
    )


def _lifting_read(asked: Asked, reading: Reading) -> tuple[Change, ...]:
    return (SetLifting(asked.get("rule"), reading.chosen("kinds", GrantKind)),)


def _lifting_heading(asked: Asked) -> str:
    rule = rule_called(asked.get("rule"), asked.preset)
    return "" if rule is None else rule_says(rule, asked.preset)


def _promise_fields(asked: Asked) -> tuple[ChangeField, ...]:
    preset = asked.preset
    items = tuple(
        Item(str(position), f"{capitalised(in_words(each, preset.policy))}.")
        for position, each in enumerate(preset.notes.invariants)
    )
    return (Sheet(asked).radios("promise", "What is promised no longer?", items),)


def _promise_read(asked: Asked, reading: Reading) -> tuple[Change, ...]:
    count = len(asked.preset.notes.invariants)
    known = (str(position) for position in range(count))
    promise = reading.one_of("promise", known, "Choose a promise.")
    return (GiveUp(int(promise)),) if promise else ()


EXCEPTION = Form(
    "When, where and who may by exception",
    "A rule blocks except where one of its exceptions holds.",
    _fields,
    _read,
    about="exception",
    choices=_choices,
    heading=_heading,
)
LIFTING = Form(
    "What lifts a rule",
    "A permission that somebody signs lifts a rule for a time. A locked rule nothing can lift.",
    _lifting_fields,
    _lifting_read,
    about="rule",
    choices=lambda asked: rule_choices(asked.preset),
    heading=_lifting_heading,
)
PROMISE = Form(
    "Give up a promise",
    (
        "Your policy promises what must never happen, and the proof holds it to that. A change "
        "that needs one of these to happen has to give the promise up, openly."
    ),
    _promise_fields,
    _promise_read,
)
