"""What a holder remembers of its owners: how far it is, which database it knows, and what that one lost.

An owner's database has an incarnation, and everything it tells has a number. One that comes with another incarnation is
not the database whose objects are held here, though it may have objects with the same ids: those that are held are
marked as lost, and stand for nothing that it says, until theirs comes back.
"""

import logging
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Uuid, cast, delete, func, literal, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.references.owning import among
from shared.schema.contracts import CONTRACTS
from shared.schema.models import Record

OWNER, HOLDER = "owner", "holder"

log = logging.getLogger(__name__)


class Position(NamedTuple):
    """The highest number that an owner ever gave, the last delivery that was applied, and of which database."""

    position: int
    delivered: int
    incarnation: UUID | None


def owners(base: type[Record]) -> list[str]:
    """The services that this one refers to."""
    return sorted({CONTRACTS[model.label].owner for model in base.replicas()})


def replicas_of(base: type[Record], owner: str) -> list[type[Record]]:
    """The replicas of the types of `owner`, by label."""
    held = [model for model in base.replicas() if CONTRACTS[model.label].owner == owner]
    return sorted(held, key=lambda model: model.label)


def locked_position(session: Session, base: type[Record], owner: str) -> Position:
    """How far we are with `owner`, locked: to be taken before intents and replicas."""
    table = base.metadata.tables["reference_position"]
    statement = select(table.c.position, table.c.delivered, table.c.incarnation).where(table.c.owner == owner)
    if (row := session.execute(statement.with_for_update()).first()) is None:
        session.execute(postgresql.insert(table).values(owner=owner, position=0).on_conflict_do_nothing())
        row = session.execute(statement.with_for_update()).one()
    return Position(*row)


def advance(session: Session, base: type[Record], owner: str, position: int, delivered: int | None = None) -> None:
    """Remember a number that `owner` gave, and perhaps that it was a delivery, of which no older one is applied."""
    table = base.metadata.tables["reference_position"]
    new: JsonObject = {"position": func.greatest(table.c.position, position), "pulled": func.clock_timestamp()}
    if delivered is not None:
        new["delivered"] = delivered
    session.execute(update(table).where(table.c.owner == owner).values(new))


def note(session: Session, base: type[Record], owner: str, which: str) -> None:
    """Note that the owner, or this holder, has lost what the other remembers, until an audit has repaired it."""
    table = base.metadata.tables["reference_position"]
    session.execute(update(table).where(table.c.owner == owner).values(restored=which))
    log.error("the %s (%s) is behind what the other side remembers: see `patchbay audit`", which, owner)


def recognize(session: Session, base: type[Record], owner: str, incarnation: str) -> Position:
    """How far we are with the database of `owner` that is so called, locked. If it is another, ours is lost."""
    known, met = locked_position(session, base, owner), UUID(incarnation)
    if known.incarnation == met:
        return known
    table = base.metadata.tables["reference_position"]
    mine = update(table).where(table.c.owner == owner)
    if known.incarnation is None:
        session.execute(mine.values(incarnation=met))
        return known._replace(incarnation=met)
    for target in replicas_of(base, owner):
        _mark_lost(session, target, known.incarnation, met)
    session.execute(mine.values(incarnation=met, position=0, delivered=0))
    note(session, base, owner, OWNER)
    return Position(0, 0, met)


def _mark_lost(session: Session, target: type[Record], gone: UUID, met: UUID) -> None:
    """Marks replicas of the database that is `gone` as lost, and those of the one that is `met` as found again.

    Both must be claimed before a new reference. Nothing is marked of a complete type: all of it is fetched anew.
    """
    if CONTRACTS[target.label].complete:
        return
    table = target.metadata.tables["reference_lost"]
    held = select(literal(target.label), target.id, cast(literal(str(gone)), Uuid))
    statement = postgresql.insert(table).from_select(["label", "object_id", "incarnation"], held)
    session.execute(statement.on_conflict_do_nothing())
    session.execute(delete(table).where(table.c.label == target.label, table.c.incarnation == met))
    session.execute(update(target).values(released=True))


def lost(session: Session, target: type[Record], ids: Iterable[int]) -> set[int]:
    """Those of the replicas `ids` whose objects were in a database that their owner has no more."""
    table = target.metadata.tables["reference_lost"]
    mine = select(table.c.object_id).where(table.c.label == target.label, among(table.c.object_id, ids))
    return set(session.scalars(mine)) if ids else set()


def drop_lost(session: Session, target: type[Record], ids: set[int]) -> None:
    """Drop lost replicas to which nothing refers any more: their ids are free to stand for what the owner has."""
    table = target.metadata.tables["reference_lost"]
    mine = delete(table).where(table.c.label == target.label, among(table.c.object_id, ids))
    gone = list(session.scalars(mine.returning(table.c.object_id)))
    session.execute(delete(target).where(among(target.id, gone)))
