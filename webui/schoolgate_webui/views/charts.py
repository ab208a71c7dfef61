"""
Drawings of figures, made on the server: columns over time, and bars one beneath the other.

Widths are in per cent of whatever room there is and heights in pixels, so a drawing fits a
telephone without its letters shrinking. Colours come from the style sheet by class; series are
told apart by hatching too. The table beneath each says everything that it shows.
"""

from collections.abc import Iterator, Sequence

import msgspec

_HEIGHT = 200
_TOP = 12
_FOOT = 26
_ROOM = _HEIGHT - _TOP - _FOOT
_LEFT = 12.0  # per cent, for the numbers beside the lines
_FILLED = 0.72
_MAX_LABELS = 5
_BAR_STEP = 46
_STEPS = (1, 2, 5, 10)


class Series(msgspec.Struct, frozen=True):
    """What is drawn in one colour; *kind* names its class and hatching."""

    kind: str
    name: str
    values: tuple[int, ...]


class Box(msgspec.Struct, frozen=True):
    """A part of a column; *x* and *width* in per cent, *y* and *height* in pixels."""

    kind: str
    title: str
    x: str
    y: str
    width: str
    height: str


class Mark(msgspec.Struct, frozen=True):
    """A text, or a line with its number, at a place."""

    text: str
    x: str
    y: str


class Columns(msgspec.Struct, frozen=True):
    """Columns over time, the series stacked."""

    id: str
    title: str
    description: str
    height: int
    boxes: tuple[Box, ...]
    labels: tuple[Mark, ...]
    lines: tuple[Mark, ...]
    legend: tuple[Series, ...]


class Bar(msgspec.Struct, frozen=True):
    """A bar with its name above it; *width* in per cent."""

    name: str
    value: str
    width: str
    text_y: int
    y: int


class Bars(msgspec.Struct, frozen=True):
    """Bars one beneath the other, the longest first."""

    id: str
    title: str
    description: str
    height: int
    bars: tuple[Bar, ...]


def columns(
    id_: str, title: str, names: Sequence[str], series: Sequence[Series], unit: str
) -> Columns:
    """Return the drawing of *series*, each with a value for each of *names*."""
    totals = [sum(each.values[place] for each in series) for place in range(len(names))]
    top = ceiling(max(totals, default=0))
    step = (100 - _LEFT) / max(len(names), 1)
    every = -(-len(names) // _MAX_LABELS)
    return Columns(
        id_,
        title,
        _over_time(names, totals, unit),
        _HEIGHT,
        boxes=tuple(_boxes(names, series, top, step)),
        labels=tuple(
            Mark(name, f"{_LEFT + step * (place + 0.5):.2f}%", str(_HEIGHT - 8))
            for place, name in enumerate(names)
            if place % max(every, 1) == 0
        ),
        lines=tuple(
            Mark(_short(top * part // 2), "0", f"{_HEIGHT - _FOOT - _ROOM * part / 2:.1f}")
            for part in range(3)
            if top * part % 2 == 0
        ),
        legend=tuple(series) if len(series) > 1 else (),
    )


def _boxes(names: Sequence[str], series: Sequence[Series], top: int, step: float) -> Iterator[Box]:
    """Give what stands on one another at each of *names*, *step* apart, up to *top* at most."""
    for place, name in enumerate(names):
        base = float(_HEIGHT - _FOOT)
        for each in series:
            height = _ROOM * each.values[place] / top
            if height:
                base -= height
                yield Box(
                    each.kind,
                    f"{name}: {each.name} {each.values[place]:,}",
                    f"{_LEFT + step * (place + (1 - _FILLED) / 2):.2f}%",
                    f"{base:.1f}",
                    f"{step * _FILLED:.2f}%",
                    f"{height:.1f}",
                )


def bars(id_: str, title: str, values: Sequence[tuple[str, int]], unit: str) -> Bars:
    """Return the drawing of *values*, which have names, in their order."""
    most = max((value for _, value in values), default=0)
    drawn = tuple(
        Bar(
            name,
            f"{value:,}",
            f"{100 * value / most if most else 0:.2f}%",
            _BAR_STEP * place + 16,
            _BAR_STEP * place + 22,
        )
        for place, (name, value) in enumerate(values)
    )
    said = "; ".join(f"{name} {value:,}" for name, value in values) or "nothing"
    return Bars(id_, title, f"{unit}: {said}.", max(_BAR_STEP * len(values), 1), drawn)


def ceiling(value: int) -> int:
    """Return a round number that is not less than *value*, at least 2, for the topmost line."""
    if value <= _STEPS[1]:
        return _STEPS[1]
    size: int = 10 ** (len(str(value)) - 1)
    return next(step * size for step in (*_STEPS, 20) if step * size >= value)


def _short(value: int) -> str:
    """Return *value* so that it fits beside a line on a telephone: `12k`, `3M`."""
    for size, letter in ((10**6, "M"), (10**3, "k")):
        if value >= 10 * size or (value >= size and value % size == 0):
            return f"{value // size}{letter}" if value % size == 0 else f"{value / size:g}{letter}"
    return str(value)


def _over_time(names: Sequence[str], totals: Sequence[int], unit: str) -> str:
    if not any(totals):
        return f"{unit}: none."
    place = max(range(len(totals)), key=lambda each: totals[each])
    return f"{unit}: {sum(totals):,} in all, most in {names[place]} with {totals[place]:,}."
