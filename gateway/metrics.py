"""What the gateway counts: requests by app, method and status class, and how long they took."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess

from shared.config import settings

_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30)

_registry = CollectorRegistry()
_requests = Counter("patchbay_gateway_requests", "Requests answered", ("app", "method", "status"), registry=_registry)
_seconds = Histogram(
    "patchbay_gateway_seconds", "Time to the first byte", ("app",), buckets=_BUCKETS, registry=_registry
)


def observe(app: str, method: str, status: int, seconds: float) -> None:
    _requests.labels(app, method if method in _METHODS else "other", f"{status // 100}xx").inc()
    _seconds.labels(app).observe(seconds)


def exposition() -> bytes:
    """The Prometheus text; of all workers together when they share a metrics folder, else of this one."""
    registry = _registry
    if settings.metrics_folder:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry, settings.metrics_folder)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
