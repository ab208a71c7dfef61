"""
What every policy must hold beside its invariants, looked at site by site.

Nobody is kept from an essential; no help line opens what is blocked; every audience is kept from
social media; every rule blocks somebody and every exception spares somebody.
"""

from collections.abc import Iterable, Iterator

from schoolgate_policyd.core.proof.counterexample import Counterexample
from schoolgate_policyd.core.proof.dimensions import DEVICE, DUTY, TIME, having
from schoolgate_policyd.core.proof.reasons import why_blocked
from schoolgate_policyd.core.proof.says import when, who
from schoolgate_policyd.core.proof.sites import Found
from schoolgate_policyd.core.proof.survey import Look, Survey
from schoolgate_policyd.core.rules import Rule
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.core.words import AUDIENCES, DEVICES, capitalised, describe_condition

ESSENTIALS = "nobody is ever kept from an essential"
HELP_LINES = "a help line opens nothing but itself"
COVERED = "everybody is kept from social media at some time"
IN_USE = "every rule blocks somebody and every exception spares somebody"


def essentials(survey: Survey, look: Look) -> Iterator[Counterexample]:
    """Yield somebody who is kept from an essential."""
    if not look.site.is_essential:
        return
    for part in look.site.parts:
        blocked = look.verdicts[0].blocked(part)
        if blocked:
            witness = survey.witness(look, part, blocked, is_inspectable=True)
            words = (
                f"{who(witness.subject)} would be kept from {part.name} "
                f"{when(witness, survey.year.zone)}, "
                f"{why_blocked(witness, survey.snapshots[0])}"
            )
            yield Counterexample(ESSENTIALS, capitalised(words), witness)


def help_lines(look: Look) -> Iterator[Counterexample]:
    """Yield a help line that is something else too, which it would open to everybody."""
    if look.site.is_help_line[0] and look.site.is_listed:
        words = f"{look.site.host} is a help line and stands on a list or belongs to a service too"
        yield Counterexample(
            HELP_LINES, capitalised(f"{words}, so all of it is open to everybody")
        )


def covered(look: Look, social_media: Rule) -> Iterator[Counterexample]:
    """Yield an audience that nothing ever keeps from what counts as *social_media*."""
    blocking, claims = look.verdicts
    nobody_special = look.judge.of(DUTY, having("duties", ()))
    for part in look.site.parts:
        if not claims.blocked_by(social_media, part):
            continue
        blocked = blocking.blocked(part) & nobody_special
        for audience in Audience:
            theirs = look.judge.of(TIME, having("audience", audience))
            for device in DeviceKind:
                on_it = look.judge.of(DEVICE, having("device", device))
                # Where no rule asks for the device, one kind stands for all of them.
                if theirs & on_it and not theirs & on_it & blocked:
                    words = (
                        f"{AUDIENCES[audience]} on {DEVICES[device]} are never kept from "
                        f"{part.name}, which counts as social media"
                    )
                    yield Counterexample(COVERED, capitalised(words))


class InUse:
    """Gathers which rules block somebody and which exceptions spare somebody."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._speaking: set[str] = set()
        self._blocking: set[str] = set()
        self._sparing: set[tuple[str, int]] = set()

    def note(self, look: Look, pairs: Iterable[Found]) -> None:
        """Note what *pairs*, the rules that speak of a part of a site, do there."""
        for rule, service in pairs:
            self._speaking.add(rule.id)
            if look.judge.blocked_by(rule, service):
                self._blocking.add(rule.id)
            for number, exception in enumerate(rule.unless):
                if (rule.id, number) not in self._sparing and look.judge.excepted_by(
                    rule, exception, service
                ):
                    self._sparing.add((rule.id, number))

    def faults(self) -> Iterator[Counterexample]:
        """Yield the rules and exceptions that cannot be meant as they are written."""
        for rule in self._rules:
            if rule.id in self._speaking - self._blocking:
                yield Counterexample(IN_USE, f"Rule {rule.id} never blocks anybody")
                continue
            for number, exception in enumerate(rule.unless):
                if rule.id in self._speaking and (rule.id, number) not in self._sparing:
                    words = describe_condition(exception)
                    yield Counterexample(
                        IN_USE,
                        f"Rule {rule.id} makes an exception that never spares anybody: {words}",
                    )

    def warnings(self) -> Iterator[str]:
        """Yield the rules that nothing in the catalogue belongs to."""
        for rule in self._rules:
            if rule.id not in self._speaking:
                yield f"Rule {rule.id} blocks nothing: no name of the catalogue belongs to it"
