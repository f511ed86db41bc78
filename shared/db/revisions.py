"""Whether the code of this process can work on the schema that a database has.

The schema of a later release will do: a release takes nothing away that the one before needs. A migration that does
take something away says by `needed = "0007"` which revision code must know to work on what it leaves; the database
keeps that as the comment of `alembic_version` (shared/upgrading.py).
"""

from functools import cache

from sqlalchemy import Connection, text

from shared.config import folder_of

_HERE = "SELECT version_num, obj_description('alembic_version'\\:\\:regclass, 'pg_class') FROM alembic_version"


@cache
def known(app: str) -> list[str]:
    """The revisions of `app`, the oldest first: each file begins with its own."""
    versions = folder_of(app) / "migrations" / "versions"
    return sorted(path.name.split("_")[0] for path in versions.glob("[0-9]*.py"))


def unfit(connection: Connection, app: str) -> str | None:
    """Why the code that is running cannot work on this database, in one line; None if it can."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return f"the database of {app} was never migrated: ./patchbay migrate"
    row = connection.execute(text(_HERE)).first()
    here, needed = row if row else ("nothing", None)
    mine = known(app)
    if here in mine[:-1] or row is None:
        return f"the database of {app} is at {here}, and {mine[-1]} is needed: ./patchbay migrate"
    if here not in mine and needed not in (None, *mine):
        return f"the database of {app} is of a later release, which needs code that knows {needed}"
    return None
