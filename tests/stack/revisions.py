"""Databases at the revision that another release has left them at."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2

from tests.running import Stack


def set_revision(stack: Stack, app: str, revision: str, needed: str | None) -> str:
    """Has the database of `app` say that it is at `revision`, and which one its code must know; where it was before."""
    url = stack.database_url(app).replace("+psycopg2", "")
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT version_num FROM alembic_version")
        ((before,),) = cursor.fetchall()
        cursor.execute("UPDATE alembic_version SET version_num = %s", (revision,))
        cursor.execute("COMMENT ON TABLE alembic_version IS %s", (needed,))
    return before


@contextmanager
def at_revision(stack: Stack, app: str, revision: str, needed: str | None) -> Iterator[None]:
    before = set_revision(stack, app, revision, needed)
    try:
        yield
    finally:
        set_revision(stack, app, before, None)
