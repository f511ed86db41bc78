"""How a service is, for whoever watches it: alive, ready, and in numbers. These paths need no identity.

They tell of no object and of nobody: counts, ages, and the names of apps and routes.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from flask import Flask, Response
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from shared.config import version_of
from shared.db.database import database
from shared.db.revisions import unfit
from shared.db.server_version import unsupported
from shared.http import responses
from shared.http.errors import ServiceUnavailable
from shared.telemetry import metrics

# What a service tells of itself at a scrape, from its database: gauges, of which it gives the current values.
Gauges = Callable[[Session], Iterable[Metric]]
# However often it is scraped: the database is asked no more often than this.
STATE_SECONDS = 2.0

log = logging.getLogger(__name__)


def serve(app: Flask, name: str, gauges: Sequence[Gauges]) -> None:
    """Give `app`, the service `name`, the paths that are open to all."""

    @app.get("/healthz")
    def healthz() -> Response:
        return responses.json_response({"service": name, "status": "up", "version": version_of(name)})

    @app.get("/readyz")
    def readyz() -> Response:
        with database().reading() as connection:
            version = connection.scalar(text("SELECT current_setting('server_version_num')\\:\\:integer"))
            if (reason := unsupported(version)) is not None:
                raise ServiceUnavailable(f"{reason}.")
            if (reason := unfit(connection, name)) is not None:
                raise ServiceUnavailable(f"{reason}.")
        return responses.json_response({"service": name, "status": "ready"})

    @app.get("/metrics")
    def exposition() -> Response:
        return Response(metrics.exposition(name), content_type=metrics.CONTENT_TYPE)

    metrics.at_scrape(_State(app, name, gauges).read)


class _State:
    """What the database of a service says of it, read at most every few seconds by one thread for all."""

    def __init__(self, app: Flask, name: str, gauges: Sequence[Gauges]) -> None:
        self._app, self._name, self._gauges = app, name, gauges
        self._known: list[Metric] = []
        self._stale = float("-inf")
        self._lock = threading.Lock()

    def read(self) -> list[Metric]:
        with self._lock:
            if time.monotonic() >= self._stale:
                self._known = self._ask()
                self._stale = time.monotonic() + STATE_SECONDS
            return self._known

    def _ask(self) -> list[Metric]:
        up = GaugeMetricFamily("patchbay_database_up", "Whether the database answers", labels=["app"])
        try:
            with self._app.app_context(), database().transaction() as session:
                found = [metric for gauges in self._gauges for metric in gauges(session)]
        except (SQLAlchemyError, ServiceUnavailable) as error:
            log.warning("no state to be scraped: %s", type(error).__name__)
            found = []
        up.add_metric([self._name], bool(found))
        return [up, *found]
