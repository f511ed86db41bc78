"""Watching a pool of connections: how many are at work, and the statements as spans."""

import time
from typing import Any

from sqlalchemy import Engine, event

from shared.telemetry import metrics, tracing

_STARTED = "patchbay_started"


def watch(engine: Engine, app: str) -> None:
    """Count the connections of `engine`, the database of `app`, that are at work, and tell of its statements."""
    in_use = metrics.connections_in_use.labels(app)
    event.listen(engine, "checkout", lambda *_: in_use.inc())
    event.listen(engine, "checkin", lambda *_: in_use.dec())
    if tracing.wanted():
        event.listen(engine, "before_cursor_execute", _begin)
        event.listen(engine, "after_cursor_execute", lambda *told: _end(app, *told))


def begin_anew(app: str, most: int) -> None:
    """Have a pool of this process counted, which may have so many connections; after a fork it is not its parent's."""
    metrics.connections_in_use.labels(app).set(0)
    metrics.connections_most.labels(app).set(most)


def _begin(connection: Any, cursor: object, statement: str, parameters: object, context: object, many: bool) -> None:
    connection.info[_STARTED] = time.time_ns()


def _end(
    app: str, connection: Any, cursor: object, statement: str, parameters: object, context: object, many: bool
) -> None:
    tracing.record_statement(app, statement, connection.info[_STARTED])
