"""How many deliveries wait, and since when, for whoever watches the service."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text
from sqlalchemy.orm import Session

_WAITING = text(
    "SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(d.created)), 0)::float"
    " FROM extras_webhookdelivery AS d JOIN extras_webhook AS w ON w.id = d.webhook_id AND w.enabled WHERE d.status = 1"
)
_FAILING = text("SELECT count(*) FROM extras_webhook WHERE enabled AND failing_since IS NOT NULL")
_FAILED = text("SELECT count(*) FROM extras_webhookdelivery WHERE status = 3")


def gauges(session: Session) -> Iterator[Metric]:
    """What waits for receivers, and what was given up."""
    entries, oldest = session.execute(_WAITING).one()
    for name, what, value in (
        ("webhook_deliveries", "Deliveries of webhooks that wait", entries),
        ("webhook_deliveries_oldest_seconds", "Age of the oldest delivery that waits", oldest),
        ("webhook_deliveries_failed", "Deliveries of webhooks that were set aside", session.scalar(_FAILED)),
        ("webhook_receivers_failing", "Webhooks whose receiver does not answer", session.scalar(_FAILING)),
    ):
        gauge = GaugeMetricFamily(f"patchbay_{name}", what, labels=["app"])
        gauge.add_metric(["extras"], value or 0)
        yield gauge
