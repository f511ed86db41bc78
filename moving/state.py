"""What an import has done so far, in a file of its own: which object became which, and what was being written.

Every step is written down before it is taken and after it was taken; a process that is killed in between leaves behind
what was being written, and under which key, so that it can be sent once more: it is done once.
"""

import fcntl
import hashlib
import os
import re
import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from moving.rows import Row, SourceId
from stack.cli_error import CliError

SCHEMA = """
CREATE TABLE IF NOT EXISTS done (label TEXT, source TEXT, target INTEGER, print TEXT, run INTEGER,
    PRIMARY KEY (label, source)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending (number INTEGER PRIMARY KEY, path TEXT, source TEXT, print TEXT, body TEXT,
    later INTEGER);
CREATE TABLE IF NOT EXISTS later (number INTEGER PRIMARY KEY, path TEXT, source TEXT, body TEXT,
    UNIQUE (path, source));
CREATE TABLE IF NOT EXISTS fetched (path TEXT, id INTEGER, face TEXT, PRIMARY KEY (path, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Sending:
    """A row that is about to be created, with the body that is sent; `later` says that a part of it has to wait."""

    row: Row
    sent: dict[str, Any]
    later: bool


def place(folder: Path, source: str) -> Path:
    """Where the state of imports from `source` is kept below a data folder: a readable name that no other has."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", source).strip("-")[-40:]
    return folder / "imports" / f"{readable}-{hashlib.sha256(source.encode()).hexdigest()[:8]}.sqlite"


class State:
    """The state in the file `path`; `:memory:` is forgotten."""

    def __init__(self, path: Path | str) -> None:
        if isinstance(path, Path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            self._keep_others_out()
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA secure_delete=ON")  # secrets pass through here, readable
        self._db.executescript(SCHEMA)
        self.run = int(self.fact("run") or 0) + 1

    def _keep_others_out(self) -> None:
        """Until this process ends. Raises CliError."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CliError("another import from this source is at work") from error

    def copy(self) -> "State":
        """The same, in memory: what is written down there is forgotten."""
        made = State(":memory:")
        self._db.backup(made._db)
        made.run = self.run
        return made

    def close(self) -> None:
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._db.close()

    @contextmanager
    def step(self) -> Iterator[None]:
        """All that is written down within is written down together."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def fact(self, name: str) -> str | None:
        found = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return found[0] if found else None

    def keep_fact(self, name: str, value: object) -> None:
        self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, str(value)))

    # --- objects that are there --------------------------------------------------------------------------------------

    def target(self, label: str, source: SourceId) -> int | None:
        """The id here of an object of the source."""
        return self.known(label, source)[0]

    def known(self, label: str, source: SourceId) -> tuple[int | None, str | None]:
        """Its id here, and the fingerprint of the row that it was made of."""
        query = "SELECT target, print FROM done WHERE label = ? AND source = ?"
        return self._db.execute(query, (label, _key(source))).fetchone() or (None, None)

    def keep(self, label: str, row: Row, target: int) -> None:
        """`row` is the object `target` now."""
        entry = (label, _key(row.id), target, row.print, self.run)
        self._db.execute("INSERT OR REPLACE INTO done VALUES (?, ?, ?, ?, ?)", entry)

    def seen(self, label: str, sources: Iterable[SourceId]) -> None:
        """The source still has these."""
        entries = [(self.run, label, _key(source)) for source in sources]
        self._db.executemany("UPDATE done SET run = ? WHERE label = ? AND source = ?", entries)

    def forget(self, label: str, source: SourceId) -> None:
        self._db.execute("DELETE FROM done WHERE label = ? AND source = ?", (label, _key(source)))

    def greatest(self, label: str) -> int:
        """The greatest id here of what was made of the source, or 0."""
        return self._db.execute("SELECT max(target) FROM done WHERE label = ?", (label,)).fetchone()[0] or 0

    def gone(self) -> dict[str, int]:
        """How many objects of each type the source had in an earlier run, and has no more."""
        query = "SELECT label, count(*) FROM done WHERE run < ? GROUP BY label ORDER BY label"
        return dict(self._db.execute(query, (self.run,)).fetchall())

    # --- what is being written ---------------------------------------------------------------------------------------

    def begin(self, sendings: list[Sending]) -> str:
        """These are about to be created, in one request; the key by which it is done once."""
        key = uuid.uuid4().hex
        with self.step():
            self._db.execute("DELETE FROM pending")
            self.keep_fact("begun", time.time())
            self.keep_fact("key", key)
            self._db.executemany(
                "INSERT INTO pending (path, source, print, body, later) VALUES (?, ?, ?, ?, ?)",
                [(s.row.path, _key(s.row.id), _packed(s.row.body), _packed(s.sent), s.later) for s in sendings],
            )
        return key

    def unfinished(self) -> list[Sending]:
        """What was about to be created when all ended, in its order, with the key that is the fact `key`."""
        found = self._db.execute("SELECT path, source, print, body, later FROM pending ORDER BY number").fetchall()
        return [
            Sending(Row(path, orjson.loads(source), orjson.loads(body)), orjson.loads(sent), bool(later))
            for path, source, body, sent, later in found
        ]

    def end(self) -> None:
        self._db.execute("DELETE FROM pending")

    # --- what has to wait --------------------------------------------------------------------------------------------

    def wait(self, row: Row) -> None:
        """`row` is there, but for references to what is not there yet."""
        entry = (row.path, _key(row.id), _packed(row.body))
        self._db.execute("INSERT OR REPLACE INTO later (path, source, body) VALUES (?, ?, ?)", entry)

    def waiting(self) -> list[Row]:
        found = self._db.execute("SELECT path, source, body FROM later ORDER BY number").fetchall()
        return [Row(path, orjson.loads(source), orjson.loads(body)) for path, source, body in found]

    def settle(self, row: Row) -> None:
        self._db.execute("DELETE FROM later WHERE path = ? AND source = ?", (row.path, _key(row.id)))

    # --- what was read of a source that others may write to -----------------------------------------------------------

    def fetch(self, path: str, faces: list[dict[str, Any]]) -> None:
        entries = [(path, face["id"], _packed(face)) for face in faces]
        self._db.executemany("INSERT OR REPLACE INTO fetched VALUES (?, ?, ?)", entries)

    def forget_fetched(self) -> None:
        self._db.execute("DELETE FROM fetched")

    def fetched(self, path: str) -> Iterator[dict[str, Any]]:
        """The faces of a list, in the order of ids."""
        with closing(self._db.execute("SELECT face FROM fetched WHERE path = ? ORDER BY id", (path,))) as found:
            for (face,) in found:
                yield orjson.loads(face)

    def fetched_paths(self) -> list[str]:
        return [path for (path,) in self._db.execute("SELECT DISTINCT path FROM fetched ORDER BY path")]

    def count_fetched(self, path: str) -> int:
        return int(self._db.execute("SELECT count(*) FROM fetched WHERE path = ?", (path,)).fetchone()[0])


def _key(source: SourceId) -> str:
    """Ids are numbers or texts: as JSON they stay apart."""
    return _packed(source)


def _packed(value: Any) -> str:
    return orjson.dumps(value).decode()
