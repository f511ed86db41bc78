"""Statements that are asked of psycopg2 itself fail as SQLAlchemy's do, and are told to traces without their values."""

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from psycopg2.extras import execute_batch
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from shared.db import driver, watching
from shared.telemetry import tracing
from tests.running import Stack


@pytest.fixture
def connection(stack: Stack) -> Iterator[Any]:
    engine = create_engine(stack.database_url("tenancy"), isolation_level="AUTOCOMMIT")
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def test_rows_come_as_psycopg2_has_them(connection: Any) -> None:
    assert driver.fetch(connection, "SELECT 1, %(text)s", {"text": "%"}) == [(1, "%")]
    assert driver.fetch(connection, "SET statement_timeout = 1000") == []


@pytest.mark.parametrize(
    ("statement", "error"), [("SELECT FROM nowhere", ProgrammingError), ("SELECT 1/0", DBAPIError)]
)
def test_a_mistake_is_an_error_of_sqlalchemy(connection: Any, statement: str, error: type[DBAPIError]) -> None:
    with pytest.raises(error) as raised:
        driver.fetch(connection, statement)
    assert raised.value.connection_invalidated is False
    assert driver.fetch(connection, "SELECT 1") == [(1,)]


def test_what_is_there_already_is_refused_as_such(connection: Any) -> None:
    driver.fetch(connection, "CREATE TEMPORARY TABLE once (name text PRIMARY KEY)")
    driver.fetch(connection, "INSERT INTO once VALUES (%s)", ("a",))
    with pytest.raises(IntegrityError) as raised:
        driver.fetch(connection, "INSERT INTO once VALUES (%s)", ("a",))
    assert isinstance(raised.value.orig, psycopg2.errors.UniqueViolation)


@pytest.mark.parametrize("closed_here", [True, False])
def test_a_connection_that_is_lost_is_replaced(connection: Any, closed_here: bool) -> None:
    before = connection.connection.dbapi_connection
    if closed_here:
        before.close()
    with pytest.raises(DBAPIError) as raised:
        driver.fetch(connection, "SELECT pg_terminate_backend(pg_backend_pid())")
    assert raised.value.connection_invalidated
    assert driver.fetch(connection, "SELECT 1") == [(1,)]
    assert connection.connection.dbapi_connection is not before


def test_no_value_is_told_to_a_trace(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(tracing, "wanted", lambda: True)
    monkeypatch.setattr(tracing, "record_statement", lambda app, statement, started: told.append(statement))
    connection = psycopg2.connect(
        stack.database_url("tenancy").replace("+psycopg2", ""), cursor_factory=watching.cursor_of("tenancy")
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT %s", ("hidden",))
        execute_batch(cursor, "SELECT %s", [("hidden",), ("hidden too",)])
    connection.close()
    assert told == ["SELECT %s", "SELECT"]
