"""Snapshots of several databases at one moment, so that the services in a backup agree on their references."""

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ, connection

from stack.cli_error import CliError
from stack.databases import dsn

# Shorter than deadlock_timeout of PostgreSQL, so that a deadlock always ends the backup's try, never a client's write.
LOCK_MILLISECONDS = 400
ATTEMPTS = 100
LONGEST_PAUSE_SECONDS = 0.5
_TABLES = "SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') FROM pg_tables WHERE schemaname = 'public'"


@contextmanager
def of_one_moment(urls: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The names of snapshots of the databases `urls`, for pg_dump, while the block lasts.

    Writes are held back for the moment in which all are taken, reads never. Raises CliError.
    """
    with ExitStack() as opened:
        keeping = {name: opened.enter_context(_connected(url)) for name, url in urls.items()}
        for each in keeping.values():
            each.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
        with ExitStack() as briefly:
            _hold_writes([briefly.enter_context(_connected(url)) for url in urls.values()])
            snapshots = {name: _exported(each) for name, each in keeping.items()}
        yield snapshots


def _hold_writes(connections: list[connection]) -> None:
    """Locks the tables of all databases against writes; if one lock cannot be had, releases all and tries again."""
    for _ in range(ATTEMPTS):
        try:
            for each in connections:
                _lock(each)
            return
        except (psycopg2.errors.LockNotAvailable, psycopg2.errors.DeadlockDetected):
            for each in connections:
                each.rollback()
            time.sleep(random.uniform(0, LONGEST_PAUSE_SECONDS))
    raise CliError("there is no moment in which nothing long is written; try again later")


def _lock(database: connection) -> None:
    with database.cursor() as cursor:
        cursor.execute(_TABLES)
        (tables,) = cursor.fetchone() or (None,)
        if tables:
            cursor.execute(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}")
            cursor.execute(f"LOCK TABLE {tables} IN SHARE MODE")


def _exported(database: connection) -> str:
    with database.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        (name,) = cursor.fetchone() or ("",)
        return name


def _connected(url: str) -> closing[connection]:
    return closing(psycopg2.connect(dsn(url), connect_timeout=5, application_name="patchbay backup"))
