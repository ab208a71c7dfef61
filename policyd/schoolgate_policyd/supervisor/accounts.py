"""Who can sign in to the sample school's pages; they are made at its first start."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from schoolgate_policyd.clock import MachineClock, open_school_clock
from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.subjects import Duty
from schoolgate_policyd.supervisor.greeting import Account


def accounts_of(settings: Settings) -> tuple[Account, ...]:
    """
    Return the sample people who can sign in, with passwords only when this start made them.

    Raises SchoolgateError when the store or the people's file cannot be used.
    """
    if not settings.is_sample or settings.people_file is None:
        return ()
    return _seeded(settings, settings.people_file)


def _seeded(settings: Settings, people_file: Path) -> tuple[Account, ...]:
    # Imported where it is needed: a real school leaves the database to policyd and the pages.
    from schoolgate_policyd.store.decisions import DecisionStore  # noqa: PLC0415
    from schoolgate_policyd.store.sample import seed  # noqa: PLC0415

    with closing(DecisionStore(settings.decisions_path)) as store:
        made = seed(
            store,
            people_file,
            at=MachineClock().now(),
            moment=open_school_clock(settings).now(),
        )
        if made is not None:
            return tuple(
                Account(each.username, each.name, _in_words(each.duties), each.password)
                for each in made
            )
        return tuple(
            Account(each.username, each.name, _in_words(each.duties), None)
            for each in store.people.members()
            if each.username is not None
        )


def first_run_code(settings: Settings) -> str | None:
    """Return a code for the first-run guide where nobody can sign in yet. Raises StoreError."""
    if settings.is_sample:
        return None
    from schoolgate_policyd.store.decisions import DecisionStore  # noqa: PLC0415 - as above

    with closing(DecisionStore(settings.decisions_path)) as store:
        made = store.first_run.make_code(at=MachineClock().now())
        return None if made is None else made.code


def _in_words(duties: Iterable[Duty]) -> str:
    return ", ".join(sorted(duty.value for duty in duties))
