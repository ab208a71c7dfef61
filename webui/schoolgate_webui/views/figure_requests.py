"""Requests in figures: how many, how soon they are answered, and signs of blocking too much."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median

from schoolgate_policyd.workflow.requests import AccessRequest, State
from schoolgate_webui.views.charts import Series, columns
from schoolgate_webui.views.figure_tables import Table
from schoolgate_webui.views.moments import Now, in_words
from schoolgate_webui.views.spans import Span, SpanKind

_ANSWERS = frozenset({State.APPROVED, State.REFUSED, State.MEASURES_REFUSED})
_NOTHING = "–"


def answer_to(request: AccessRequest) -> tuple[State, datetime] | None:
    """Return the first answer to *request* and when it was given; None while there is none."""
    return next(((each.state, each.at) for each in request.steps if each.state in _ANSWERS), None)


def requests_over_time(requests: Iterable[AccessRequest], span: Span, now: Now) -> Table:
    """Return requests by when they were sent, their answers, and the median time to one."""
    sent = defaultdict[int, list[AccessRequest]](list)
    for each in requests:
        sent[span.stretch_of(now.recorded(each.submitted_at))].append(each)
    places = sorted(sent) if span.kind is SpanKind.DAY else range(len(span.stretches))
    names = [span.stretches[place] for place in places]
    lines = [_line(sent[place]) for place in places]
    whole = _line([each for some in sent.values() for each in some])
    title = "Requests"
    series = [
        Series("first", "Granted", tuple(line[1] for line in lines)),
        Series("second", "Refused", tuple(line[2] for line in lines)),
        Series("third", "No answer yet", tuple(line[0] - line[1] - line[2] for line in lines)),
    ]
    headings = (
        span.stretch_word,
        "Sent",
        "Granted",
        "Refused",
        "Share granted",
        "Median time to an answer",
    )
    rows = tuple((name, *_printed(line)) for name, line in zip(names, lines, strict=True))
    return Table(
        "requests",
        title,
        headings,
        (*rows, ("All", *_printed(whole))) if whole[0] else (),
        note="By when they were sent. An answer is the headteacher’s decision, or that the "
        "control measures were refused. Where many are granted, too much is blocked.",
        empty="Nobody asked in this time.",
        columns=columns("requests-chart", title, names, series, "Requests") if names else None,
    )


def asked_twice(requests: Iterable[AccessRequest]) -> Table:
    """Return the sites that were asked for more than once: they are blocked too much, perhaps."""
    times, granted = Counter[str](), Counter[str]()
    for each in requests:
        site = str(each.form.url.host)
        answer = answer_to(each)
        times[site] += 1
        granted[site] += 1 if answer is not None and answer[0] is State.APPROVED else 0
    rows = tuple((site, count, granted[site]) for site, count in times.most_common() if count > 1)
    return Table(
        "asked-twice",
        "Sites asked for more than once",
        ("Site", "Times asked", "Times granted"),
        rows,
        empty="No site was asked for more than once.",
    )


def _line(requests: list[AccessRequest]) -> tuple[int, int, int, list[timedelta]]:
    answers = [(each, answer) for each in requests if (answer := answer_to(each)) is not None]
    granted = sum(state is State.APPROVED for _, (state, _) in answers)
    waits = [at - each.submitted_at for each, (_, at) in answers]
    return len(requests), granted, len(answers) - granted, waits


def _printed(line: tuple[int, int, int, list[timedelta]]) -> tuple[int | str, ...]:
    sent, granted, refused, waits = line
    answered = granted + refused
    share = f"{round(100 * granted / answered)}%" if answered else _NOTHING
    wait = in_words(_median(waits)) if waits else _NOTHING
    return sent, granted, refused, share, wait


def _median(waits: list[timedelta]) -> timedelta:
    return timedelta(seconds=median(each.total_seconds() for each in waits))
