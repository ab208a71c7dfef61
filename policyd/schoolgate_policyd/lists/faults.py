"""What may be wrong with a list that was read, and how that is said, with what stays."""

from schoolgate_policyd.lists.errors import ListError
from schoolgate_policyd.lists.records import Written
from schoolgate_policyd.lists.state import Good, State
from schoolgate_policyd.lists.subscription import Subscription


def faults_in(state: State) -> tuple[str, ...]:
    """Return a sentence for each list that is not as it should be."""
    return tuple(
        f"list {id_}: {each.fault}; {_what_stays(each.good)}"
        for id_, each in sorted(state.lists.items())
        if each.fault is not None
    )


def _what_stays(good: Good | None) -> str:
    if good is None:
        return "there is no version of it yet"
    return f"the version of {good.read_at:%d %B %Y} with {good.report.names:,} names stays"


def require_growth(
    subscription: Subscription, written: Written, before: Good | None, accept: frozenset[str]
) -> None:
    """Raise ListError for a list that is empty, or half as long as before or shorter."""
    if not written.names:
        raise ListError(f"no name is in it: is its format `{subscription.format}`?")
    if before is None or 2 * written.names > before.report.names:
        return
    if subscription.id in accept and not subscription.locked:
        return
    remedy = (
        "ask its publisher"
        if subscription.locked
        else f"if that is right, run `schoolgate lists update --accept {subscription.id}`"
    )
    raise ListError(f"it shrank from {before.report.names:,} names to {written.names:,}: {remedy}")
