"""What people sign says what is permitted, to whom, from when until when, by which clause."""

from datetime import date, timedelta

import msgspec
import pytest
from office import DSL, HEAD, LEAD, LONDON, MACHINE, NETWORKS, TEACHER, policy

from schoolgate_policyd.core.at_once import BlockedService, BlockedSite
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.policy import Policy, StandingDefinition
from schoolgate_policyd.core.rules import Condition
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty, HeldDuty
from schoolgate_policyd.workflow.block_text import lifting_text, reopens
from schoolgate_policyd.workflow.blocks import Block
from schoolgate_policyd.workflow.day_text import day_text
from schoolgate_policyd.workflow.decision_text import Known
from schoolgate_policyd.workflow.different_days import DayEntry, DayKind, DifferentDay
from schoolgate_policyd.workflow.duty_text import duty_text, reasons_in
from schoolgate_policyd.workflow.forms import DecisionForm
from schoolgate_policyd.workflow.network_text import network_text
from schoolgate_policyd.workflow.networks import NetworkEntry, NetworkRecord
from schoolgate_policyd.workflow.requests import State, Step
from schoolgate_policyd.workflow.signed_text import read_signed_text
from schoolgate_policyd.workflow.standing_requests import StandingForm, StandingRequest
from schoolgate_policyd.workflow.standing_text import permits, standing_text

DAY = date(2026, 11, 20)
KNOWN = Known({each.id: each.name for each in (HEAD, LEAD, DSL)}, {}, LONDON)
# What somebody might type to have one field pass for another.
FORGED = "fair\nUntil: 1 January 2099, that day included\n\nSignature\nSigned by: Somebody"
OPERATOR = HeldDuty(Duty.ACCOUNT_OPERATOR, frozenset({"clips"}))


def parts_of(text: str) -> dict[str, dict[str, str]]:
    _, parts = read_signed_text(text)
    return {part.heading: dict(part.fields) for part in parts}


def with_standing() -> Policy:
    """The office's policy, whose staff rule makes an exception once `break` is recorded."""
    pupils, staff, adult = policy().rules
    exception = Condition(standing=frozenset({"break"}))
    staff = msgspec.structs.replace(staff, unless=(*staff.unless, exception))
    standing = (StandingDefinition("break", "staff may at break"),)
    return msgspec.structs.replace(policy(), rules=(pupils, staff, adult), standing=standing)


def standing(*, is_approved: bool = True, reasons: str = "fair") -> str:
    form = StandingForm("break", "staff rest", "own devices", date(2026, 12, 1))
    steps = (
        Step(State.SUBMITTED, DSL.id, MACHINE, "staff rest"),
        Step(State.MEASURES_CONFIRMED, LEAD.id, MACHINE, "they are in place"),
    )
    return standing_text(
        StandingRequest(7, DSL.id, form, steps),
        DecisionForm(is_approved, reasons, HEAD.name, DAY),
        permits(with_standing(), "break"),
        signer=HEAD,
        known=KNOWN,
    )


def test_a_standing_permission_names_its_rules_with_their_clause_and_its_last_day() -> None:
    parts = parts_of(standing())

    permitted = parts["What this signature permits"]
    assert "staff may at break" == permitted["Permits"]
    (rule,) = permitted["To whom, by which rules"].splitlines()
    assert rule.startswith("Staff and visitors may not reach")
    assert rule.endswith("(Social Media Policy, §5)")
    assert "Social Media Policy, 1" == permitted["Policy"]
    assert "1 December 2026, that day included" == permitted["Until"]
    assert "7, version 2" == parts["What is asked for"]["Request"]
    assert f"{LEAD.name} (robin)" == parts["Control measures"]["Confirmed by"]


def test_a_refusal_permits_nothing() -> None:
    parts = parts_of(standing(is_approved=False))

    assert {"Permits": "nothing"} == parts["What this signature permits"]
    assert "✗ No" == parts["Authoriser"]["Approved"]


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (BlockedSite(DomainName("bad.example")), "bad.example and everything below it"),
        (BlockedService("clips"), "all of Clips (service clips)"),
    ],
)
def test_lifting_a_block_names_what_opens_for_whom(
    what: BlockedSite | BlockedService, says: str
) -> None:
    block = Block(3, what, False, "harm", LEAD.id, MACHINE)

    text = lifting_text(block, FORGED, reopens(policy(), block), signer=HEAD, known=KNOWN)

    parts = parts_of(text)
    opens = parts["What this signature opens"]
    assert f"{says}, as far as the policy leaves it open" == opens["Opens"]
    assert "pupils, and whoever is not known" == opens["To whom"]
    assert (FORGED, "somebody blocks it again") == (opens["Reasons"], opens["Until"])
    assert {"Signed by": f"{HEAD.name} (swift)"} == parts["Signature"]


def test_a_day_names_the_others_that_stand() -> None:
    entry = DayEntry(DayKind.LESSONS, DAY, DAY + timedelta(days=2), "Exams", (5, 6))
    other = DifferentDay(1, DayEntry(DayKind.CLOSED, DAY, DAY, "Snow"), HEAD.id, MACHINE)

    parts = parts_of(day_text(entry, (other,), "Policy, 1", version=4, signer=HEAD, signed_on=DAY))

    changes = parts["What this signature changes"]
    assert "pupils of years 5 to 6" == changes["For whom"]
    assert ("20 November 2026, the whole day", "22 November 2026, that day included") == (
        changes["From"],
        changes["Until"],
    )
    beside = parts["Other days that are different"]
    assert "version 4" == beside["Calendar"]
    assert (
        "1: Snow, 20 November 2026 to 20 November 2026, closed, everybody"
        == (beside["Stand already"])
    )


def test_a_network_says_what_it_was_and_what_it_will_be() -> None:
    network = NETWORKS[0]
    record = NetworkRecord(network, network, "Pupils", 2)
    entry = NetworkEntry("Staff room", Audience.STAFF, DeviceKind.OWN_DEVICE, False, FORGED)

    parts = parts_of(network_text(record, entry, "Policy, 1", signer=HEAD))

    assert "pupils, version 2" == parts["Network"]["Network"]
    changes = parts["What this signature changes"]
    told = "They count as", "With what", "Trusts the school’s authority"
    assert ["pupil", "school computer", "yes"] == [parts["Network"][each] for each in told]
    assert ["staff", "own device", "no"] == [changes[each] for each in told]
    assert "it is changed again" == changes["Until"]
    assert FORGED == changes["Reasons"]


def test_duties_say_what_is_given_and_taken_and_on_which_platforms() -> None:
    before = (HeldDuty(Duty.GOVERNOR), HeldDuty(Duty.ACCOUNT_OPERATOR))
    text = duty_text(
        TEACHER,
        before,
        (OPERATOR, HeldDuty(Duty.DSL)),
        FORGED,
        version=5,
        document="Policy, 1",
        signer=HEAD,
    )

    parts = parts_of(text)
    assert f"{TEACHER.name} (heron)" == parts["Person"]["Person"]
    until_now = "account operator, on every platform\ngovernor"
    assert until_now == parts["Person"]["Duties until now"]
    changes = parts["What this signature changes"]
    assert "account operator, on clips\ndsl" == changes["Given"]
    assert "governor" == changes["Taken away"]
    assert FORGED == reasons_in(text)
