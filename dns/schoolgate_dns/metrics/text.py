"""
What is counted, for Prometheus, at `http://127.0.0.1:<dns.metrics_port>/metrics`.

Whoever counts keeps a plain number and adds what reads it here; it is read only when somebody
asks. No label names a client, a person or a host: whom a school's children are talking to is in
no metric. The text format is written here, since prometheus-client takes seven megabytes of each
worker's memory; the tests have it read what we write.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import structlog

from schoolgate_dns.metrics.histogram import Histogram

PREFIX: Final = "schoolgate_dns_"
# What a label may be called. Of none of them is a client's or a host's name the value.
LABELS: Final = frozenset(
    {"event", "kind", "outcome", "reason", "state", "transport", "upstream", "zone"}
)
MAX_SERIES: Final = 200

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")

Read = Callable[[], float | Mapping[tuple[str, ...], float]]
"""Returns one number, or one for each combination of labels' values."""

log = structlog.get_logger(__name__)


ReadHistograms = Callable[[], Mapping[tuple[str, ...], Histogram]]


class Metrics:
    """What is counted here, in the order in which it was added."""

    def __init__(self) -> None:
        self._read: dict[str, Callable[[], Iterable[str]]] = {}
        self._about: dict[str, tuple[str, str]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all of them."""
        return tuple(self._read)

    def add(self, name: str, about: str, read: Read, labels: tuple[str, ...] = ()) -> None:
        """
        Add the metric *name*, which is a sentence *about* something; *read* gives its value.

        A name that ends with `_total` only ever rises. With *labels* a mapping is read, from
        their values in this order. Raises ValueError for a name or label that may not be.
        """

        def lines() -> Iterator[str]:
            found = read()
            values: Mapping[tuple[str, ...], float]
            values = found if isinstance(found, Mapping) else {(): found}
            for key, value in _bounded(name, values):
                yield f"{PREFIX}{name}{_written(labels, key)} {_number(value)}"

        self._add(name, about, "counter" if name.endswith("_total") else "gauge", labels, lines)

    def add_histograms(
        self, name: str, about: str, read: ReadHistograms, labels: tuple[str, ...] = ()
    ) -> None:
        """Add the metric *name*, of which *read* gives a histogram for each labels' values."""

        def lines() -> Iterator[str]:
            for key, histogram in _bounded(name, read()):
                count = 0
                for bound, count in histogram.up_to():
                    within = _written((*labels, "le"), (*key, _number(bound)))
                    yield f"{PREFIX}{name}_bucket{within} {count}"
                yield f"{PREFIX}{name}_sum{_written(labels, key)} {_number(histogram.sum)}"
                yield f"{PREFIX}{name}_count{_written(labels, key)} {count}"

        self._add(name, about, "histogram", labels, lines)

    def text(self) -> str:
        """Return everything as it is now, in Prometheus' text format, version 0.0.4."""
        written: list[str] = []
        for name, lines in self._read.items():
            try:
                values = list(lines())
            except Exception:
                # One that cannot be read must not take all the others with it.
                log.exception("a metric cannot be read", metric=name)
                continue
            kind, about = self._about[name]
            written += [f"# HELP {PREFIX}{name} {about}", f"# TYPE {PREFIX}{name} {kind}", *values]
        return "\n".join(written) + "\n"

    def _add(
        self,
        name: str,
        about: str,
        kind: str,
        labels: tuple[str, ...],
        lines: Callable[[], Iterable[str]],
    ) -> None:
        if _NAME.fullmatch(name) is None or name in self._read or "\n" in about or "\\" in about:
            raise ValueError(f"no metric can be added as `{name}`")
        if not LABELS.issuperset(labels):
            raise ValueError(f"`{name}` has a label that metrics.LABELS does not name")
        self._read[name] = lines
        self._about[name] = (kind, about)


def _bounded[V](name: str, values: Mapping[tuple[str, ...], V]) -> list[tuple[tuple[str, ...], V]]:
    if len(values) > MAX_SERIES:
        raise ValueError(f"`{name}` has {len(values)} series, where {MAX_SERIES} are allowed")
    return list(values.items())


def _written(labels: tuple[str, ...], values: tuple[str, ...]) -> str:
    if not labels:
        return ""
    pairs = zip(labels, values, strict=True)
    return "{" + ",".join(f'{label}="{_escaped(value)}"' for label, value in pairs) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) else repr(float(value))
