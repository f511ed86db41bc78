"""A commit that no standby has is not taken for done, whoever gives up waiting for it."""

from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from psycopg2 import extensions
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.config import with_driver
from shared.db import hang_detection
from shared.db.database import Database
from shared.http import budget
from stack import unprivileged
from tests.running import eventually, free_port
from tests.stack.own_postgresql import server


@pytest.fixture
def alone(make_stack, monkeypatch) -> Iterator[Database]:
    """A database whose commits wait for a synchronous standby that is away."""
    port = free_port()
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"

    def run(statement: str) -> tuple | None:
        with closing(psycopg2.connect(url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchone() if cursor.description else None

    with server(make_stack().home / "server", unprivileged.binaries(), port):
        run("CREATE TABLE written (word text)")
        run("ALTER SYSTEM SET synchronous_standby_names = 'away'")
        run("SELECT pg_reload_conf()")
        eventually(lambda: run("SHOW synchronous_standby_names") == ("away",), "commits wait for it")
        monkeypatch.setattr(hang_detection, "LONGEST_SILENCE_SECONDS", 3)
        hang_detection.detect_hangs()
        try:
            database = Database(with_driver(url))
            yield database
            database.engine.dispose()
        finally:
            extensions.set_wait_callback(None)


def test_a_commit_that_waits_for_a_standby_is_not_cancelled_into_success(alone: Database) -> None:
    with budget.limited(0.5), pytest.raises(DBAPIError) as failed:
        alone.run(lambda session: session.execute(text("INSERT INTO written VALUES ('lost with this server')")))
    assert isinstance(failed.value.orig, hang_detection.DatabaseHung)
