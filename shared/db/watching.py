"""Watching a pool of connections: how many are at work, and the statements as spans."""

import time
from typing import Any

from psycopg2 import extensions
from sqlalchemy import Engine, event

from shared.telemetry import metrics, tracing


def watch(engine: Engine, app: str) -> None:
    """Count the connections of `engine`, the database of `app`, that are at work."""
    in_use = metrics.connections_in_use.labels(app)
    event.listen(engine, "checkout", lambda *_: in_use.inc())
    event.listen(engine, "checkin", lambda *_: in_use.dec())


def begin_anew(app: str, most: int) -> None:
    """Have a pool of this process counted, which may have so many connections; after a fork it is not its parent's."""
    metrics.connections_in_use.labels(app).set(0)
    metrics.connections_most.labels(app).set(most)


def cursor_of(app: str) -> type[extensions.cursor]:
    """The kind of cursor that the connections of `app` have: where traces are wanted, it tells of its statements."""

    class Traced(extensions.cursor):
        def execute(self, query: Any, vars: Any = None) -> None:
            started = time.time_ns()
            super().execute(query, vars)
            # What SQLAlchemy sends for several rows at once is bytes, with the values in it.
            told = query.partition(b" ")[0].decode() if isinstance(query, bytes) else query
            tracing.record_statement(app, told, started)

    return Traced if tracing.wanted() else extensions.cursor
