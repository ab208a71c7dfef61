"""The list of mails: to whom, about what in a few words, and what became of each."""

import msgspec

from schoolgate_policyd.store.outbox import NO_ADDRESS, Mail, MailState
from schoolgate_policyd.workflow.alert_words import said
from schoolgate_policyd.workflow.alerts import may_see_mail
from schoolgate_webui.views.moments import Now, day_and_time, in_words, short_day_and_time
from schoolgate_webui.views.stages import Tag


class MailLine(msgspec.Struct, frozen=True):
    """One mail; *why* is what stands in its way."""

    recipient: str
    subject: str
    made: str
    tag: Tag
    why: str


class MailPage(msgspec.Struct, frozen=True):
    """How it goes in *sentences*, and the newest mails; *is_failing* when nothing leaves."""

    has_server: bool
    is_failing: bool
    sentences: tuple[str, ...]
    lines: tuple[MailLine, ...]


def mail_page(
    mails: tuple[Mail, ...], state: MailState, now: Now, *, viewer: str, has_server: bool
) -> MailPage:
    """Return the list of *mails* as *viewer* (a person's id) may see it, the newest first."""
    return MailPage(
        has_server=has_server,
        is_failing=state.failing_since is not None,
        sentences=tuple(_sentences(state, now)),
        lines=tuple(
            _line(each, now)
            for each in mails
            if may_see_mail(each.kind, each.recipient_id, viewer)
        ),
    )


def _sentences(state: MailState, now: Now) -> list[str]:
    sentences = []
    if state.failing_since is not None:
        since = day_and_time(now.recorded(state.failing_since))
        sentences.append(f"Mail has not left since {since}: {state.why}.")
    if state.last_sent_at is not None:
        sentences.append(f"The last mail left {in_words(now.age(state.last_sent_at))} ago.")
    if state.waiting:
        sentences.append(f"{_waiting(state.waiting)} to be sent.")
    if state.without_address:
        sentences.append(
            f"{_waiting(state.without_address)} for people who have no e-mail address on record."
        )
    return sentences


def _waiting(count: int) -> str:
    return "1 mail waits" if count == 1 else f"{count} mails wait"


def _line(mail: Mail, now: Now) -> MailLine:
    subject = said(mail.kind, mail.facts).subject
    why = mail.why or ""
    if mail.sent_at is not None:
        tag = Tag(f"Sent {short_day_and_time(now.recorded(mail.sent_at))}", "govuk-tag--green")
        why = ""
    elif mail.given_up_at is not None:
        tag = Tag("Given up", "govuk-tag--red")
    elif not mail.has_address:
        tag, why = Tag("Waits", "govuk-tag--yellow"), f"{NO_ADDRESS[0].upper()}{NO_ADDRESS[1:]}"
    elif mail.tries:
        tag = Tag("Tried", "govuk-tag--yellow")
        why = f"{why}. Next try: {short_day_and_time(now.recorded(mail.next_try_at))}"
    else:
        tag = Tag("Waits", "govuk-tag--grey")
    made = short_day_and_time(now.recorded(mail.made_at))
    return MailLine(mail.recipient, subject, made, tag, why)
