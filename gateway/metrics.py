"""What the gateway counts: requests by app, method and status class, and how long they took."""

from prometheus_client import Counter, Histogram

from shared.telemetry.metrics import BUCKETS, REGISTRY, method_label

_requests = Counter("patchbay_gateway_requests", "Requests answered", ("app", "method", "status"), registry=REGISTRY)
_seconds = Histogram("patchbay_gateway_seconds", "Time to the first byte", ("app",), buckets=BUCKETS, registry=REGISTRY)


def observe(app: str, method: str, status: int, seconds: float) -> None:
    """Count a request that was answered."""
    _requests.labels(app, method_label(method), f"{status // 100}xx").inc()
    _seconds.labels(app).observe(seconds)
