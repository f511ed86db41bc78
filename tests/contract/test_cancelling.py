"""A statement ends with the request that it is for, and its connection can be used for the next one."""

import socket
import threading

import psycopg2
import pytest
from psycopg2 import extensions

from shared.db.hang_detection import detect_hangs
from shared.http import budget


@pytest.fixture
def connection(stack):
    detect_hangs()
    url = stack.database_url("dcim").replace("postgresql+psycopg2", "postgresql")
    made = psycopg2.connect(url)
    made.autocommit = True
    yield made
    made.close()
    extensions.set_wait_callback(None)


def test_a_statement_ends_with_the_budget(connection):
    with connection.cursor() as cursor:
        with budget.limited(0.2), pytest.raises(psycopg2.errors.QueryCanceled):
            cursor.execute("SELECT pg_sleep(600)")
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def test_a_statement_ends_when_its_caller_is_gone(connection):
    ours, callers = socket.socketpair()
    threading.Timer(0.2, callers.close).start()
    with ours, connection.cursor() as cursor:
        with budget.limited(600, ours), pytest.raises(psycopg2.errors.QueryCanceled):
            cursor.execute("SELECT pg_sleep(600)")
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
