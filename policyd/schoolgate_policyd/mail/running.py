"""What policyd does about mail every few seconds; nothing of it ever holds up anything else."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from schoolgate_policyd.clock import Clock
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.mail.composing import Letterhead, compose
from schoolgate_policyd.mail.letters import SERVER, Answer, Letter
from schoolgate_policyd.settings import Settings
from schoolgate_policyd.store.outbox import MailState, Outbox, Waiting
from schoolgate_policyd.workflow.alert_dates import dated

EVERY_S = 3.0
# However slow a server is, the next letters find nobody in their place.
MOST_S = 600.0
DATES_EVERY = timedelta(minutes=1)
# Of a server that is not reached; the last one counts for all further tries.
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
NO_SERVER = "no mail server is set up"
_ENDED = "the process that sends mail ended before it was done"

log = structlog.get_logger(__name__)


class Post(Protocol):
    """Whoever hands letters over."""

    def post(self, letters: Sequence[Letter]) -> AsyncGenerator[Answer]:
        """Yield what became of each."""
        ...


class Mailing:
    """
    Makes alerts of the audit and of the date, and has them sent.

    *policy* returns the policy in force, None before there is one. Without a mail server in the
    settings alerts are made all the same, and wait where the technician sees them.
    """

    def __init__(
        self,
        settings: Settings,
        outbox: Outbox,
        post: Post,
        *,
        policy: Callable[[], Policy | None],
        school_clock: Clock,
        machine_clock: Clock,
        every_s: float = EVERY_S,
        most_s: float = MOST_S,
    ) -> None:
        self._mail = settings.mail
        sender = "" if settings.mail is None else settings.mail.sender
        self._head = Letterhead(settings.school_name, settings.web.public_url, sender)
        self._outbox = outbox
        self._post = post
        self._policy = policy
        self._school_clock = school_clock
        self._machine_clock = machine_clock
        self._every_s = every_s
        self._most_s = most_s
        self._dates_at: datetime | None = None
        self._not_before: datetime | None = None
        self._failures = 0
        self._is_failing = False
        self._faults: tuple[str, ...] = ()

    @property
    def faults(self) -> tuple[str, ...]:
        """A sentence while no mail leaves."""
        return self._faults

    async def run(self) -> None:
        """Do so for ever; what goes wrong is tried again."""
        while True:
            try:
                await self.once()
                self._is_failing = False
            except Exception:  # whatever it is, it is tried again
                if not self._is_failing:
                    log.exception("alerts are not made or not sent")
                self._is_failing = True
            await asyncio.sleep(self._every_s)

    async def once(self) -> None:
        """Make what alerts there are, and have those that are due sent."""
        at = self._machine_clock.now()
        await asyncio.to_thread(self._make, at)
        if self._mail is not None and (self._not_before is None or at >= self._not_before):
            due = await asyncio.to_thread(self._outbox.due, at)
            if due:
                await self._send(due, at)
        state = await asyncio.to_thread(self._outbox.state)
        self._faults = _faults(state)

    def _make(self, at: datetime) -> None:
        moment = self._school_clock.now()
        while self._outbox.read_on(at=at, moment=moment):
            pass
        policy = self._policy()
        # A clock that was set back must not keep the date's alerts waiting.
        is_time = self._dates_at is None or abs(at - self._dates_at) >= DATES_EVERY
        if policy is not None and is_time:
            self._put_dated(policy, moment, at)
            why = NO_SERVER if self._mail is None else "the server was never reached"
            self._outbox.give_up_old(at=at, why=why)
            self._dates_at = at

    def _put_dated(self, policy: Policy, moment: datetime, at: datetime) -> None:
        people, dues = self._outbox.people_and_dues()
        shift = moment - at

        def counting(since: datetime, until: datetime) -> Mapping[str, int]:
            return self._outbox.counts(since - shift, until - shift)

        alerts = dated(
            moment,
            zone=ZoneInfo(policy.school_time.zone),
            calendar=policy.school_time.calendar,
            people=people,
            dues=dues.reviewed_in(_month(policy.document.review)),
            counting=counting,
        )
        self._outbox.put(alerts, at=at)

    async def _send(self, due: tuple[Waiting, ...], at: datetime) -> None:
        letters = [
            Letter(each.id, self._head.sender, each.address, compose(each, self._head))
            for each in due
        ]
        unanswered = {letter.id for letter in letters}
        why = _ENDED
        try:
            async with asyncio.timeout(self._most_s), aclosing(self._post.post(letters)) as told:
                async for answer in told:
                    if answer.id == SERVER:
                        why = answer.why
                    elif answer.id in unanswered:
                        unanswered.discard(answer.id)
                        await asyncio.to_thread(self._keep, answer, at)
        except (OSError, TimeoutError, SchoolgateError) as error:
            why = str(error) or "the server took too long"
        if not unanswered:
            self._failures, self._not_before = 0, None
            return
        pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
        self._failures += 1
        self._not_before = at + pause
        log.warning("mail does not leave", cause=why, next_try_s=int(pause.total_seconds()))
        await asyncio.to_thread(self._outbox.nothing_leaves, why, at=at)

    def _keep(self, answer: Answer, at: datetime) -> None:
        if answer.is_taken:
            self._outbox.sent(answer.id, at=at)
        else:
            self._outbox.failed(answer.id, answer.why, at=at, is_final=answer.is_final)


def _faults(state: MailState) -> tuple[str, ...]:
    if state.failing_since is None:
        return ()
    since = f"{state.failing_since:%d/%m/%Y %H:%M} UTC"
    waiting = f"{state.waiting} wait, and are sent as soon as the server takes them"
    return (f"mail has not left since {since}: {state.why}; {waiting}",)


def _month(review: str | None) -> date | None:
    """Return the first day of the year and month in *review*, None where it is not one."""
    if review is None:
        return None
    year, _, month = review.partition("-")
    try:
        return date(int(year), int(month), 1)
    except ValueError:
        return None
