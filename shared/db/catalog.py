"""Whether a database is as its last upgrade left it: then there is nothing to look for, and starting takes less time.

The upgrade leaves a note: the code that it was of, and a fingerprint of the catalog. Whatever is made, replaced or
dropped after it changes that fingerprint, whoever does it, and so does restoring a dump.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection

from shared.config import ROOT, folder_of

# The note is the comment of this column: no migration and no model knows of it.
_NOTE = "SELECT col_description(to_regclass('alembic_version'), 1)"
_FINGERPRINT = """
WITH here AS (SELECT oid FROM pg_namespace WHERE nspname = current_schema()), catalog (kind, oid, written) AS (
    SELECT 'table', oid, xmin FROM pg_class WHERE relnamespace IN (TABLE here)
    UNION ALL SELECT 'index', indexrelid, i.xmin FROM pg_index i JOIN pg_class ON pg_class.oid = indrelid
        WHERE relnamespace IN (TABLE here)
    UNION ALL SELECT 'function', oid, xmin FROM pg_proc WHERE pronamespace IN (TABLE here)
    UNION ALL SELECT 'trigger', t.oid, t.xmin FROM pg_trigger t WHERE NOT tgisinternal
    UNION ALL SELECT 'comment', objoid, xmin FROM pg_description
        WHERE classoid IN ('pg_proc'::regclass, 'pg_trigger'::regclass) AND objsubid = 0
    UNION ALL SELECT 'extension', oid, xmin FROM pg_extension
)
SELECT md5(concat_ws(' ',
    (SELECT string_agg(concat_ws(' ', kind, oid, written), ' ' ORDER BY kind, oid, written::text) FROM catalog),
    (SELECT string_agg(version_num, ' ') FROM alembic_version),
    current_setting('server_version_num'),
    (SELECT count(*) FROM pg_available_extensions)))
"""


def is_as_left(connection: Connection, app: str) -> bool:
    """Whether nothing was changed since this very code has upgraded the database of `app`."""
    note: str | None = connection.exec_driver_sql(_NOTE).scalar()
    return note is not None and note == _told(connection, app)


def note(connection: Connection, app: str) -> None:
    """To be called at the end of an upgrade that has left nothing to be done."""
    connection.exec_driver_sql(f"COMMENT ON COLUMN alembic_version.version_num IS '{_told(connection, app)}'")


def _told(connection: Connection, app: str) -> str:
    found = connection.exec_driver_sql(_FINGERPRINT).scalar()
    return f"upgraded: code {_code(app)}, catalog {found}"


def _code(app: str) -> str:
    """A digest of all that decides on the schema of `app`: its own sources, what is shared, and the libraries."""
    parts = _digest(ROOT / "shared", "**/*.py"), _digest(folder_of(app), "**/*.py"), _digest(ROOT, "requirements*.lock")
    return sha256(" ".join(parts).encode()).hexdigest()[:32]


@cache
def _digest(folder: Path, pattern: str) -> str:
    """Of the names and contents of files; it is asked for every app, and what they share is read once."""
    made = sha256()
    for path in sorted(folder.glob(pattern)):
        made.update(f"{path.relative_to(ROOT)} {path.stat().st_size}\n".encode() + path.read_bytes())
    return made.hexdigest()
