"""Lists in parts: each part says where the next one is."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from fastapi import Request

from schoolgate_policyd.workflow.errors import InvalidForm, mistake_in
from schoolgate_webui.api.shapes import Page

_NOT_HERE = "There is no such number in this list."


def newest_of[S, T](
    request: Request,
    found: Sequence[S],
    shape: Callable[[S], T],
    *,
    number: Callable[[S], int],
    limit: int,
) -> Page[T]:
    """Return what was *found* where *limit* were asked for: as many say that there may be more."""
    rest = rest_of(request, found, number=number, limit=limit)
    return Page(items=[shape(each) for each in found], next=rest)


def rest_of[S](
    request: Request, found: Sequence[S], *, number: Callable[[S], int], limit: int
) -> str | None:
    """Return where a list goes on of which *limit* were asked for, and these were *found*."""
    return next_link(request, after=str(number(found[-1]))) if len(found) == limit else None


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
        raise not_in_list()
    shown = list(islice(rest, limit + 1))
    more = len(shown) > limit
    shown = shown[:limit]
    link = next_link(request, after=str(number(shown[-1]))) if more else None
    return Page(items=[shape(each) for each in shown], next=link)


def not_in_list() -> InvalidForm:
    """Return what is raised where a list has nothing of the number to go on after."""
    return mistake_in("after", _NOT_HERE)


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
