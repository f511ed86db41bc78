"""The past: whether this database still has all that it ever acknowledged, asked before a write is answered.

What was told to others has a number, and they remember the highest. A process asks them once it starts, and again when
its connections broke or its database is behind what the process itself knows: a database that came back from a backup,
or was made anew, is then found to have lost its past. Its ids then go on after the highest that anybody knows, and
whoever holds something of it claims it anew, before anything is written.

A service that does not answer is not waited for if the database is where it was when all agreed last: then it was not
restored, unless somebody put back the files of a server.
"""

import logging
import threading
import time
from typing import NamedTuple

import orjson
from flask import current_app
from sqlalchemy import Connection, select, text, update
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.db import timelines
from shared.db.advisory_locks import AdvisoryLock
from shared.db.database import database
from shared.http.errors import ServiceUnavailable
from shared.references import client, history, owning
from shared.references.triggers import PUBLISHED
from shared.schema.models import Record

SECONDS = 2.0
# Writers that come meanwhile are not held up by asking again for each of them.
AGAIN_SECONDS = 0.5

_WRITTEN = f"""
nullif(current_setting('{PUBLISHED}', true), ''), (SELECT last_value FROM reference_outbox_id_seq),
(SELECT CAST(id AS text) FROM reference_incarnation)
"""
_FINGERPRINT = f"""
SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
{timelines.WRITTEN},
(SELECT oid FROM pg_database WHERE datname = current_database()), CAST(CAST('reference_claim' AS regclass) AS oid))
"""

log = logging.getLogger(__name__)


class Known(NamedTuple):
    """What a database says of itself: which it is, and the highest number it gave."""

    incarnation: str
    position: int


class InDoubt(Exception):
    """The database may have lost something since the process asked."""


class Publication(NamedTuple):
    """What a transaction is about to commit: the first entry for each holder, and where the database then is."""

    entries: dict[str, int]
    known: Known


class Past:
    """What a process knows of its database; `known` is None while that is in doubt."""

    def __init__(self) -> None:
        self.known: Known | None = None
        self.asking = threading.Lock()
        self.asked_in_vain = float("-inf")

    def doubt(self) -> None:
        self.known = None

    def remember(self, known: Known) -> None:
        """Called after a commit: remembers how far the database is now."""
        if self.known and self.known.position < known.position:
            self.known = known


def past() -> Past:
    mine: Past = current_app.extensions["patchbay.past"]
    return mine


def written(session: Session) -> Publication:
    """To be asked at the end of a transaction that writes, of which it notes the history. Raises InDoubt."""
    session.flush()
    told, position, incarnation = history.noted(session, _WRITTEN)
    here, known = Known(incarnation, position), past().known
    if known is None or known.incarnation != incarnation or position < known.position:
        past().doubt()
        raise InDoubt
    return Publication(orjson.loads(told) if told else {}, here)


def look(base: type[Record]) -> None:
    """Ask before a write has to wait for it. Raises ServiceDown: whoever writes then asks again."""
    mine = past()
    with mine.asking:
        mine.known = mine.known or _ask(base)


def require(base: type[Record]) -> None:
    """Ensures, before a write, that the database has lost nothing, or repairs it. Raises ServiceUnavailable."""
    mine = past()
    if mine.known:
        return
    with mine.asking:
        if mine.known is None:
            if time.monotonic() < mine.asked_in_vain + AGAIN_SECONDS:
                raise ServiceUnavailable("Whether the database has lost something is not known yet.")
            try:
                mine.known = _ask(base)
            except client.ServiceDown as down:
                mine.asked_in_vain = time.monotonic()
                raise ServiceUnavailable(f"{down} What it knows of a lost past is needed first.") from down


def _ask(base: type[Record]) -> Known:
    with database().reading() as connection:
        known = _here(connection)
        fingerprint = connection.scalar(text(_FINGERPRINT))
        agreed = connection.scalar(select(base.metadata.tables["reference_incarnation"].c.fingerprint))
    answers = client.call_all({holder: ("memories", {}) for holder in owning.holders(base)}, SECONDS)
    silent = [holder for holder, answer in answers.items() if isinstance(answer, client.ServiceDown)]
    for holder, answer in answers.items():
        if holder not in silent and _lost(known, answer) and (answer := _confirmed(holder)):
            log.error("%s is behind what %s remembers of it: see `patchbay audit`", base.app, holder)
            _recover(base, known, holder, answer)
    if fingerprint != agreed:
        if silent:
            raise client.ServiceDown(silent[0])
        table = base.metadata.tables["reference_incarnation"]
        database().run(lambda session: session.execute(update(table).values(fingerprint=fingerprint)))
    with database().reading() as connection:
        return _here(connection)


def _confirmed(holder: str) -> JsonObject | None:
    """What `holder` remembers, if that is more than we know while no number is given out. Raises ServiceDown.

    Without that lock another process may have told the holder of new numbers between our look and its answer.
    """
    with database().transaction() as session:
        session.execute(AdvisoryLock.REFERENCE_NUMBERS.held())
        answer = client.call(holder, "memories", {}, SECONDS)
        return answer if _lost(_here(session.connection()), answer) else None


def _here(connection: Connection) -> Known:
    incarnation = connection.scalar(text("SELECT CAST(id AS text) FROM reference_incarnation"))
    return Known(incarnation, connection.scalar(text("SELECT last_value FROM reference_outbox_id_seq")))


def _lost(known: Known, remembered: JsonObject) -> bool:
    other = remembered["incarnation"] not in (None, known.incarnation)
    return other or remembered["position"] > known.position


def _recover(base: type[Record], known: Known, holder: str, remembered: JsonObject) -> None:
    """Give out no id and no number that `holder` has seen, then have it claim anew. Raises ServiceDown."""
    with database().transaction() as session:
        _skip(session, "reference_outbox", remembered["position"])
        for label, highest in remembered["highest"].items():
            if label in base.models:
                _skip(session, base.models[label].__tablename__, highest)
    after, going_on = None, True
    while going_on:
        after = client.call(holder, "recoveries", {"incarnation": known.incarnation, "after": after})["after"]
        going_on = after is not None


def _skip(session: Session, table: str, highest: int) -> None:
    """Have the ids of `table` go on after `highest`."""
    ids = "pg_get_serial_sequence(:table, 'id')"
    statement = text(f"SELECT setval({ids}, greatest(:highest, nextval({ids})))")
    session.execute(statement, {"table": table, "highest": highest})


def compare(base: type[Record], holder: str, position: int, incarnation: str | None) -> None:
    """`holder` says how far we were: if that is further than we are, it is looked into before the next write."""
    with database().reading() as connection:
        known = _here(connection)
    if _lost(known, {"position": position, "incarnation": incarnation}):
        log.error("%s is behind what %s remembers of it", base.app, holder)
        past().doubt()
