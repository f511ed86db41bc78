"""The statements that are asked of a database, whoever writes them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from psycopg2 import extensions
from sqlalchemy import Engine, event


@contextmanager
def heard(engine: Engine, hear: Callable[[Any, Any], None]) -> Iterator[None]:
    """Within, `hear(statement, values)` is told of all that connections of `engine` are asked; they are closed then."""

    class Heard(extensions.cursor):
        def execute(self, query: Any, vars: Any = None) -> None:
            hear(query.decode() if isinstance(query, bytes) else query, vars)
            super().execute(query, vars)

    def taken(connection: Any, *_: object) -> None:
        connection.cursor_factory = Heard

    event.listen(engine, "checkout", taken)
    try:
        yield
    finally:
        engine.dispose()
