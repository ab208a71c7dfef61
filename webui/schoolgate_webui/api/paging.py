"""Lists in parts: each part says where the next one is."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from fastapi import Request

from schoolgate_policyd.workflow.errors import FieldMistake, InvalidForm
from schoolgate_webui.api.shapes import Page


def part_of[S, T](
    request: Request,
    found: Iterable[S],
    shape: Callable[[S], T],
    *,
    number: Callable[[S], int],
    after: int | None,
    limit: int,
) -> Page[T]:
    """
    Return at most *limit* of what was *found*, those after the one numbered *after*.

    Raises InvalidForm where *after* is none of them: an empty part would look like the end.
    """
    rest = iter(found)
    if after is not None and not any(number(each) == after for each in rest):
        raise InvalidForm((FieldMistake("after", "There is no such number in this list."),), {})
    shown = list(islice(rest, limit + 1))
    more = len(shown) > limit
    shown = shown[:limit]
    link = next_link(request, after=str(number(shown[-1]))) if more else None
    return Page(items=[shape(each) for each in shown], next=link)


def skipped[S, T](
    request: Request,
    found: Sequence[S],
    shape: Callable[[S], T],
    *,
    count: int,
    skip: int,
) -> Page[T]:
    """Return what was *found* after *skip* of *count*."""
    reached = skip + len(found)
    link = next_link(request, skip=str(reached)) if found and reached < count else None
    return Page(items=[shape(each) for each in found], next=link)


def next_link(request: Request, **change: str) -> str:
    """Return the address of *request* with *change* in its query."""
    url = request.url.include_query_params(**change)
    return f"{url.path}?{url.query}"
