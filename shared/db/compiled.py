"""Statements that are compiled once, and asked with other values each time.

SQLAlchemy keeps what it compiled, too, but finds it by walking through a statement, which has to be built for that.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import psycopg2

from shared.db.driver import fetch
from shared.db.prepared import AnySelect

_DIALECT = psycopg2.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy has no types here


class Compiled:
    """`statement` as text with named parameters.

    Its rows come as psycopg2 has them, so it selects what needs no reading: numbers, texts.
    """

    def __init__(self, statement: AnySelect) -> None:
        made = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        self.text, self._constants = str(made), dict(made.params)
        processors = {
            name: bind.type.dialect_impl(_DIALECT).bind_processor(_DIALECT) for name, bind in made.binds.items()
        }
        self._processors = {name: process for name, process in processors.items() if process is not None}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """What the statement finds, its parameters being `values`."""
        given = {**self._constants, **values}
        for name, process in self._processors.items():
            given[name] = process(given[name])
        return fetch(connection, self.text, given)
