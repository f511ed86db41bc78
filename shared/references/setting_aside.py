"""Setting aside: news of one object that cannot be applied here does not hold up the others.

For example, a name may be longer than the column of an older holder. All news is applied at once; only if that fails,
it is applied by halves, down to the objects that do not fit. These are noted, and claimed again from time to time
(`retry`).
"""

import logging
from collections.abc import Callable, Collection
from typing import TypeVar

from sqlalchemy import delete, func, literal, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import (
    CompileError,
    DataError,
    IntegrityError,
    InternalError,
    NotSupportedError,
    ProgrammingError,
)
from sqlalchemy.orm import Session

from shared.config import settings
from shared.db.database import database
from shared.http.errors import ServiceUnavailable
from shared.references.owning import among
from shared.schema.models import Record

T = TypeVar("T")
# Applies what was told of the objects with these ids.
Apply = Callable[[list[int]], None]
# How it is applied: (session, type, ids, apply).
How = Callable[[Session, type[Record], Collection[int], Apply], None]

# What is wrong with what was told; all other trouble is the database's, and passes.
_UNFIT = (
    *(CompileError, DataError, IntegrityError, InternalError, NotSupportedError, ProgrammingError),
    *(AttributeError, LookupError, TypeError, ValueError),
)
_REASON_LENGTH = 200
# In `session.info` of a transaction that set something aside.
SOME = "set aside"
MOST_TRIED = 500
# The longest pause between two tries, in turns of the follower.
_MOST_TURNS = 32

log = logging.getLogger(__name__)


def run(work: Callable[[Session, How], T]) -> T:
    """The result of `work(session, how)`, committed: what does not fit is set aside if it uses `how`."""
    try:
        return database().run(lambda session: work(session, _at_once))
    except _UNFIT as error:
        log.warning("what an owner told does not fit: %s", _line(error))
    return database().run(lambda session: work(session, _by_halves))


def _at_once(_session: Session, _target: type[Record], ids: Collection[int], apply: Apply) -> None:
    apply(sorted(ids))


def _by_halves(session: Session, target: type[Record], ids: Collection[int], apply: Apply) -> None:
    some = sorted(ids)
    try:
        with session.begin_nested():
            apply(some)
        return
    except _UNFIT as error:
        if len(some) == 1:
            _set_aside(session, target, some[0], _line(error))
            return
    for half in (some[: len(some) // 2], some[len(some) // 2 :]):
        _by_halves(session, target, half, apply)


def _set_aside(session: Session, target: type[Record], pk: int, reason: str) -> None:
    session.info[SOME] = True
    log.error("set aside: what its owner told of %s %d cannot be applied: %s", target.label, pk, reason)
    table = target.metadata.tables["reference_set_aside"]
    statement = postgresql.insert(table).values(label=target.label, object_id=pk, reason=reason)
    again = {"reason": reason, "tries": table.c.tries + 1, "tried": func.clock_timestamp()}
    session.execute(statement.on_conflict_do_update(index_elements=["label", "object_id"], set_=again))


def _line(error: BaseException) -> str:
    """The first line of what is wrong, without the values."""
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0][:_REASON_LENGTH]


def retry(base: type[Record], claim: Callable[[type[Record], set[int]], object]) -> None:
    """Claim again what is due, with longer pauses after each failure; what fits now is no longer set aside."""
    table = base.metadata.tables["reference_set_aside"]
    turns = func.least(func.power(2, table.c.tries - 1), _MOST_TURNS)
    age = func.extract("epoch", func.clock_timestamp() - table.c.tried)
    is_due = (age >= turns * settings.follow_seconds, table.c.label.in_(base.models))
    with database().reading() as connection:
        started = connection.scalar(select(func.clock_timestamp()))
        statement = select(table.c.label, table.c.object_id).where(*is_due).order_by(table.c.tried).limit(MOST_TRIED)
        found: dict[str, set[int]] = {}
        for label, pk in connection.execute(statement):
            found.setdefault(label, set()).add(pk)
    for label, ids in found.items():
        try:
            claim(base.model_of(label), ids)
        except ServiceUnavailable as down:
            log.info("trying %s again: %s", label, down)
            continue
        mine = (table.c.label == label, among(table.c.object_id, ids), table.c.tried < started)
        with database().transaction() as session:
            session.execute(delete(table).where(*mine))


def is_set_aside(base: type[Record], objects: dict[str, set[int]]) -> bool:
    """Whether any of the `objects` (`{label: ids}`) is."""
    table = base.metadata.tables["reference_set_aside"]
    with database().reading() as connection:
        return any(
            connection.scalar(select(literal(1)).where(table.c.label == label, among(table.c.object_id, ids)).limit(1))
            for label, ids in objects.items()
        )
