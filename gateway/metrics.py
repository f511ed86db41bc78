"""What the gateway counts: requests by app, method and status class, and how long they took."""

from prometheus_client import Counter, Gauge, Histogram

from shared.telemetry.metrics import BUCKETS, REGISTRY, method_label

_requests = Counter("patchbay_gateway_requests", "Requests answered", ("app", "method", "status"), registry=REGISTRY)
_seconds = Histogram("patchbay_gateway_seconds", "Time to the first byte", ("app",), buckets=BUCKETS, registry=REGISTRY)

_left_out = Gauge(
    "patchbay_gateway_copies_left_out",
    "Copies of a service that are not asked, as they do not answer",
    ("app",),
    multiprocess_mode="livemax",
    registry=REGISTRY,
)


def observe(app: str, method: str, status: int, seconds: float) -> None:
    """Count a request that was answered."""
    _requests.labels(app, method_label(method), f"{status // 100}xx").inc()
    _seconds.labels(app).observe(seconds)


def copies_left_out(app: str, more: int) -> None:
    """Count so many more copies of `app` as left out."""
    _left_out.labels(app).inc(more)
