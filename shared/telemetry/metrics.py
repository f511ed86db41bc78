"""Metrics: what this process counts, and what is read anew at each scrape; all in the format of Prometheus.

The workers of a process share what they count in a folder (`PROMETHEUS_MULTIPROC_DIR`, which
stack/gunicorn_service.py sees to), so whichever is asked answers for all.

Labels have few values: apps, methods, statuses, and routes as they are declared. Never a path, a name or an id.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    generate_latest,
    multiprocess,
    values,
)
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30)
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})

# Where whatever this process counts is declared (`Counter(…, registry=REGISTRY)`).
REGISTRY = CollectorRegistry()

requests = Counter(
    "patchbay_requests", "Requests that a service answered", ("app", "method", "route", "status"), registry=REGISTRY
)
request_seconds = Histogram(
    "patchbay_request_seconds",
    "Time from request to reply",
    ("app", "method", "route"),
    buckets=BUCKETS,
    registry=REGISTRY,
)
lookups_degraded = Counter(
    "patchbay_lookups_degraded",
    "Lookups that left a part of a reply out, as the service that knows it did not answer",
    ("app", "service"),
    registry=REGISTRY,
)
connections_in_use = Gauge(
    "patchbay_database_connections_in_use",
    "Connections of the pool that are at work",
    ("app",),
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
connections_most = Gauge(
    "patchbay_database_connections_most",
    "Connections that the pools of all workers may have",
    ("app",),
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
reads = Counter(
    "patchbay_reads",
    "Requests that were answered from the replica, or from the primary although there is one",
    ("app", "source"),
    registry=REGISTRY,
)
database_busy = Counter(
    "patchbay_database_busy", "Requests for which no connection came free in time", ("app",), registry=REGISTRY
)


def method_label(method: str) -> str:
    """A method as a label: clients may invent any number of them."""
    return method if method in _METHODS else "other"


def observe(app: str, method: str, route: str, status: int, seconds: float) -> None:
    """Count a request that was answered."""
    counted, timed = _series(app, method_label(method), route, status)
    counted.inc()
    timed.observe(seconds)


@lru_cache(maxsize=4096)
def _series(app: str, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Looking them up by their labels takes longer than to count."""
    return requests.labels(app, method, route, str(status)), request_seconds.labels(app, method, route)


class _AtScrape(Collector):
    """What `read()` finds."""

    def __init__(self, read: Callable[[], Iterable[Metric]]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        yield from self._read()


class _OfApp(Collector):
    """What others tell of `app`, where a process serves several; of all if it is None."""

    def __init__(self, app: str | None, told: CollectorRegistry) -> None:
        self._app, self._told = app, told

    def collect(self) -> Iterator[Metric]:
        for metric in self._told.collect():
            if self._app is not None:
                metric.samples = [each for each in metric.samples if each.labels.get("app", self._app) == self._app]
            yield metric


_at_scrape: list[Collector] = []


def at_scrape(read: Callable[[], Iterable[Metric]]) -> None:
    """Have `read()` tell more at each scrape; it must not raise."""
    _at_scrape.append(_AtScrape(read))


def exposition(app: str | None = None) -> bytes:
    """All of it as text, or what tells of `app`; of all workers together when they share a folder, else of this one."""
    registry = CollectorRegistry()
    if values.ValueClass is values.MutexValue:
        registry.register(_AtScrape(REGISTRY.collect))
    else:
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    for collector in _at_scrape:
        registry.register(collector)
    told = CollectorRegistry(auto_describe=False)
    told.register(_OfApp(app, registry))
    return generate_latest(told)
