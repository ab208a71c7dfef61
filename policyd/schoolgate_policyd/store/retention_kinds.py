"""
How long each kind of record is kept, why, and how it is deleted when its time is over.

A part of Schoolgate that keeps something about people adds its kind to `KINDS`, in a few lines:

    Kind(
        name="mails",
        what="E-mails that were sent",
        reason="To see whether an alert went out.",
        days=30, least=7, most=365,
        delete=rows(OutboxRow, OutboxRow.sent_at, people=(OutboxRow.person_id,)),
    ),

`rows(table, moment, ...)` deletes the rows whose *moment* is over; a row whose *moment* is null
has no end yet and stays: so *moment* is one that every record has once its matter ended, however
it ended. *people* are its columns that name a person, *on* is `("mail",
OutboxRow.id)` where the row is an object that a legal hold may name, *only* a further condition
(a state in which it is closed). *devices* are columns that name a device, and *named_in* are
pairs of other tables' columns, the row's id and a person, where no foreign key says so. With
*and_its_rows* whatever refers to the row by a foreign key goes with it. Rows under a legal hold
are left alone, and nothing else has to be done: policyd deletes every day, counts it in the
audit, and erases what SQLite would leave in the file. `days` is what holds when the settings say
nothing; they may say `least` to `most`. The reasons are shown on the page of retention, so they
are sentences for the school.
"""

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.orm import Session

from schoolgate_policyd.store.forgetting import FORGOTTEN, forget_in
from schoolgate_policyd.store.models import (
    ApiTokenRow,
    AuditPersonalRow,
    AuditRow,
    BlockRow,
    DraftRow,
    LookRow,
    OutboxRow,
    PersonRow,
    ReportRow,
    ReportTryRow,
    RequestRow,
    SessionRow,
    SetupCodeRow,
    SignInAttemptRow,
)
from schoolgate_policyd.store.open_matters import is_without_open_matters
from schoolgate_policyd.store.retention_paperwork import PAPERWORK_KINDS
from schoolgate_policyd.store.retention_rows import (
    AT_ONCE,
    YEAR,
    ForGood,
    Kind,
    Sweep,
    rows,
    spared,
)
from schoolgate_policyd.store.retention_signed import SIGNED_KINDS
from schoolgate_policyd.store.retention_told import TOLD_KINDS
from schoolgate_policyd.workflow import lead_times

__all__ = ["FOR_GOOD", "KINDS", "Kind"]


def _people_who_left(session: Session, sweep: Sweep) -> int:
    query = (
        select(PersonRow)
        .where(
            PersonRow.has_left,
            PersonRow.leaves_at < sweep.before,
            PersonRow.name != FORGOTTEN,
            is_without_open_matters(PersonRow.id),
            *spared(sweep.held, people=(PersonRow.id,)),
        )
        .limit(AT_ONCE)
    )
    people = session.scalars(query).all()
    for each in people:
        forget_in(each)
    return len(people)


def _personal_parts(session: Session, sweep: Sweep) -> int:
    """Delete the personal parts of entries; their leaves stay, so the ledger verifies."""
    held = sweep.held
    part = AuditPersonalRow
    conditions = spared(held, people=(part.actor_id,))
    if held.objects or held.people:
        objects = sorted(held.objects | {("person", each) for each in held.people})
        conditions.append(tuple_(AuditRow.object_kind, part.object_id).not_in(objects))
    found = (
        select(part.id)
        .join(AuditRow, AuditRow.id == part.id)
        .where(AuditRow.at < sweep.before, *conditions)
        .limit(AT_ONCE)
    )
    numbers = session.scalars(found).all()
    if numbers:
        session.execute(delete(part).where(part.id.in_(numbers)))
    return len(numbers)


KINDS: tuple[Kind, ...] = (
    Kind(
        name="audit-names",
        what="Who did what, in the audit; that something was done stays for ever",
        reason="A decision can be asked about for six years (Limitation Act 1980), and one more.",
        days=7 * YEAR,
        least=YEAR,
        most=10 * YEAR,
        delete=_personal_parts,
    ),
    Kind(
        name="people-who-left",
        what="Names of people who left, in the register; records show their pseudonym from then",
        reason="Handing over what they did in Schoolgate takes until the end of the next term.",
        days=180,
        least=1,
        most=2 * YEAR,
        delete=_people_who_left,
    ),
    Kind(
        name="events",
        what="What was blocked, attempts to get round the filter, and counts of what was allowed",
        reason="The online safety lead reviews them within the term (twiss-green §9).",
        days=90,
        least=7,
        most=YEAR,
        delete=None,
    ),
    Kind(
        name="sessions",
        what="Sign-in sessions and device claims, after they ended",
        reason="To see who was signed in when something was done.",
        days=30,
        least=1,
        most=YEAR,
        delete=rows(SessionRow, SessionRow.expires_at, people=(SessionRow.person_id,)),
    ),
    Kind(
        name="api-tokens",
        what="Names and scopes of tokens of the API that ended or were revoked",
        reason="To see within the school year which program could do what, and for whom.",
        days=YEAR,
        least=30,
        most=2 * YEAR,
        delete=rows(
            ApiTokenRow,
            func.coalesce(ApiTokenRow.revoked_at, ApiTokenRow.ends_at),
            people=(ApiTokenRow.person_id,),
            on=("api-token", ApiTokenRow.id),
        ),
    ),
    Kind(
        name="setup-codes",
        what="Set-up codes that were used or ended: for whom, and who made them",
        reason="To see who let whom set an account up, while that account is new.",
        days=90,
        least=7,
        most=YEAR,
        delete=rows(
            SetupCodeRow,
            func.coalesce(SetupCodeRow.used_at, SetupCodeRow.ends_at),
            people=(SetupCodeRow.person_id, SetupCodeRow.made_by),
        ),
    ),
    Kind(
        name="looks",
        what="Looks at what one named person did: whose record was opened, by whom and why",
        reason="Whoever was looked at can ask why, and the DSL reviews each term who looked.",
        days=2 * YEAR,
        least=YEAR,
        most=7 * YEAR,
        delete=rows(
            LookRow,
            LookRow.ends_at,
            people=(LookRow.person_id, LookRow.by_id),
            on=("look", LookRow.id),
        ),
    ),
    Kind(
        name="mails",
        what="E-mails that something waits, and what became of them",
        reason="To see whether an alert went out; they name nobody but whom they were sent to.",
        days=90,
        # What was said must be known for as long as it is not to be said again.
        least=lead_times.LONGEST.days + 10,
        most=YEAR,
        delete=rows(OutboxRow, OutboxRow.made_at, people=(OutboxRow.recipient_id,)),
    ),
    Kind(
        name="sign-in-attempts",
        what="Attempts to sign in",
        reason="To slow down whoever tries passwords, and to see that somebody did.",
        days=7,
        least=1,
        most=90,
        delete=rows(SignInAttemptRow, SignInAttemptRow.at),
    ),
    Kind(
        name="reports",
        what="Reports of content that were answered, with who was named in them",
        reason="To see whether the same site is reported again, and that reports are answered.",
        days=2 * YEAR,
        least=90,
        most=7 * YEAR,
        delete=rows(
            ReportRow,
            ReportRow.closed_at,
            people=(ReportRow.reporter_id,),
            on=("report", ReportRow.id),
            and_its_rows=True,
        ),
    ),
    Kind(
        name="blocks",
        what="What was blocked at once and is lifted again",
        reason="Governors review each year what was closed and opened again (twiss-green §2).",
        days=2 * YEAR,
        least=YEAR,
        most=7 * YEAR,
        delete=rows(
            BlockRow,
            BlockRow.lifted_at,
            people=(BlockRow.made_by, BlockRow.lifted_by),
            on=("block", BlockRow.id),
        ),
    ),
    Kind(
        name="report-tries",
        what="From which devices reports came, and looks at their answers",
        reason="To slow down a device that sends too many; reports themselves do not name one.",
        days=1,
        least=1,
        most=7,
        delete=rows(ReportTryRow, ReportTryRow.at),
    ),
    Kind(
        name="request-drafts",
        what="Drafts of requests that were never sent",
        reason="What nobody came back to for a term is not needed.",
        days=90,
        least=7,
        most=YEAR,
        delete=rows(DraftRow, DraftRow.changed_at, people=(DraftRow.author_id,)),
    ),
    Kind(
        name="requests",
        what="Requests that are over or lapsed, with their steps, signatures and grants",
        reason="Governors review each year what was opened and why (twiss-green §2).",
        days=2 * YEAR,
        least=YEAR,
        most=7 * YEAR,
        delete=rows(
            RequestRow,
            RequestRow.ends_at,
            people=(RequestRow.requester_id,),
            on=("request", RequestRow.id),
            and_its_rows=True,
        ),
    ),
    *PAPERWORK_KINDS,
    *TOLD_KINDS,
    *SIGNED_KINDS,
)

FOR_GOOD: tuple[ForGood, ...] = (
    ForGood(
        name="policy-versions",
        what="Versions of the policy: who wrote, approved and directed them",
        reason="They are the school's rules, and what was decided then is decided again by them.",
    ),
    ForGood(
        name="legal-holds",
        what="Legal holds: who placed and who lifted them",
        reason="They say why records were kept beyond their time.",
    ),
)
