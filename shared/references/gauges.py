"""What is going on between this service and the others, in numbers: read from the database at each scrape."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.references import progress
from shared.schema.models import Record

# Of what `progress` tells of each neighbour: (name there, name of the gauge, what it is).
OWNERS = (
    ("fetched", "feed_lag_seconds", "Since when this service has not heard of the owner: what it knows may be so old"),
    ("set_aside", "set_aside_entries", "Objects of which something that the owner told cannot be applied here"),
    ("findings", "audit_findings", "What the last audit found not to agree with the owner"),
    ("audit_age", "audit_age_seconds", "How long ago the last audit ended"),
)
HOLDERS = (
    ("changes", "outbox_entries", "Changes that the holder has yet to apply"),
    ("oldest", "outbox_oldest_seconds", "Age of the oldest change that the holder has yet to apply"),
)
# What waits here for this service itself. PostgreSQL keeps count of the claims, which may be millions, by itself.
_WAITING = """
SELECT (SELECT n_live_tup FROM pg_stat_user_tables WHERE relid = CAST('reference_claim' AS regclass)) AS claims,
       (SELECT count(*) FROM reference_intent) AS intents,
       (SELECT CAST(coalesce(extract(epoch FROM clock_timestamp() - min(created)), 0) AS float)
          FROM reference_intent) AS intents_oldest_seconds,
       (SELECT count(*) FROM activity_outbox) AS activity_entries,
       (SELECT CAST(coalesce(extract(epoch FROM clock_timestamp() - min(time)), 0) AS float)
          FROM activity_outbox) AS activity_oldest_seconds
"""
HERE = {
    "claims": "Objects that other services have claimed, about",
    "intents": "Claims whose answer has yet to be stored",
    "intents_oldest_seconds": "Age of the oldest claim whose answer has yet to be stored",
    "activity_entries": "Notes of recent activity that extras has yet to take",
    "activity_oldest_seconds": "Age of the oldest note that extras has yet to take",
}


def gauges(session: Session, base: type[Record]) -> Iterator[Metric]:
    """The gauges of the service of `base`."""
    told = progress.report(session, base)
    for facts in told["owners"].values():
        if facts["audited"]:
            facts["audit_age"] = (datetime.now(UTC) - facts["audited"]).total_seconds()
    yield from _by_neighbour(base.app, "owner", OWNERS, told["owners"])
    yield from _by_neighbour(base.app, "holder", HOLDERS, told["holders"])
    row: Any = session.execute(text(_WAITING)).one()
    for name, what in HERE.items():
        gauge = GaugeMetricFamily(f"patchbay_{name}", what, labels=["app"])
        gauge.add_metric([base.app], getattr(row, name) or 0)
        yield gauge


def _by_neighbour(
    app: str, label: str, known: tuple[tuple[str, str, str], ...], told: dict[str, JsonObject]
) -> Iterator[Metric]:
    """Those of the `known` gauges of which `told` has a number; where nothing waits the oldest has no age, hence 0."""
    for fact, name, what in known:
        gauge = GaugeMetricFamily(f"patchbay_{name}", what, labels=["app", label])
        for neighbour, facts in told.items():
            if fact in facts and (facts[fact] is not None or fact == "oldest"):
                gauge.add_metric([app, neighbour], facts[fact] or 0)
        yield gauge
