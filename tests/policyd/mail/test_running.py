"""From a change to a mail: sent once, by a dead server later, by a killed process again."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mail_world import TAKEN, DirectPost, MailServer, Received, listening, plain_settings
from office import LESSON, MACHINE, QuickHasher, fill, form, policy

from schoolgate_policyd.config import Settings, WebSettings
from schoolgate_policyd.mail.running import Mailing
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.outbox import Mail
from schoolgate_policyd.workflow.alerts import Alert, AlertKind
from schoolgate_policyd.workflow.forms import ReviewForm

LEAD_ADDRESS = "priya@school.example"
TEACHER_ADDRESS = "amara@school.example"


class Clock:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


class School:
    """A store with people, and policyd's part that mails, over a server that a test made."""

    def __init__(self, store: DecisionStore) -> None:
        self.store = store
        self.machine, self.school = Clock(MACHINE), Clock(LESSON)
        for person, address in (("robin", LEAD_ADDRESS), ("heron", TEACHER_ADDRESS)):
            store.email_addresses.set_email(person, address, by=None, at=MACHINE)

    def mailing(self, port: int | None, dies_after: int | None = None) -> Mailing:
        mail = None if port is None else plain_settings(port)
        web = WebSettings(public_url="https://gate.school.example/")
        return Mailing(
            Settings(school_name="Willow Lane", mail=mail, web=web),
            self.store.outbox,
            DirectPost(plain_settings(port or 1), dies_after),
            policy=policy,
            school_clock=self.school,
            machine_clock=self.machine,
        )

    def ask(self) -> int:
        return self.store.requests.submit("heron", form(), at=MACHINE, moment=LESSON).id

    def go_on(self, length: timedelta) -> None:
        self.machine.moment += length
        self.school.moment += length


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    with closing(DecisionStore(tmp_path / "decisions.db", hasher=QuickHasher())) as store:
        fill(store)
        yield School(store)


def mailed(school: School, *, server: MailServer | None = None, times: int = 1) -> list[Received]:
    """Have policyd look *times* times over, and return what the server got."""
    kept = server or MailServer()

    async def run() -> None:
        async with listening(kept) as port:
            mailing = school.mailing(port)
            for _ in range(times):
                await mailing.once()

    asyncio.run(run())
    return kept.received


def kept(school: School, kind: str) -> Mail:
    """Return the one mail of *kind* in the outbox."""
    [mail] = [each for each in school.store.outbox.listed() if each.kind == kind]
    return mail


def test_a_request_is_mailed_to_whoever_checks_it_and_to_nobody_else(school: School) -> None:
    number = school.ask()

    [mail] = mailed(school, times=3)

    assert [LEAD_ADDRESS] == mail.recipients
    assert f"Request {number} waits for you (Willow Lane)" == mail.message["subject"]
    assert f"https://gate.school.example/requests/{number}" in mail.message.get_content()


def test_a_mail_names_no_person_and_no_site(school: School) -> None:
    school.ask()

    [mail] = mailed(school)

    for word in (b"Amara", b"heron", b"clips", b"otters", b"Science"):
        assert word not in mail.octets


def test_the_requester_hears_of_each_step(school: School) -> None:
    number = school.ask()
    mailed(school)
    answer = ReviewForm(are_in_place=False, why="Comments are not off")
    school.store.requests.review(number, by="robin", answer=answer, at=MACHINE, moment=LESSON)

    [mail] = mailed(school)

    assert [TEACHER_ADDRESS] == mail.recipients
    assert "control measures were refused" in mail.message.get_content()


def test_a_dead_server_loses_nothing_and_says_so(school: School) -> None:
    school.ask()
    mailing = school.mailing(1)
    asyncio.run(mailing.once())

    [fault] = mailing.faults
    assert "mail has not left since 02/03/2027 18:30 UTC: the server is not reached" in fault
    school.go_on(timedelta(minutes=2))
    assert 1 == len(mailed(school))
    assert school.store.outbox.state().failing_since is None


def test_a_dead_server_is_not_asked_at_every_look(school: School) -> None:
    school.ask()
    server = MailServer()

    async def run() -> None:
        mailing = school.mailing(1)
        await mailing.once()
        async with listening(server) as port:
            mailing._post = DirectPost(plain_settings(port))
            await mailing.once()
            assert [] == server.received
            school.go_on(timedelta(minutes=1))
            await mailing.once()

    asyncio.run(run())
    assert 1 == len(server.received)


def test_a_mail_whose_answer_was_lost_goes_again_as_the_same_mail(school: School) -> None:
    school.ask()
    server = MailServer()

    async def run() -> None:
        async with listening(server) as port:
            await school.mailing(port, dies_after=0).once()
            # Another process now, which knows what is stored and nothing else.
            await school.mailing(port).once()
            await school.mailing(port).once()

    asyncio.run(run())

    assert 2 == len(server.received)
    assert 1 == len({each.octets for each in server.received})
    assert 1 == len({each.message["message-id"] for each in server.received})


def test_who_is_refused_for_good_is_given_up_visibly(school: School) -> None:
    school.ask()
    mailed(school, server=MailServer(to_recipient=lambda _: "550 no such user"))

    mail = kept(school, "request-waits")

    assert MACHINE == mail.given_up_at
    assert "the server answered 550 no such user" == mail.why
    assert () == school.store.outbox.due(MACHINE + timedelta(days=1))


def test_who_is_refused_for_now_is_tried_ever_more_rarely(school: School) -> None:
    school.ask()
    answers = iter(["451 later", "451 later", TAKEN])
    server = MailServer(to_recipient=lambda _: next(answers))
    for minutes in (0, 1, 5):
        school.go_on(timedelta(minutes=minutes))
        mailed(school, server=server)

    assert 1 == len(server.received)
    assert 3 == kept(school, "request-waits").tries


def test_who_has_no_address_has_a_mail_that_waits_and_then_is_given_up(school: School) -> None:
    school.store.email_addresses.set_email("robin", "", by="robin", at=MACHINE)
    school.ask()
    assert [] == mailed(school)
    assert school.store.outbox.state().without_address

    school.go_on(timedelta(days=5, minutes=1))
    mailed(school)

    mail = kept(school, "request-waits")
    assert "no e-mail address is on record" == mail.why
    assert mail.given_up_at is not None


def test_without_a_mail_server_alerts_are_made_and_wait(school: School) -> None:
    school.ask()
    mailing = school.mailing(None)
    asyncio.run(mailing.once())

    assert kept(school, "request-waits").sent_at is None
    assert () == mailing.faults


def test_the_week_is_mailed_on_monday_morning_once(school: School) -> None:
    school.store.email_addresses.set_email("wren", "dsl@school.example", by=None, at=MACHINE)
    school.ask()
    mailed(school)
    monday = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
    school.go_on(monday - LESSON)

    [mail] = mailed(school)
    school.go_on(timedelta(hours=3))

    assert ["dsl@school.example"] == mail.recipients
    assert "Requests for blocked pages: 1" in mail.message.get_content()
    assert [] == mailed(school)


def test_what_cannot_be_sent_holds_up_nothing_else(school: School) -> None:
    """A row that another version left, with other facts."""
    gone = Alert(AlertKind.POLICY_MOVED, "policy:1:refused", ("heron",), "/policy/drafts/1")
    school.store.outbox.put([gone], at=MACHINE)
    school.ask()

    received = mailed(school)

    assert [TEACHER_ADDRESS, LEAD_ADDRESS] == [each.recipients[0] for each in received]
    assert "Something waits for you (Willow Lane)" == received[0].message["subject"]
