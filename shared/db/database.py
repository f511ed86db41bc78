"""The database of this process: one pool, short transactions, reads without any."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

import orjson
import psycopg2
from flask import current_app
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.orm import Session, sessionmaker

from shared.config import settings
from shared.db import watching
from shared.db.hang_detection import CONNECT_SECONDS, DatabaseHung, WatchedConnection
from shared.db.read_replica import ReadReplica
from shared.telemetry import metrics

LOCK_TIMEOUT_MS = 4000
STATEMENT_TIMEOUT_MS = 10000
# Longer than a transaction waits for other services: ends those of a process that was stopped.
IDLE_TRANSACTION_MS = 15000
# A read face joins a dozen tables by their keys, outwards from the rows of a page: there is no better order to search
# for, and the search took longer than the rows. What is prepared is prepared because its plan is always the same.
PLANNING = {"join_collapse_limit": "1", "plan_cache_mode": "force_generic_plan"}
# After a fail-over a server may be a standby that was the primary: what it shows is old, so libpq refuses it.
ONLY_PRIMARY = {"target_session_attrs": "primary"}

T = TypeVar("T")


class Database:
    """A pool of connections to one database; `url` may be empty for a process that only documents itself.

    Every transaction runs within `guard(session)`, which may refuse it. `on_disconnect` is called when a connection
    turned out to be broken: what is connected to next may be another database. `app` is whose database it is, and at
    `replica_url` a streaming replica of it, if there is one.
    """

    def __init__(
        self,
        url: str,
        guard: Callable[[Session], AbstractContextManager[object]] = nullcontext,
        on_disconnect: Callable[[], None] = lambda: None,
        app: str = "",
        replica_url: str = "",
    ) -> None:
        self._guard, self._on_disconnect, self._app = guard, on_disconnect, app
        self.engine = _engine(url, app, **ONLY_PRIMARY)
        self._replica = ReadReplica(_engine(replica_url, app)) if replica_url else None
        event.listen(self.engine, "invalidate", self._disconnected)
        event.listen(self.engine, "checkout", _replace_if_lost)
        watching.watch(self.engine, app)
        writing = self.engine.execution_options(isolation_level="READ COMMITTED")
        self._sessions = sessionmaker(writing, autoflush=False, expire_on_commit=False)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for statements that need no transaction."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def serving(self) -> Iterator[Connection]:
        """A connection to answer a GET with, that shows all that was committed before: of the replica, if it does."""
        if self._replica is not None and not self._replica.is_left_out:
            with self.reading() as connection:
                position = self._replica.position(connection)
            with self._replica.at(position) as caught_up:
                if caught_up is not None:
                    metrics.reads.labels(self._app, "replica").inc()
                    yield caught_up
                    return
        if self._replica is not None:
            metrics.reads.labels(self._app, "primary").inc()
        with self.reading() as connection:
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session whose work is committed once, at the end, or rolled back on any error."""
        with self._sessions() as session, session.begin(), self._guard(session):
            yield session

    def _disconnected(self, *_: object) -> None:
        self._on_disconnect()
        if self._replica is not None:
            self._replica.forget_primary()

    def run(self, work: Callable[[Session], T]) -> T:
        """The result of `work(session)`, committed; tried once more if it failed for a moment and changed nothing."""
        try:
            with self._sessions() as session, session.begin(), _before_commit(), self._guard(session):
                result = work(session)
                session.flush()
                return result
        except _NothingDone:
            pass
        with self.transaction() as session:
            return work(session)

    def forget_connections(self) -> None:
        """Called after a fork: the child must neither use nor close the connections of its parent."""
        self.engine.dispose(close=False)
        if self._replica is not None:
            self._replica.engine.dispose(close=False)
        watching.begin_anew(self._app, 2 * settings.database_pool)


def _engine(url: str, app: str, **asked: str) -> Engine:
    engine = create_engine(
        url or "postgresql+psycopg2://",
        isolation_level="AUTOCOMMIT",
        pool_size=settings.database_pool,
        max_overflow=settings.database_pool,
        pool_timeout=5,
        pool_use_lifo=True,
        enable_from_linting=False,
        # One statement of SQLAlchemy for many rows is not sent row by row.
        executemany_mode="values_plus_batch",
        # What is read of a column can be sent on, however long a number in it is.
        json_deserializer=orjson.loads,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "patchbay",
            "connection_factory": WatchedConnection,
            "cursor_factory": watching.cursor_of(app),
            **asked,
        },
    )
    event.listen(engine, "connect", _begin)
    return engine


def _begin(connection: psycopg2.extensions.connection, _: object) -> None:
    """What is so on each connection. It is said once it is there: a pooler takes no options of a start (PgBouncer)."""
    told = {
        "lock_timeout": LOCK_TIMEOUT_MS,
        "statement_timeout": STATEMENT_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": IDLE_TRANSACTION_MS,
        "timezone": "UTC",
        "jit": "off",
        **PLANNING,
    }
    with connection.cursor() as cursor:
        cursor.execute("; ".join(f"SET {name} = '{value}'" for name, value in told.items()))


def _replace_if_lost(connection: WatchedConnection, *_: object) -> None:
    """Replace all connections if the server has closed this one meanwhile, as when PostgreSQL was restarted."""
    if connection.is_lost:
        raise InvalidatePoolError


class _NothingDone(Exception):
    """A deadlock, or a connection that broke before anything was committed."""


@contextmanager
def _before_commit() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if was_closed(error) or isinstance(error.orig, psycopg2.errors.DeadlockDetected):
            raise _NothingDone from error
        raise


def may_be_repeated(error: DBAPIError) -> bool:
    """Whether a read that failed so may go well at once: its connection was closed, or a replica was in the way."""
    return was_closed(error) or isinstance(error.orig, psycopg2.errors.SerializationFailure)


def was_closed(error: DBAPIError) -> bool:
    """Whether the connection was closed during a statement, as by a restart of PostgreSQL: a new one may work."""
    return error.connection_invalidated and not isinstance(error.orig, DatabaseHung)


def database() -> Database:
    """The database of the current application."""
    found: Database = current_app.extensions["patchbay.database"]
    return found
