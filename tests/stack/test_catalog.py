"""Upgrading looks for nothing where nothing was changed, and mends whatever anybody has changed since."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, NullPool, create_engine

from shared.db import catalog
from shared.upgrading import upgrade
from tests.running import Stack
from tests.stack.revisions import set_revision

APP = "tenancy"
# Each leaves the database without something that this release gave it.
HARM = {
    "trigger": "DROP TRIGGER history_changed ON tenancy_tenant",
    "function": "DROP FUNCTION history_note_tenancy_tenant CASCADE",
    "definition": "COMMENT ON TRIGGER history_changed ON tenancy_tenant IS 'of another release'",
    "index": "DROP INDEX ix_tenancy_tenant_group_id",
}
OURS = {
    "triggers": "SELECT tgrelid::regclass::text || '.' || tgname || ' ' || obj_description(oid, 'pg_trigger')"
    " FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace",
    "indexes": "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()",
}


@pytest.fixture(scope="module")
def upgraded(make_stack) -> Stack:
    """A stack of its own; it runs, as an upgrade may find it."""
    stack: Stack = make_stack().start()
    return stack


@contextmanager
def connected(stack: Stack) -> Iterator[Connection]:
    engine = create_engine(stack.database_url(APP), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def everything(connection: Connection) -> dict[str, set[str]]:
    return {what: set(connection.exec_driver_sql(sql).scalars()) for what, sql in OURS.items()}


def test_what_was_just_made_is_as_it_was_left(upgraded: Stack) -> None:
    with connected(upgraded) as connection:
        assert catalog.is_as_left(connection, APP)
        connection.exec_driver_sql("ANALYZE")
        assert catalog.is_as_left(connection, APP)


@pytest.mark.parametrize("harm", HARM)
def test_what_was_changed_since_is_mended(upgraded: Stack, harm: str) -> None:
    with connected(upgraded) as connection:
        before = everything(connection)
        connection.exec_driver_sql(HARM[harm])
        assert everything(connection) != before
        assert not catalog.is_as_left(connection, APP)
        told: list[str] = []
        upgrade(APP, upgraded.database_url(APP), told.append)
        assert told
        assert everything(connection) == before
        assert catalog.is_as_left(connection, APP)


def test_a_database_at_another_revision_is_looked_at(upgraded: Stack) -> None:
    before = set_revision(upgraded, APP, "9999", None)
    with connected(upgraded) as connection:
        assert not catalog.is_as_left(connection, APP)
        set_revision(upgraded, APP, before, None)
        assert catalog.is_as_left(connection, APP)


def test_what_other_code_has_left_is_looked_at(upgraded: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    with connected(upgraded) as connection:
        monkeypatch.setattr(catalog, "_code", lambda app: "of another release")
        assert not catalog.is_as_left(connection, APP)
