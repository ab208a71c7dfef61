"""What is told, taught, directed and sent, in each of its stages, as rows of the store."""

from datetime import timedelta

from office import DSL, HEAD, MACHINE, NETWORKS, PUPIL, TEACHER, sign
from paper_stages import DAY, Make, adding
from to_sign import DOCUMENT, sign_duties, sign_network

from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty, HeldDuty
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.models import (
    AcknowledgementRow,
    ApiTokenRow,
    DifferentDayRow,
    LookRow,
    OutboxRow,
    PersonRow,
    PolicyVersionRow,
    SetupCodeRow,
    SignatureRow,
    TrainingRow,
)
from schoolgate_policyd.store.signed_networks import NetworkToSign
from schoolgate_policyd.workflow.different_days import DayKind
from schoolgate_policyd.workflow.looks import LookReason
from schoolgate_policyd.workflow.networks import NetworkEntry
from schoolgate_policyd.workflow.policy_versions import Origin, VersionState
from schoolgate_policyd.workflow.signing import Means, SignedKind
from schoolgate_policyd.workflow.training import TrainingKind


def acknowledged(*versions: int) -> Make:
    def make(store: DecisionStore) -> None:
        for number in versions:
            adding(
                lambda number=number: policy_version(number),
                lambda number=number: AcknowledgementRow(
                    person_id=TEACHER.id, version=number, at=MACHINE
                ),
            )(store)

    return make


def acknowledged_and_left(store: DecisionStore) -> None:
    acknowledged(1)(store)
    with store.database.writing() as session:
        row = session.get_one(PersonRow, TEACHER.id)
        row.has_left, row.leaves_at = True, MACHINE


def policy_version(number: int) -> PolicyVersionRow:
    return PolicyVersionRow(
        number=number,
        school="office",
        origin=Origin.RULE_FILES,
        state=VersionState.DIRECTED,
        summary="",
        digest="0" * 64,
        terms="{}",
        changes="[]",
    )


def training(**due: object) -> Make:
    return adding(
        lambda: TrainingRow(
            kind=TrainingKind.STAFF_TRAINING,
            what="the filter",
            for_whom="staff",
            given_on=DAY,
            recorded_at=MACHINE,
            recorded_by=HEAD.id,
            **due,
        )
    )


def different_day(**withdrawn: object) -> Make:
    return adding(
        lambda: SignatureRow(
            kind=SignedKind.DIFFERENT_DAY,
            object_id="new",
            version=0,
            person_id=HEAD.id,
            nonce="n",
            text="closed",
            digest="0" * 64,
            means=Means.PASSWORD,
            at=MACHINE,
        ),
        lambda: DifferentDayRow(
            kind=DayKind.CLOSED,
            first=DAY,
            last=DAY,
            name="snow",
            directed_by=HEAD.id,
            at=MACHINE,
            signed_digest="0" * 64,
            **withdrawn,
        ),
    )


def api_token(**more: object) -> Make:
    return adding(
        lambda: ApiTokenRow(
            person_id=TEACHER.id,
            token_hash="0" * 64,
            name="timetable",
            scopes=frozenset(),
            made_at=MACHINE,
            **more,
        )
    )


def setup_code(**more: object) -> Make:
    return adding(
        lambda: SetupCodeRow(
            person_id=TEACHER.id, code_hash="0" * 64, made_at=MACHINE, made_by=HEAD.id, **more
        )
    )


def mail(**end: object) -> Make:
    return adding(
        lambda: OutboxRow(
            key="k",
            recipient_id=TEACHER.id,
            kind="x",
            path="/",
            facts="{}",
            message_id="m",
            made_at=MACHINE,
            next_try_at=MACHINE,
            **end,
        )
    )


def opened_network(store: DecisionStore) -> None:
    sign_network(store, HEAD.id, _wireless(Audience.STAFF))


def network_opened_twice(store: DecisionStore) -> None:
    opened_network(store)
    again = NetworkToSign(HEAD.id, NETWORKS[0], _wireless(Audience.PUPIL), 1, DOCUMENT, MACHINE)
    sign(store, again)


def _wireless(audience: Audience) -> NetworkEntry:
    return NetworkEntry(
        "Wi-Fi", audience, DeviceKind.SCHOOL_COMPUTER, inspectable=True, reasons="the new block"
    )


def duties(*each_time: Duty) -> Make:
    def make(store: DecisionStore) -> None:
        for duty in each_time:
            sign_duties(store, TEACHER.id, HeldDuty(duty))

    return make


def look(store: DecisionStore) -> None:
    adding(
        lambda: LookRow(
            person_id=PUPIL.id,
            by_id=DSL.id,
            at=MACHINE,
            ends_at=MACHINE + timedelta(hours=1),
            reason=LookReason.BREACH,
            words="tried",
        )
    )(store)
